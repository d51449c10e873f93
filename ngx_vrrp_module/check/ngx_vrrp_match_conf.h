
/*
 * The "vrrp_match" block.
 */


#ifndef _NGX_VRRP_MATCH_CONF_H_INCLUDED_
#define _NGX_VRRP_MATCH_CONF_H_INCLUDED_


#include "ngx_vrrp_checks.h"


/* ngx_vrrp_match_conf.c */

/* the handler of the block wherever it stands; NGX_CONF_BLOCK|NGX_CONF_TAKE1 */
char *ngx_vrrp_match_block(ngx_conf_t *cf, ngx_command_t *cmd, void *conf);
ngx_vrrp_match_t *ngx_vrrp_match_find(ngx_vrrp_conf_t *vcf, ngx_str_t *name);

/* ngx_vrrp_match_values.c */

/* "200", "200-399", "!301" */
ngx_int_t ngx_vrrp_parse_status(ngx_str_t *value,
    vrrp_core_status_conf_t *status);

/* "=", "!=", "~", "!~" */
ngx_int_t ngx_vrrp_match_operator(ngx_str_t *value, vrrp_core_test_e *test);

/* NULL: an error that has been logged */
void *ngx_vrrp_match_regex(ngx_conf_t *cf, ngx_str_t *pattern);

/* \xHH becomes a byte; all other escapes are nginx's */
char *ngx_vrrp_match_unhex(ngx_conf_t *cf, ngx_str_t *what, ngx_str_t *value,
    ngx_str_t *text);

/* RFC 9110, 5.1: a token */
ngx_uint_t ngx_vrrp_valid_header(ngx_str_t *name);


#endif /* _NGX_VRRP_MATCH_CONF_H_INCLUDED_ */
