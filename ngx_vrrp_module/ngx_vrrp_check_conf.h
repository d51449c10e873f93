
/*
 * How words become a check, for "vrrp_check" and for the trackers.
 */


#ifndef _NGX_VRRP_CHECK_CONF_H_INCLUDED_
#define _NGX_VRRP_CHECK_CONF_H_INCLUDED_


#include "ngx_vrrp_checks.h"
#include "ngx_vrrp_words.h"


/* ngx_vrrp_check_conf.c */

/* NULL: an error that has been logged; words get their defaults */
ngx_vrrp_check_t *ngx_vrrp_check_from_words(ngx_conf_t *cf,
    ngx_vrrp_words_t *words);

void ngx_vrrp_check_defaults(ngx_vrrp_words_t *words);

/* ngx_vrrp_check_tls.c */

char *ngx_vrrp_check_tls(ngx_conf_t *cf, ngx_vrrp_words_t *words,
    ngx_vrrp_check_t *check);

/* can a certificate be for it?  An IP address is not meant */
ngx_uint_t ngx_vrrp_valid_sni(ngx_str_t *name);


#endif /* _NGX_VRRP_CHECK_CONF_H_INCLUDED_ */
