
/*
 * "vrrp_check" and the track_* directives, and how all checks of a
 * configuration become one list.
 */


#ifndef _NGX_VRRP_CHECK_CONF_H_INCLUDED_
#define _NGX_VRRP_CHECK_CONF_H_INCLUDED_


#include "ngx_vrrp_checks.h"
#include "ngx_vrrp_params.h"


/* groups of parameters: of all checks, of vrrp_check, of those with TLS */

#define NGX_VRRP_ALL     0x0001
#define NGX_VRRP_SERVER  0x0002
#define NGX_VRRP_TLS     0x0004


#define NGX_VRRP_URL_EXPECTED                                                 \
    "must be a URL such as \"http://127.0.0.1:8080/health\", "                \
    "\"https://host/\" or \"http://unix:/path:/uri\""


/* a kind of check or tracker; the rows are in ngx_vrrp_check_kinds.c */

typedef char *(*ngx_vrrp_check_parse_pt)(ngx_conf_t *cf,
    ngx_vrrp_check_t *check);
typedef char *(*ngx_vrrp_check_build_pt)(ngx_cycle_t *cycle,
    ngx_vrrp_conf_t *vcf, const vrrp_core_instance_conf_t *ic,
    ngx_vrrp_check_t *check);

struct ngx_vrrp_check_kind_s {
    ngx_vrrp_directive_t     directive;  /* "vrrp_check tcp" */

    vrrp_core_check_kind_e   check;
    vrrp_core_track_kind_e   track;

    /* defaults, in milliseconds */
    int64_t                  interval;
    int64_t                  fall;
    int64_t                  rise;

    /* the argument of a track_*, when its parameters are known, or NULL */
    ngx_vrrp_check_parse_pt  parse;

    /* a track_* when all has been read, or NULL */
    ngx_vrrp_check_build_pt  build;
};


/* ngx_vrrp_check_kinds.c */

/* reads "vrrp_check"; an error has been logged */
char *ngx_vrrp_check_read(ngx_conf_t *cf, ngx_vrrp_check_t *check);

/* all track_* directives but "track_nginx" */
char *ngx_vrrp_conf_track(ngx_conf_t *cf, ngx_command_t *cmd, void *conf);

/* ngx_vrrp_check_conf.c: rules about several parameters */

char *ngx_vrrp_check_timing(ngx_conf_t *cf, ngx_vrrp_check_t *check);
char *ngx_vrrp_check_http(ngx_conf_t *cf, ngx_vrrp_check_t *check);
char *ngx_vrrp_check_match(ngx_conf_t *cf, ngx_vrrp_check_t *check);
char *ngx_vrrp_check_statuses(ngx_conf_t *cf, ngx_vrrp_check_t *check);

/* ngx_vrrp_check_tls.c */

char *ngx_vrrp_check_tls(ngx_conf_t *cf, ngx_vrrp_check_t *check);

/* ngx_vrrp_track_url.c */

char *ngx_vrrp_track_http(ngx_conf_t *cf, ngx_vrrp_check_t *check);
char *ngx_vrrp_track_tcp(ngx_conf_t *cf, ngx_vrrp_check_t *check);
char *ngx_vrrp_witness_http(ngx_conf_t *cf, ngx_vrrp_check_t *check);

/* ngx_vrrp_track_pool.c */

char *ngx_vrrp_track_find_pool(ngx_cycle_t *cycle, ngx_vrrp_conf_t *vcf,
    const vrrp_core_instance_conf_t *ic, ngx_vrrp_check_t *check);

/* ngx_vrrp_track_bfd.c */

char *ngx_vrrp_track_bfd(ngx_conf_t *cf, ngx_vrrp_check_t *check);
char *ngx_vrrp_track_bfd_build(ngx_cycle_t *cycle, ngx_vrrp_conf_t *vcf,
    const vrrp_core_instance_conf_t *ic, ngx_vrrp_check_t *check);

/* ngx_vrrp_track_listen.c: from init_conf, a tracker for each socket */

char *ngx_vrrp_listen_add(ngx_cycle_t *cycle, ngx_vrrp_conf_t *vcf,
    const vrrp_core_instance_conf_t *ic, ngx_vrrp_trackers_t *trackers);

/* ngx_vrrp_track_virtual.c */

ngx_uint_t ngx_vrrp_is_virtual(const vrrp_core_instance_conf_t *ic,
    vrrp_core_ip_t *ip);

/* the instance with this address that moves with ic: itself, or a member */
const vrrp_core_instance_conf_t *ngx_vrrp_moves_virtual(ngx_vrrp_conf_t *vcf,
    const vrrp_core_instance_conf_t *ic, vrrp_core_ip_t *ip);

/* does it check a virtual address of these?  vp: of a track_upstream */
char *ngx_vrrp_track_virtual(ngx_cycle_t *cycle, ngx_vrrp_conf_t *vcf,
    const vrrp_core_instance_conf_t *ic, ngx_vrrp_check_t *check,
    ngx_vrrp_pool_t *vp);

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

/* a core.checks entry for a tracker of this instance */
ngx_int_t ngx_vrrp_target_tracker(ngx_pool_t *pool,
    const vrrp_core_str_t *instance, ngx_vrrp_check_t *check,
    vrrp_core_check_conf_t *core);

/*
 * The "Host" header for "name:80" or "[::1]:8080", of which only the name is
 * taken; the port is left out where it is the default one.
 */
ngx_int_t ngx_vrrp_host_header(ngx_pool_t *pool, ngx_str_t *server,
    in_port_t port, in_port_t default_port, ngx_str_t *header);


#endif /* _NGX_VRRP_CHECK_CONF_H_INCLUDED_ */
