
/*
 * How words become a check, for "vrrp_check" and for the trackers.
 */


#ifndef _NGX_VRRP_CHECK_CONF_H_INCLUDED_
#define _NGX_VRRP_CHECK_CONF_H_INCLUDED_


#include "ngx_vrrp_checks.h"
#include "ngx_vrrp_words.h"


/* ngx_vrrp_check_conf.c */

/* what has not been said about times; do they fit together? */
char *ngx_vrrp_check_defaults(ngx_conf_t *cf, ngx_vrrp_words_t *words);

/* the words have their defaults; NULL: an error that has been logged */
ngx_vrrp_check_t *ngx_vrrp_check_from_words(ngx_conf_t *cf,
    ngx_vrrp_words_t *words);

/* ngx_vrrp_check_tls.c */

char *ngx_vrrp_check_tls(ngx_conf_t *cf, ngx_vrrp_words_t *words,
    ngx_vrrp_check_t *check);

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

/* ngx_vrrp_target.c */

/*
 * The "Host" header for "name:80" or "[::1]:8080", of which only the name is
 * taken; the port is left out where it is the default one.
 */
ngx_int_t ngx_vrrp_host_header(ngx_pool_t *pool, ngx_str_t *server,
    in_port_t port, in_port_t default_port, ngx_str_t *header);

/* a core.checks entry for a tracker of this instance */
ngx_int_t ngx_vrrp_target_tracker(ngx_pool_t *pool,
    const vrrp_core_str_t *instance, ngx_vrrp_tracker_t *tracker,
    vrrp_core_check_conf_t *core);

/* ngx_vrrp_track_script.c */

char *ngx_vrrp_script_check(ngx_cycle_t *cycle, ngx_vrrp_tracker_t *tracker);

/* ngx_vrrp_track_listen.c */

/* a tracker for each socket */
char *ngx_vrrp_listen_add(ngx_cycle_t *cycle, ngx_vrrp_conf_t *vcf,
    const vrrp_core_instance_conf_t *ic, ngx_vrrp_trackers_t *trackers);

/* ngx_vrrp_track_pool.c */

char *ngx_vrrp_track_find_pool(ngx_cycle_t *cycle, ngx_vrrp_conf_t *vcf,
    const vrrp_core_instance_conf_t *ic, ngx_vrrp_tracker_t *tracker);

/* ngx_vrrp_track_virtual.c */

/* 0: it has none */
ngx_uint_t ngx_vrrp_sockaddr_ip(struct sockaddr *sockaddr,
    vrrp_core_ip_t *ip);
ngx_uint_t ngx_vrrp_is_virtual(const vrrp_core_instance_conf_t *ic,
    vrrp_core_ip_t *ip);

/* does it ask a virtual address of its instance?  vp: of a track_upstream */
char *ngx_vrrp_track_virtual(ngx_cycle_t *cycle,
    const vrrp_core_instance_conf_t *ic, ngx_vrrp_tracker_t *tracker,
    ngx_vrrp_pool_t *vp);


#endif /* _NGX_VRRP_CHECK_CONF_H_INCLUDED_ */
