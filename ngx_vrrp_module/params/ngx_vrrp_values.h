
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


#define NGX_VRRP_MSEC          ((int64_t) 1000000)     /* nanoseconds */
#define NGX_VRRP_SEC           (1000 * NGX_VRRP_MSEC)
#define NGX_VRRP_HOUR          (3600 * NGX_VRRP_SEC)

#define ngx_vrrp_msec_ns(msec)  ((int64_t) (msec) * NGX_VRRP_MSEC)

#define ngx_vrrp_core_literal(to, text)                                       \
    (to)->data = text;                                                        \
    (to)->len = sizeof(text) - 1

#define ngx_vrrp_core_str(to, from)                                           \
    (to)->data = (char *) (from)->data;                                       \
    (to)->len = (from)->len


/* NGX_CONF_ERROR, after a message; place: when all has been read */

#define ngx_vrrp_failed(cf, args...)                                          \
    (ngx_conf_log_error(NGX_LOG_EMERG, cf, 0, args), NGX_CONF_ERROR)

#define ngx_vrrp_failed_at(cycle, place, fmt, args...)                        \
    ({                                                                        \
        ngx_log_error(NGX_LOG_EMERG, (cycle)->log, 0, fmt " in %V:%ui",       \
                      ##args, &(place)->file, (place)->line);                 \
        NGX_CONF_ERROR;                                                       \
    })


/*
 * A number, a time or a flag: how to read it, which values are valid, and its
 * default.  It is stored in an int64_t, in the unit of its parse function.
 */

typedef int64_t (*ngx_vrrp_parse_pt)(ngx_str_t *value);

typedef struct {
    ngx_vrrp_parse_pt    parse;
    int64_t              low;
    int64_t              high;
    ngx_uint_t           or_zero;
    int64_t              initial;       /* NGX_CONF_UNSET: set elsewhere */
    const char          *expected;      /* ends "invalid ...: " */
} ngx_vrrp_bounds_t;


/* NGX_ERROR: it is none */

int64_t ngx_vrrp_parse_number(ngx_str_t *value);
int64_t ngx_vrrp_parse_msec(ngx_str_t *value);
int64_t ngx_vrrp_parse_ns(ngx_str_t *value);
int64_t ngx_vrrp_parse_percent(ngx_str_t *value);
int64_t ngx_vrrp_parse_flag(ngx_str_t *value);

ngx_int_t ngx_vrrp_parse_bounded(ngx_str_t *value, ngx_vrrp_bounds_t *bounds,
    int64_t *np);

/* "2" or "80%" of the servers of an upstream */
ngx_int_t ngx_vrrp_parse_servers(ngx_str_t *value, int64_t *n,
    int64_t *percent);

/* takes the text before the next comma off; 0: nothing is left */
ngx_uint_t ngx_vrrp_next_item(ngx_str_t *list, ngx_str_t *item);

ngx_uint_t ngx_vrrp_valid_name(ngx_str_t *name);
ngx_uint_t ngx_vrrp_valid_interface(ngx_str_t *name);
char *ngx_vrrp_conf_invalid(ngx_conf_t *cf, ngx_str_t *what, ngx_str_t *value,
    const char *expected);
ngx_uint_t ngx_vrrp_same_str(const vrrp_core_str_t *a,
    const vrrp_core_str_t *b);


#endif /* _NGX_VRRP_VALUES_H_INCLUDED_ */
