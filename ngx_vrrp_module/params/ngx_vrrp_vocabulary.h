
/*
 * Words "name=value" after a directive: a table says which there are, who may
 * have them, and which values are right.
 */


#ifndef _NGX_VRRP_VOCABULARY_H_INCLUDED_
#define _NGX_VRRP_VOCABULARY_H_INCLUDED_


#include "ngx_vrrp_values.h"


typedef struct ngx_vrrp_word_s  ngx_vrrp_word_t;

typedef ngx_int_t (*ngx_vrrp_word_pt)(void *values, ngx_vrrp_word_t *word,
    ngx_str_t *value);

typedef ngx_uint_t (*ngx_vrrp_valid_pt)(ngx_str_t *value);

struct ngx_vrrp_word_s {
    ngx_str_t            name;           /* with its "=", if it has one */
    ngx_uint_t           owners;
    ngx_uint_t           offset;         /* in the structure of values */

    /* a number, or a text, or whatever set() makes of it */
    ngx_vrrp_bounds_t    bounds;
    ngx_vrrp_valid_pt    valid;
    ngx_vrrp_word_pt     set;
};


/* a bit, and how messages call who has it */

typedef struct {
    ngx_uint_t           owner;
    const char          *name;
} ngx_vrrp_owner_t;


/* both end with an entry of nothing; messages list words in their order */

typedef struct {
    ngx_vrrp_word_t     *words;
    ngx_vrrp_owner_t    *owners;
} ngx_vrrp_vocabulary_t;


#define ngx_vrrp_word_number(type, field, parse, low, high, expected)         \
    offsetof(type, field),                                                    \
    { parse, low, high, 0, expected }, NULL, NULL

#define ngx_vrrp_word_text(type, field, valid, expected)                      \
    offsetof(type, field),                                                    \
    { NULL, 0, 0, 0, expected }, valid, NULL

#define ngx_vrrp_word_flag(type, field)                                       \
    offsetof(type, field),                                                    \
    { NULL, 0, 0, 0, NULL }, NULL, NULL

#define ngx_vrrp_word_any(type, field, set, expected)                         \
    offsetof(type, field),                                                    \
    { NULL, 0, 0, 0, expected }, NULL, set

#define ngx_vrrp_last_word                                                    \
    { ngx_null_string, 0, 0, { NULL, 0, 0, 0, NULL }, NULL, NULL }


/* ngx_vrrp_vocabulary.c */

/*
 * The words of this owner; values has been zeroed.  Numbers that were not
 * given are NGX_CONF_UNSET, texts are empty.  An error has been logged.
 */
char *ngx_vrrp_vocabulary_read(ngx_conf_t *cf,
    ngx_vrrp_vocabulary_t *vocabulary, ngx_uint_t owner, void *values,
    ngx_str_t *args, ngx_uint_t nargs);

/* as it is written: "vrrp_check tcp" */
const char *ngx_vrrp_vocabulary_owner(ngx_vrrp_vocabulary_t *vocabulary,
    ngx_uint_t owner);

/* ngx_vrrp_word_values.c */

ngx_uint_t ngx_vrrp_valid_text(ngx_str_t *value);
ngx_uint_t ngx_vrrp_valid_printable(ngx_str_t *value);
ngx_uint_t ngx_vrrp_valid_line(ngx_str_t *value);
ngx_uint_t ngx_vrrp_valid_uri(ngx_str_t *value);
ngx_uint_t ngx_vrrp_valid_host(ngx_str_t *value);
ngx_uint_t ngx_vrrp_valid_method(ngx_str_t *value);
ngx_uint_t ngx_vrrp_valid_sni(ngx_str_t *value);
ngx_uint_t ngx_vrrp_valid_mailbox(ngx_str_t *value);
ngx_uint_t ngx_vrrp_valid_mailboxes(ngx_str_t *value);


#endif /* _NGX_VRRP_VOCABULARY_H_INCLUDED_ */
