
/*
 * How parameters become a check, for "vrrp_check" and for the trackers, and how
 * all checks of a configuration become one list.
 */


#ifndef _NGX_VRRP_CHECK_CONF_H_INCLUDED_
#define _NGX_VRRP_CHECK_CONF_H_INCLUDED_


#include "ngx_vrrp_checks.h"
#include "ngx_vrrp_check_params.h"


/* ngx_vrrp_check_conf.c */

/*
 * The arguments of "vrrp_check" from the kind of the check on; NULL: an error
 * that has been logged.
 */
ngx_vrrp_check_t *ngx_vrrp_check_create(ngx_conf_t *cf, ngx_str_t *args,
    ngx_uint_t nargs);

/* "vrrp_check_panic": the only argument of a NGX_CONF_TAKE1 directive */
char *ngx_vrrp_check_panic(ngx_conf_t *cf, ngx_uint_t *panic,
    ngx_uint_t *percent);

/* what has not been said about times; do they fit together? */
char *ngx_vrrp_check_defaults(ngx_conf_t *cf, ngx_vrrp_check_params_t *params);

/* the parameters have their defaults; NULL: an error that has been logged */
ngx_vrrp_check_t *ngx_vrrp_check_from_params(ngx_conf_t *cf,
    ngx_vrrp_check_params_t *params);

/* ngx_vrrp_check_tls.c */

char *ngx_vrrp_check_tls(ngx_conf_t *cf, ngx_vrrp_check_params_t *params,
    ngx_vrrp_check_t *check);

/* ngx_vrrp_checks.c: all checks of a configuration become one list */

/* from a module's postconfiguration; peers and all are filled in */
ngx_int_t ngx_vrrp_checks_add_pool(ngx_conf_t *cf, ngx_vrrp_pool_t *pool);

/* the same for an upstream block without "vrrp_check", for messages */
ngx_int_t ngx_vrrp_checks_add_unchecked(ngx_conf_t *cf, const char *context,
    ngx_str_t *name, u_char *file_name, ngx_uint_t line);

/* from init_conf: is there a "vrrp" block for what has been configured? */
char *ngx_vrrp_checks_require_vrrp(ngx_cycle_t *cycle, ngx_vrrp_conf_t *vcf);

/* from init_conf: fills vcf->core.checks and the trackers' numbers */
char *ngx_vrrp_checks_build(ngx_cycle_t *cycle, ngx_vrrp_conf_t *vcf);

/* ngx_vrrp_target.c */

/* a core.checks entry for a peer, also for one that comes at run time */
ngx_int_t ngx_vrrp_target_peer(ngx_pool_t *pool, ngx_vrrp_pool_t *vp,
    ngx_vrrp_peer_t *peer, vrrp_core_check_conf_t *core);

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


#endif /* _NGX_VRRP_CHECK_CONF_H_INCLUDED_ */
