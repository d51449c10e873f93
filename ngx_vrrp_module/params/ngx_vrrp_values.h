
/*
 * Values of directives and parameters, whichever they belong to.
 */


#ifndef _NGX_VRRP_VALUES_H_INCLUDED_
#define _NGX_VRRP_VALUES_H_INCLUDED_


#include "ngx_vrrp_module.h"


#define NGX_VRRP_MAX_IFNAME    15

#define NGX_VRRP_NAME_EXPECTED                                                \
    "must be 1-63 letters, digits, \"_\", \".\" or \"-\""

#define NGX_VRRP_INTERFACE_EXPECTED                                           \
    "must be 1-15 characters without \"/\", \":\" and spaces"


#define ngx_vrrp_msec_ns(msec)  ((int64_t) (msec) * 1000000)

#define ngx_vrrp_core_literal(to, text)                                       \
    (to)->data = text;                                                        \
    (to)->len = sizeof(text) - 1

#define ngx_vrrp_core_str(to, from)                                           \
    (to)->data = (char *) (from)->data;                                       \
    (to)->len = (from)->len


/* how to read a number or a time, and which ones are right */

typedef ngx_int_t (*ngx_vrrp_parse_pt)(ngx_str_t *value);

typedef struct {
    ngx_vrrp_parse_pt    parse;
    ngx_int_t            low;
    ngx_int_t            high;
    ngx_uint_t           or_zero;
    const char          *expected;      /* ends "invalid ...: " */
} ngx_vrrp_bounds_t;


ngx_int_t ngx_vrrp_parse_number(ngx_str_t *value);
ngx_int_t ngx_vrrp_parse_msec(ngx_str_t *value);
ngx_int_t ngx_vrrp_parse_percent(ngx_str_t *value);
ngx_int_t ngx_vrrp_parse_flag(ngx_str_t *value);
ngx_int_t ngx_vrrp_parse_bounded(ngx_str_t *value, ngx_vrrp_bounds_t *bounds,
    ngx_int_t *np);
ngx_uint_t ngx_vrrp_valid_name(ngx_str_t *name);
ngx_uint_t ngx_vrrp_valid_interface(ngx_str_t *name);
char *ngx_vrrp_conf_invalid(ngx_conf_t *cf, ngx_str_t *what, ngx_str_t *value,
    const char *expected);
ngx_uint_t ngx_vrrp_same_str(const vrrp_core_str_t *a,
    const vrrp_core_str_t *b);


#endif /* _NGX_VRRP_VALUES_H_INCLUDED_ */
