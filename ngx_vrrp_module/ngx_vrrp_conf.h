
/*
 * What the files that read the configuration share.
 */


#ifndef _NGX_VRRP_CONF_H_INCLUDED_
#define _NGX_VRRP_CONF_H_INCLUDED_


#include "ngx_vrrp_checks.h"


/* where a directive is allowed, besides NGX_MAIN_CONF */

#define NGX_VRRP_BLOCK_CONF     0x10000000
#define NGX_VRRP_INSTANCE_CONF  0x20000000


#define NGX_VRRP_MAX_NAME      63
#define NGX_VRRP_MAX_IFNAME    15

#define NGX_VRRP_MAX_PORTS     1024

#define NGX_VRRP_OWNER         255      /* the priority of an address owner */

#define NGX_VRRP_NAME_EXPECTED                                                \
    "must be 1-63 letters, digits, \"_\", \".\" or \"-\""


#define NGX_VRRP_INTERFACE_EXPECTED                                           \
    "must be 1-15 characters without \"/\", \":\" and spaces"


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


#define ngx_vrrp_msec_ns(msec)  ((int64_t) (msec) * 1000000)

#define ngx_vrrp_core_literal(to, text)                                       \
    (to)->data = text;                                                        \
    (to)->len = sizeof(text) - 1

#define ngx_vrrp_core_str(to, from)                                           \
    (to)->data = (char *) (from)->data;                                       \
    (to)->len = (from)->len


/* how to read a number or a time, and which ones are right */

typedef ngx_int_t (*ngx_vrrp_parse_pt)(ngx_str_t *value);

typedef struct {
    ngx_vrrp_parse_pt    parse;
    ngx_int_t            low;
    ngx_int_t            high;
    ngx_uint_t           or_zero;
    const char          *expected;      /* ends "invalid ...: " */
} ngx_vrrp_bounds_t;


/* ngx_vrrp_conf.c */

char *ngx_vrrp_conf_instance(ngx_conf_t *cf, ngx_command_t *cmd, void *conf);

/* ngx_vrrp_window_conf.c */

char *ngx_vrrp_conf_preempt_window(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf);

/* ngx_vrrp_conf_values.c */

ngx_int_t ngx_vrrp_parse_number(ngx_str_t *value);
ngx_int_t ngx_vrrp_parse_msec(ngx_str_t *value);
ngx_int_t ngx_vrrp_parse_percent(ngx_str_t *value);
ngx_int_t ngx_vrrp_parse_flag(ngx_str_t *value);
ngx_int_t ngx_vrrp_parse_bounded(ngx_str_t *value, ngx_vrrp_bounds_t *bounds,
    ngx_int_t *np);
ngx_uint_t ngx_vrrp_valid_name(ngx_str_t *name);
char *ngx_vrrp_conf_invalid(ngx_conf_t *cf, ngx_str_t *what, ngx_str_t *value,
    const char *expected);
ngx_uint_t ngx_vrrp_valid_interface(ngx_str_t *name);
char *ngx_vrrp_conf_set_interface(ngx_conf_t *cf, ngx_str_t *value,
    ngx_str_t *interface);

char *ngx_vrrp_conf_bounded(ngx_conf_t *cf, ngx_command_t *cmd, void *conf);
char *ngx_vrrp_conf_router_id(ngx_conf_t *cf, ngx_command_t *cmd, void *conf);
char *ngx_vrrp_conf_state(ngx_conf_t *cf, ngx_command_t *cmd, void *conf);
char *ngx_vrrp_conf_interface(ngx_conf_t *cf, ngx_command_t *cmd, void *conf);
char *ngx_vrrp_conf_authentication(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf);
char *ngx_vrrp_conf_nopreempt(ngx_conf_t *cf, ngx_command_t *cmd, void *conf);
char *ngx_vrrp_conf_track_nginx(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf);

/* ngx_vrrp_track_conf.c, ngx_vrrp_track_url.c */

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

/* ngx_vrrp_notify_conf.c */

/* post of "notify" and of those for one state */

typedef struct {
    ngx_uint_t           owner;          /* NGX_VRRP_NOTIFY_* */
    ngx_uint_t           states;         /* VRRP_CORE_TO_* */
} ngx_vrrp_notify_script_t;

char *ngx_vrrp_conf_notify(ngx_conf_t *cf, ngx_command_t *cmd, void *conf);
char *ngx_vrrp_conf_notify_fifo(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf);
char *ngx_vrrp_conf_notify_email(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf);
char *ngx_vrrp_conf_notify_webhook(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf);

/* from init_conf: fills vcf->core.channels */
char *ngx_vrrp_notify_build(ngx_cycle_t *cycle, ngx_vrrp_conf_t *vcf);

/* ngx_vrrp_conf_addresses.c */

char *ngx_vrrp_conf_virtual_ipaddress(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf);
char *ngx_vrrp_conf_unicast_src_ip(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf);
char *ngx_vrrp_conf_unicast_peer(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf);

/* NULL, or why not */
const char *ngx_vrrp_parse_ip(u_char *data, size_t len, vrrp_core_ip_t *ip);
ngx_uint_t ngx_vrrp_same_ip(const vrrp_core_ip_t *a, const vrrp_core_ip_t *b);
ngx_uint_t ngx_vrrp_link_local(const vrrp_core_ip_t *ip);
/* fills and returns buf, which has INET6_ADDRSTRLEN bytes */
const char *ngx_vrrp_ip_text(const vrrp_core_ip_t *ip, char *buf);

/* ngx_vrrp_ports.c; from init_conf: fills the ports of each instance */

char *ngx_vrrp_ports_build(ngx_cycle_t *cycle, ngx_vrrp_conf_t *vcf);

/* ngx_vrrp_conf_rules.c */

ngx_uint_t ngx_vrrp_same_str(const vrrp_core_str_t *a,
    const vrrp_core_str_t *b);

/* before and after the defaults are filled in */
char *ngx_vrrp_rules_complete(ngx_conf_t *cf, ngx_vrrp_instance_t *in);
char *ngx_vrrp_rules_instance(ngx_conf_t *cf, ngx_vrrp_instance_t *in);

/* does it get along with the instances before it? */
char *ngx_vrrp_rules_unique(ngx_conf_t *cf, ngx_array_t *instances,
    ngx_vrrp_instance_t *in);


#endif /* _NGX_VRRP_CONF_H_INCLUDED_ */
