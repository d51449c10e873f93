
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


/* the "vrrp" block */

typedef struct {
    ngx_str_t        router_id;
    ngx_flag_t       freebind;
    ngx_int_t        release_timeout;   /* milliseconds */
    ngx_int_t        startup_delay;     /* milliseconds */
    ngx_int_t        realtime_priority;
    ngx_flag_t       mlock;
    ngx_array_t      instances;         /* of vrrp_core_instance_conf_t */
} ngx_vrrp_block_t;


typedef enum {
    NGX_VRRP_STATE_UNSET = 0,
    NGX_VRRP_STATE_MASTER,
    NGX_VRRP_STATE_BACKUP
} ngx_vrrp_state_e;


/* a "vrrp_instance" block as it was written; times are milliseconds */

typedef struct {
    ngx_str_t         name;
    ngx_str_t         interface;
    ngx_vrrp_state_e  state;

    ngx_int_t         virtual_router_id;
    ngx_int_t         priority;
    ngx_int_t         version;
    ngx_int_t         advert_int;

    ngx_str_t         auth_pass;
    ngx_str_t         auth_file;        /* where it is instead, or empty */

    ngx_array_t       addresses;        /* of vrrp_core_address_conf_t */

    vrrp_core_ip_t    unicast_src_ip;   /* family 0: not given */
    ngx_array_t       unicast_peers;    /* of vrrp_core_ip_t */

    ngx_uint_t        nopreempt;
    ngx_int_t         preempt_delay;
    ngx_int_t         link_up_delay;
    ngx_array_t       preempt_windows;  /* of vrrp_core_window_conf_t */

    ngx_int_t         garp_master_repeat;
    ngx_int_t         garp_master_delay;
    ngx_int_t         garp_master_refresh;
    ngx_int_t         garp_master_refresh_repeat;

    ngx_flag_t        close_connections;

    ngx_int_t         track_workers;
    ngx_int_t         track_timeout;
    ngx_int_t         track_listen;

    ngx_vrrp_trackers_t  trackers;
} ngx_vrrp_instance_t;


#endif /* _NGX_VRRP_CONF_H_INCLUDED_ */
