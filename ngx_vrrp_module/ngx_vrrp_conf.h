
/*
 * Shared by the files that read the configuration.
 */


#ifndef _NGX_VRRP_CONF_H_INCLUDED_
#define _NGX_VRRP_CONF_H_INCLUDED_


#include "ngx_vrrp_checks.h"


/* where a directive is allowed, besides NGX_MAIN_CONF */

#define NGX_VRRP_BLOCK_CONF     0x10000000
#define NGX_VRRP_INSTANCE_CONF  0x20000000


#define NGX_VRRP_MAX_PORTS     1024

#define NGX_VRRP_OWNER         255      /* the priority of an address owner */


#define NGX_VRRP_STATE_MASTER  1
#define NGX_VRRP_STATE_BACKUP  2


/* a "vrrp_instance" block */

typedef struct {
    vrrp_core_instance_conf_t  core;
    vrrp_core_instance_conf_t  given;   /* without defaults: NGX_CONF_UNSET */

    int64_t                    state;   /* 0: not given */

    /* the lists of core */
    ngx_array_t                addresses;
    ngx_array_t                unicast_peers;
    ngx_array_t                preempt_windows;

    unsigned                   track_nginx:1;
    int64_t                    track_off;   /* "track_nginx off" */

    ngx_vrrp_trackers_t        trackers;
} ngx_vrrp_instance_t;


#endif /* _NGX_VRRP_CONF_H_INCLUDED_ */
