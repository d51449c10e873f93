
/*
 * Parameters "name=value" of directives: a table has their names, the
 * directives that support them, and the valid values.
 */


#ifndef _NGX_VRRP_PARAMS_H_INCLUDED_
#define _NGX_VRRP_PARAMS_H_INCLUDED_


#include "ngx_vrrp_values.h"


typedef struct ngx_vrrp_param_s  ngx_vrrp_param_t;

typedef ngx_int_t (*ngx_vrrp_param_pt)(void *values, ngx_vrrp_param_t *param,
    ngx_str_t *value);

typedef ngx_uint_t (*ngx_vrrp_valid_pt)(ngx_str_t *value);

struct ngx_vrrp_param_s {
    ngx_str_t            name;           /* with its "=", if it has one */
    ngx_uint_t           directives;     /* that support it: their bits */
    ngx_uint_t           offset;         /* in the structure of values */

    /* a number, or a text, or whatever set() makes of it */
    ngx_vrrp_bounds_t    bounds;
    ngx_vrrp_valid_pt    valid;
    ngx_vrrp_param_pt    set;
};


/* its bit, and its name in messages: "vrrp_check tcp" */

typedef struct {
    ngx_uint_t           directive;
    const char          *name;
} ngx_vrrp_directive_t;


/* both end with an empty entry; messages list parameters in this order */

typedef struct {
    ngx_vrrp_param_t      *list;
    ngx_vrrp_directive_t  *directives;
} ngx_vrrp_params_t;


#define ngx_vrrp_param_number(type, field, parse, low, high, expected)        \
    offsetof(type, field),                                                    \
    { parse, low, high, 0, expected }, NULL, NULL

#define ngx_vrrp_param_text(type, field, valid, expected)                     \
    offsetof(type, field),                                                    \
    { NULL, 0, 0, 0, expected }, valid, NULL

#define ngx_vrrp_param_flag(type, field)                                      \
    offsetof(type, field),                                                    \
    { NULL, 0, 0, 0, NULL }, NULL, NULL

#define ngx_vrrp_param_any(type, field, set, expected)                        \
    offsetof(type, field),                                                    \
    { NULL, 0, 0, 0, expected }, NULL, set

#define ngx_vrrp_last_param                                                   \
    { ngx_null_string, 0, 0, { NULL, 0, 0, 0, NULL }, NULL, NULL }


/* ngx_vrrp_params.c */

/*
 * Reads the parameters of this directive into values, which has been zeroed.
 * Numbers that are not given are NGX_CONF_UNSET, texts are empty.  An error
 * has been logged.
 */
char *ngx_vrrp_params_read(ngx_conf_t *cf, ngx_vrrp_params_t *params,
    ngx_uint_t directive, void *values, ngx_str_t *args, ngx_uint_t nargs);

/* as it is written: "vrrp_check tcp" */
const char *ngx_vrrp_params_directive(ngx_vrrp_params_t *params,
    ngx_uint_t directive);

/* ngx_vrrp_param_values.c */

ngx_uint_t ngx_vrrp_valid_text(ngx_str_t *value);
ngx_uint_t ngx_vrrp_valid_printable(ngx_str_t *value);
ngx_uint_t ngx_vrrp_valid_line(ngx_str_t *value);
ngx_uint_t ngx_vrrp_valid_uri(ngx_str_t *value);
ngx_uint_t ngx_vrrp_valid_host(ngx_str_t *value);
ngx_uint_t ngx_vrrp_valid_method(ngx_str_t *value);
ngx_uint_t ngx_vrrp_valid_sni(ngx_str_t *value);
ngx_uint_t ngx_vrrp_valid_mailbox(ngx_str_t *value);
ngx_uint_t ngx_vrrp_valid_mailboxes(ngx_str_t *value);


#endif /* _NGX_VRRP_PARAMS_H_INCLUDED_ */
