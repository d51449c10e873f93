
/*
 * Shared by the files that read the configuration.
 */


#ifndef _NGX_VRRP_CONF_H_INCLUDED_
#define _NGX_VRRP_CONF_H_INCLUDED_


#include "ngx_vrrp_checks.h"


/*
 * Where a directive is allowed, besides NGX_MAIN_CONF: in "vrrp" and not
 * inherited, in a vrrp_instance alone, or in a vrrp_instance and in "vrrp",
 * where it is the default of all instances.
 */

#define NGX_VRRP_BLOCK_CONF      0x10000000
#define NGX_VRRP_IDENTITY_CONF   0x20000000
#define NGX_VRRP_INHERITED_CONF  0x40000000
#define NGX_VRRP_INSTANCE_CONF   (NGX_VRRP_IDENTITY_CONF                      \
                                  |NGX_VRRP_INHERITED_CONF)
#define NGX_VRRP_GROUP_CONF      0x08000000   /* in a sync_group block */


#define NGX_VRRP_MAX_PORTS     1024

#define NGX_VRRP_OWNER         255      /* the priority of an address owner */


#define NGX_VRRP_STATE_MASTER  1
#define NGX_VRRP_STATE_BACKUP  2


/* a directive of an instance, as it was written */

typedef struct {
    ngx_command_t             *cmd;
    ngx_str_t                 *args;    /* with its name */
    ngx_uint_t                 nargs;
    ngx_vrrp_conf_line_t       place;
} ngx_vrrp_setting_t;


/* an instance: its settings and what it inherits */

typedef struct {
    vrrp_core_instance_conf_t  core;
    vrrp_core_instance_conf_t  given;   /* without defaults: NGX_CONF_UNSET */

    int64_t                    state;   /* 0: not given */
    unsigned                   use_vmac:1;
    int64_t                    vmac_off;    /* "use_vmac off" */

    /* the lists of core */
    ngx_array_t                addresses;
    ngx_array_t                excluded;   /* follow the addresses */
    ngx_array_t                routes;
    ngx_array_t                rules;
    ngx_array_t                unicast_peers;
    ngx_array_t                preempt_windows;
    ngx_array_t                hmac_keys;

    unsigned                   peer_link:1;   /* there is one, or "off" */
    unsigned                   takeover_check:1;
    unsigned                   no_address:1;  /* virtual_ipaddress none */
    unsigned                   track_nginx:1;
    int64_t                    track_off;   /* "track_nginx off" */

    ngx_vrrp_trackers_t        trackers;
} ngx_vrrp_instance_t;


/*
 * A vrrp_instance, or the defaults of all in "vrrp", as it was written.  Or a
 * "node" block in one of them, with the name of the node.
 */

struct ngx_vrrp_block_s {
    ngx_array_t                settings;  /* of ngx_vrrp_setting_t */
    ngx_array_t                nodes;     /* of ngx_vrrp_block_t * */
    ngx_vrrp_instance_t        checked;   /* what they are without the rest */
    ngx_vrrp_conf_line_t       end;
};


/* a "sync_group" block: the notifications of a group */

typedef struct {
    vrrp_core_str_t            name;
    ngx_vrrp_conf_line_t       place;
} ngx_vrrp_group_t;


#endif /* _NGX_VRRP_CONF_H_INCLUDED_ */
