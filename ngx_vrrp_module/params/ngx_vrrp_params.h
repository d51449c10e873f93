
/*
 * Parameters "name=value" of directives: a table has their names, their valid
 * values, and where they are stored; another one has the directives and the
 * groups of parameters that they support.
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
    ngx_uint_t           groups;
    ngx_uint_t           offset;         /* in the structure of values */
    ngx_vrrp_param_pt    set;
    ngx_vrrp_valid_pt    valid;          /* NULL: not a text, an int64_t */
    ngx_vrrp_bounds_t    bounds;
};


typedef struct {
    const char          *name;           /* in messages: "vrrp_check tcp" */
    ngx_uint_t           groups;
} ngx_vrrp_directive_t;


/*
 * Both tables end with an empty entry, and there are at most 64 parameters.
 * Messages list them in this order.
 */

typedef struct {
    ngx_vrrp_param_t    *list;
    void                *directives;     /* rows; each begins with one */
    size_t               row;            /* the size of a row */
} ngx_vrrp_params_t;


/* the last parts of an entry; type and field: where the value is stored */

#define ngx_vrrp_param_number(type, field, parse, low, high, initial,         \
    expected)                                                                 \
    offsetof(type, field), ngx_vrrp_set_number, NULL,                         \
    { parse, low, high, 0, initial, expected }

#define ngx_vrrp_param_flag(type, field)                                      \
    offsetof(type, field), ngx_vrrp_set_flag, NULL,                           \
    { NULL, 0, 0, 0, 0, NULL }

/* an ngx_str_t */
#define ngx_vrrp_param_text(type, field, valid, expected)                     \
    offsetof(type, field), ngx_vrrp_set_text, valid,                          \
    { NULL, 0, 0, 0, 0, expected }

/* a vrrp_core_str_t */
#define ngx_vrrp_param_core_text(type, field, valid, expected)                \
    offsetof(type, field), ngx_vrrp_set_core_text, valid,                     \
    { NULL, 0, 0, 0, 0, expected }

/* an int64_t */
#define ngx_vrrp_param_any(type, field, set, initial, expected)               \
    offsetof(type, field), set, NULL, { NULL, 0, 0, 0, initial, expected }

#define ngx_vrrp_last_param                                                   \
    { ngx_null_string, 0, 0, NULL, NULL, { NULL, 0, 0, 0, 0, NULL } }


/* ngx_vrrp_params.c */

/*
 * Reads the parameters of this directive into values, which has been zeroed.
 * An error has been logged.
 */
char *ngx_vrrp_params_read(ngx_conf_t *cf, ngx_vrrp_params_t *params,
    ngx_vrrp_directive_t *directive, void *values, ngx_str_t *args,
    ngx_uint_t nargs);

/* without any of them: numbers get their initial values */
void ngx_vrrp_params_init(ngx_vrrp_params_t *params, void *values);

/* ngx_vrrp_param_values.c */

ngx_int_t ngx_vrrp_set_number(void *values, ngx_vrrp_param_t *param,
    ngx_str_t *value);
ngx_int_t ngx_vrrp_set_flag(void *values, ngx_vrrp_param_t *param,
    ngx_str_t *value);
ngx_int_t ngx_vrrp_set_text(void *values, ngx_vrrp_param_t *param,
    ngx_str_t *value);
ngx_int_t ngx_vrrp_set_core_text(void *values, ngx_vrrp_param_t *param,
    ngx_str_t *value);

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
