
/*
 * Shared by the files that read the track_* directives.
 */


#ifndef _NGX_VRRP_TRACK_CONF_H_INCLUDED_
#define _NGX_VRRP_TRACK_CONF_H_INCLUDED_


#include "ngx_vrrp_check_conf.h"
#include "ngx_vrrp_conf.h"


/* ngx_vrrp_track_conf.c, ngx_vrrp_track_url.c, ngx_vrrp_track_script.c */

char *ngx_vrrp_conf_track_upstream(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf);
char *ngx_vrrp_conf_track_http(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf);
char *ngx_vrrp_conf_track_tcp(ngx_conf_t *cf, ngx_command_t *cmd, void *conf);
char *ngx_vrrp_conf_track_ping(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf);
char *ngx_vrrp_conf_track_interface(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf);
char *ngx_vrrp_conf_track_file(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf);
char *ngx_vrrp_conf_track_script(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf);

/*
 * A new tracker of the instance, named as the directive's first argument; the
 * other ones are parameters.  NULL: an error that has been logged.
 */
ngx_vrrp_tracker_t *ngx_vrrp_track_add(ngx_conf_t *cf,
    ngx_vrrp_instance_t *in, ngx_uint_t directive,
    ngx_vrrp_check_params_t *params);

/* the tracker gets its own check */
char *ngx_vrrp_track_check(ngx_conf_t *cf, ngx_vrrp_tracker_t *tracker,
    ngx_vrrp_check_params_t *params, vrrp_core_check_kind_e kind);

/* from init_conf */

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

ngx_uint_t ngx_vrrp_is_virtual(const vrrp_core_instance_conf_t *ic,
    vrrp_core_ip_t *ip);

/* does it ask a virtual address of its instance?  vp: of a track_upstream */
char *ngx_vrrp_track_virtual(ngx_cycle_t *cycle,
    const vrrp_core_instance_conf_t *ic, ngx_vrrp_tracker_t *tracker,
    ngx_vrrp_pool_t *vp);


#endif /* _NGX_VRRP_TRACK_CONF_H_INCLUDED_ */
