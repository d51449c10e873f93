
/*
 * The parameters "name=value" after "vrrp_check" and the track_* directives.
 */


#ifndef _NGX_VRRP_CHECK_PARAMS_H_INCLUDED_
#define _NGX_VRRP_CHECK_PARAMS_H_INCLUDED_


#include "ngx_vrrp_params.h"


/* directives with parameters */

#define NGX_VRRP_CHECK_TCP          0x0001
#define NGX_VRRP_CHECK_HTTP         0x0002
#define NGX_VRRP_CHECK_HTTPS        0x0004
#define NGX_VRRP_CHECK_SEND_EXPECT  0x0008
#define NGX_VRRP_TRACK_UPSTREAM     0x0010
#define NGX_VRRP_TRACK_HTTP         0x0020
#define NGX_VRRP_TRACK_HTTPS        0x0040
#define NGX_VRRP_TRACK_TCP          0x0080
#define NGX_VRRP_TRACK_PING         0x0100
#define NGX_VRRP_TRACK_INTERFACE    0x0200
#define NGX_VRRP_TRACK_FILE         0x0400
#define NGX_VRRP_TRACK_SCRIPT       0x0800

#define NGX_VRRP_CHECKS                                                       \
    (NGX_VRRP_CHECK_TCP|NGX_VRRP_CHECK_HTTP|NGX_VRRP_CHECK_HTTPS              \
     |NGX_VRRP_CHECK_SEND_EXPECT)

#define NGX_VRRP_TRACKERS                                                     \
    (NGX_VRRP_TRACK_UPSTREAM|NGX_VRRP_TRACK_HTTP|NGX_VRRP_TRACK_HTTPS         \
     |NGX_VRRP_TRACK_TCP|NGX_VRRP_TRACK_PING|NGX_VRRP_TRACK_INTERFACE         \
     |NGX_VRRP_TRACK_FILE|NGX_VRRP_TRACK_SCRIPT)

/* those that send a request, and those that use TLS */

#define NGX_VRRP_TLS  (NGX_VRRP_CHECK_HTTPS|NGX_VRRP_TRACK_HTTPS)

#define NGX_VRRP_HTTP                                                         \
    (NGX_VRRP_TLS|NGX_VRRP_CHECK_HTTP|NGX_VRRP_TRACK_HTTP)


/* numbers are NGX_CONF_UNSET where none was given; times are milliseconds */

typedef struct {
    ngx_uint_t           directive;      /* one of the above */

    ngx_int_t            interval;
    ngx_int_t            timeout;
    ngx_int_t            fastinter;
    ngx_int_t            downinter;
    ngx_int_t            fall;
    ngx_int_t            rise;
    ngx_int_t            jitter;         /* percent */
    ngx_int_t            port;
    ngx_int_t            mandatory;
    ngx_int_t            keepalive;
    ngx_int_t            verify;
    ngx_int_t            weighted;
    ngx_int_t            weight;
    ngx_int_t            min_up;
    ngx_int_t            min_up_percent;
    ngx_int_t            count;
    ngx_int_t            loss;           /* percent */

    ngx_str_t            uri;
    ngx_str_t            host;
    ngx_str_t            method;
    ngx_str_t            match;
    ngx_str_t            status;
    ngx_str_t            sni;
    ngx_str_t            ca;
    ngx_str_t            certificate;
    ngx_str_t            certificate_key;
    ngx_str_t            user;
} ngx_vrrp_check_params_t;


/* ngx_vrrp_check_params.c */

/* all of them; an error has been logged */
char *ngx_vrrp_check_params(ngx_conf_t *cf, ngx_vrrp_check_params_t *params,
    ngx_uint_t directive, ngx_str_t *args, ngx_uint_t nargs);

/* as it is written: "vrrp_check tcp" */
const char *ngx_vrrp_check_directive(ngx_uint_t directive);


#endif /* _NGX_VRRP_CHECK_PARAMS_H_INCLUDED_ */
