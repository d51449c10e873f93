
/*
 * The directives of the "vrrp" block and of a vrrp_instance: where each one
 * may stand, and which numbers are right.
 */


#include "ngx_vrrp_directives.h"
#include "ngx_vrrp_match_conf.h"
#include "ngx_vrrp_notify_conf.h"
#include "ngx_vrrp_track_conf.h"


static ngx_vrrp_bounds_t  ngx_vrrp_virtual_router_id = {
    ngx_vrrp_parse_number, 1, 255, 0,
    "must be 1-255"
};

static ngx_vrrp_bounds_t  ngx_vrrp_priority = {
    ngx_vrrp_parse_number, 1, NGX_VRRP_OWNER, 0,
    "must be 1-254, or 255 for the address owner"
};

static ngx_vrrp_bounds_t  ngx_vrrp_version = {
    ngx_vrrp_parse_number, 2, 3, 0,
    "must be 2 or 3"
};

static ngx_vrrp_bounds_t  ngx_vrrp_advert_int = {
    ngx_vrrp_parse_msec, 10, 255000, 0,
    "must be a multiple of 10ms from 10ms to 40950ms, with version 2 whole "
    "seconds from 1s to 255s"
};

static ngx_vrrp_bounds_t  ngx_vrrp_preempt_delay = {
    ngx_vrrp_parse_msec, 0, 1000000, 0,
    "must be a time from 0 to 1000s"
};

static ngx_vrrp_bounds_t  ngx_vrrp_link_up_delay = {
    ngx_vrrp_parse_msec, 0, 3600000, 0,
    "must be a time from 0 to 1h"
};

static ngx_vrrp_bounds_t  ngx_vrrp_garp_repeat = {
    ngx_vrrp_parse_number, 1, 100, 0,
    "must be 1-100"
};

static ngx_vrrp_bounds_t  ngx_vrrp_garp_delay = {
    ngx_vrrp_parse_msec, 0, 3600000, 0,
    "must be a time of at most 1h, or 0 for no second burst"
};

static ngx_vrrp_bounds_t  ngx_vrrp_garp_refresh = {
    ngx_vrrp_parse_msec, 100, 86400000, 1,
    "must be a time from 100ms to 1d, or 0 for no refresh"
};

static ngx_vrrp_bounds_t  ngx_vrrp_release_timeout = {
    ngx_vrrp_parse_msec, 0, 60000, 0,
    "must be a time of at most 60s, or 0 to quit immediately"
};

static ngx_vrrp_bounds_t  ngx_vrrp_startup_delay = {
    ngx_vrrp_parse_msec, 0, 3600000, 0,
    "must be a time from 0 to 1h"
};

static ngx_vrrp_bounds_t  ngx_vrrp_realtime_priority = {
    ngx_vrrp_parse_number, 1, 99, 0,
    "must be 1-99"
};


static ngx_vrrp_notify_script_t  ngx_vrrp_notify_master = {
    NGX_VRRP_NOTIFY_MASTER, VRRP_CORE_TO_MASTER
};

static ngx_vrrp_notify_script_t  ngx_vrrp_notify_backup = {
    NGX_VRRP_NOTIFY_BACKUP, VRRP_CORE_TO_BACKUP
};

static ngx_vrrp_notify_script_t  ngx_vrrp_notify_fault = {
    NGX_VRRP_NOTIFY_FAULT, VRRP_CORE_TO_FAULT
};

static ngx_vrrp_notify_script_t  ngx_vrrp_notify_stop = {
    NGX_VRRP_NOTIFY_STOP, VRRP_CORE_TO_STOP
};

static ngx_vrrp_notify_script_t  ngx_vrrp_notify = {
    NGX_VRRP_NOTIFY, NGX_VRRP_SCRIPT_STATES
};


ngx_command_t  ngx_vrrp_commands[] = {

    { ngx_string("vrrp"),
      NGX_MAIN_CONF|NGX_DIRECT_CONF|NGX_CONF_BLOCK|NGX_CONF_NOARGS,
      ngx_vrrp_conf_block,
      0,
      0,
      NULL },

    { ngx_string("router_id"),
      NGX_VRRP_BLOCK_CONF|NGX_DIRECT_CONF|NGX_CONF_TAKE1,
      ngx_vrrp_conf_router_id,
      0,
      0,
      NULL },

    { ngx_string("freebind"),
      NGX_VRRP_BLOCK_CONF|NGX_DIRECT_CONF|NGX_CONF_FLAG,
      ngx_conf_set_flag_slot,
      0,
      offsetof(ngx_vrrp_block_t, freebind),
      NULL },

    { ngx_string("release_timeout"),
      NGX_VRRP_BLOCK_CONF|NGX_DIRECT_CONF|NGX_CONF_TAKE1,
      ngx_vrrp_conf_bounded,
      0,
      offsetof(ngx_vrrp_block_t, release_timeout),
      &ngx_vrrp_release_timeout },

    { ngx_string("startup_delay"),
      NGX_VRRP_BLOCK_CONF|NGX_DIRECT_CONF|NGX_CONF_TAKE1,
      ngx_vrrp_conf_bounded,
      0,
      offsetof(ngx_vrrp_block_t, startup_delay),
      &ngx_vrrp_startup_delay },

    { ngx_string("realtime_priority"),
      NGX_VRRP_BLOCK_CONF|NGX_DIRECT_CONF|NGX_CONF_TAKE1,
      ngx_vrrp_conf_bounded,
      0,
      offsetof(ngx_vrrp_block_t, realtime_priority),
      &ngx_vrrp_realtime_priority },

    { ngx_string("mlock"),
      NGX_VRRP_BLOCK_CONF|NGX_DIRECT_CONF|NGX_CONF_FLAG,
      ngx_conf_set_flag_slot,
      0,
      offsetof(ngx_vrrp_block_t, mlock),
      NULL },

    { ngx_string("vrrp_match"),
      NGX_VRRP_BLOCK_CONF|NGX_DIRECT_CONF|NGX_CONF_BLOCK|NGX_CONF_TAKE1,
      ngx_vrrp_match_block,
      0,
      0,
      NULL },

    { ngx_string("vrrp_instance"),
      NGX_VRRP_BLOCK_CONF|NGX_DIRECT_CONF|NGX_CONF_BLOCK|NGX_CONF_TAKE1,
      ngx_vrrp_conf_instance,
      0,
      0,
      NULL },

    { ngx_string("state"),
      NGX_VRRP_INSTANCE_CONF|NGX_DIRECT_CONF|NGX_CONF_TAKE1,
      ngx_vrrp_conf_state,
      0,
      0,
      NULL },

    { ngx_string("interface"),
      NGX_VRRP_INSTANCE_CONF|NGX_DIRECT_CONF|NGX_CONF_TAKE1,
      ngx_vrrp_conf_interface,
      0,
      0,
      NULL },

    { ngx_string("virtual_router_id"),
      NGX_VRRP_INSTANCE_CONF|NGX_DIRECT_CONF|NGX_CONF_TAKE1,
      ngx_vrrp_conf_bounded,
      0,
      offsetof(ngx_vrrp_instance_t, virtual_router_id),
      &ngx_vrrp_virtual_router_id },

    { ngx_string("priority"),
      NGX_VRRP_INSTANCE_CONF|NGX_DIRECT_CONF|NGX_CONF_TAKE1,
      ngx_vrrp_conf_bounded,
      0,
      offsetof(ngx_vrrp_instance_t, priority),
      &ngx_vrrp_priority },

    { ngx_string("version"),
      NGX_VRRP_INSTANCE_CONF|NGX_DIRECT_CONF|NGX_CONF_TAKE1,
      ngx_vrrp_conf_bounded,
      0,
      offsetof(ngx_vrrp_instance_t, version),
      &ngx_vrrp_version },

    { ngx_string("advert_int"),
      NGX_VRRP_INSTANCE_CONF|NGX_DIRECT_CONF|NGX_CONF_TAKE1,
      ngx_vrrp_conf_bounded,
      0,
      offsetof(ngx_vrrp_instance_t, advert_int),
      &ngx_vrrp_advert_int },

    { ngx_string("authentication"),
      NGX_VRRP_INSTANCE_CONF|NGX_DIRECT_CONF|NGX_CONF_TAKE12,
      ngx_vrrp_conf_authentication,
      0,
      0,
      NULL },

    { ngx_string("virtual_ipaddress"),
      NGX_VRRP_INSTANCE_CONF|NGX_DIRECT_CONF|NGX_CONF_1MORE,
      ngx_vrrp_conf_virtual_ipaddress,
      0,
      0,
      NULL },

    { ngx_string("unicast_src_ip"),
      NGX_VRRP_INSTANCE_CONF|NGX_DIRECT_CONF|NGX_CONF_TAKE1,
      ngx_vrrp_conf_unicast_src_ip,
      0,
      0,
      NULL },

    { ngx_string("unicast_peer"),
      NGX_VRRP_INSTANCE_CONF|NGX_DIRECT_CONF|NGX_CONF_1MORE,
      ngx_vrrp_conf_unicast_peer,
      0,
      0,
      NULL },

    { ngx_string("nopreempt"),
      NGX_VRRP_INSTANCE_CONF|NGX_DIRECT_CONF|NGX_CONF_NOARGS,
      ngx_vrrp_conf_nopreempt,
      0,
      0,
      NULL },

    { ngx_string("preempt_delay"),
      NGX_VRRP_INSTANCE_CONF|NGX_DIRECT_CONF|NGX_CONF_TAKE1,
      ngx_vrrp_conf_bounded,
      0,
      offsetof(ngx_vrrp_instance_t, preempt_delay),
      &ngx_vrrp_preempt_delay },

    { ngx_string("link_up_delay"),
      NGX_VRRP_INSTANCE_CONF|NGX_DIRECT_CONF|NGX_CONF_TAKE1,
      ngx_vrrp_conf_bounded,
      0,
      offsetof(ngx_vrrp_instance_t, link_up_delay),
      &ngx_vrrp_link_up_delay },

    { ngx_string("preempt_window"),
      NGX_VRRP_INSTANCE_CONF|NGX_DIRECT_CONF|NGX_CONF_1MORE,
      ngx_vrrp_conf_preempt_window,
      0,
      0,
      NULL },

    { ngx_string("garp_master_repeat"),
      NGX_VRRP_INSTANCE_CONF|NGX_DIRECT_CONF|NGX_CONF_TAKE1,
      ngx_vrrp_conf_bounded,
      0,
      offsetof(ngx_vrrp_instance_t, garp_master_repeat),
      &ngx_vrrp_garp_repeat },

    { ngx_string("garp_master_delay"),
      NGX_VRRP_INSTANCE_CONF|NGX_DIRECT_CONF|NGX_CONF_TAKE1,
      ngx_vrrp_conf_bounded,
      0,
      offsetof(ngx_vrrp_instance_t, garp_master_delay),
      &ngx_vrrp_garp_delay },

    { ngx_string("garp_master_refresh"),
      NGX_VRRP_INSTANCE_CONF|NGX_DIRECT_CONF|NGX_CONF_TAKE1,
      ngx_vrrp_conf_bounded,
      0,
      offsetof(ngx_vrrp_instance_t, garp_master_refresh),
      &ngx_vrrp_garp_refresh },

    { ngx_string("garp_master_refresh_repeat"),
      NGX_VRRP_INSTANCE_CONF|NGX_DIRECT_CONF|NGX_CONF_TAKE1,
      ngx_vrrp_conf_bounded,
      0,
      offsetof(ngx_vrrp_instance_t, garp_master_refresh_repeat),
      &ngx_vrrp_garp_repeat },

    { ngx_string("close_connections"),
      NGX_VRRP_INSTANCE_CONF|NGX_DIRECT_CONF|NGX_CONF_FLAG,
      ngx_conf_set_flag_slot,
      0,
      offsetof(ngx_vrrp_instance_t, close_connections),
      NULL },

    { ngx_string("track_nginx"),
      NGX_VRRP_INSTANCE_CONF|NGX_DIRECT_CONF|NGX_CONF_1MORE,
      ngx_vrrp_conf_track_nginx,
      0,
      0,
      NULL },

    { ngx_string("track_upstream"),
      NGX_VRRP_INSTANCE_CONF|NGX_DIRECT_CONF|NGX_CONF_1MORE,
      ngx_vrrp_conf_track_upstream,
      0,
      0,
      NULL },

    { ngx_string("track_http"),
      NGX_VRRP_INSTANCE_CONF|NGX_DIRECT_CONF|NGX_CONF_1MORE,
      ngx_vrrp_conf_track_http,
      0,
      0,
      NULL },

    { ngx_string("track_tcp"),
      NGX_VRRP_INSTANCE_CONF|NGX_DIRECT_CONF|NGX_CONF_1MORE,
      ngx_vrrp_conf_track_tcp,
      0,
      0,
      NULL },

    { ngx_string("track_ping"),
      NGX_VRRP_INSTANCE_CONF|NGX_DIRECT_CONF|NGX_CONF_1MORE,
      ngx_vrrp_conf_track_ping,
      0,
      0,
      NULL },

    { ngx_string("track_interface"),
      NGX_VRRP_INSTANCE_CONF|NGX_DIRECT_CONF|NGX_CONF_1MORE,
      ngx_vrrp_conf_track_interface,
      0,
      0,
      NULL },

    { ngx_string("track_file"),
      NGX_VRRP_INSTANCE_CONF|NGX_DIRECT_CONF|NGX_CONF_1MORE,
      ngx_vrrp_conf_track_file,
      0,
      0,
      NULL },

    { ngx_string("track_script"),
      NGX_VRRP_INSTANCE_CONF|NGX_DIRECT_CONF|NGX_CONF_1MORE,
      ngx_vrrp_conf_track_script,
      0,
      0,
      NULL },

    { ngx_string("notify_master"),
      NGX_VRRP_BLOCK_CONF|NGX_VRRP_INSTANCE_CONF|NGX_DIRECT_CONF
                         |NGX_CONF_1MORE,
      ngx_vrrp_conf_notify,
      0,
      0,
      &ngx_vrrp_notify_master },

    { ngx_string("notify_backup"),
      NGX_VRRP_BLOCK_CONF|NGX_VRRP_INSTANCE_CONF|NGX_DIRECT_CONF
                         |NGX_CONF_1MORE,
      ngx_vrrp_conf_notify,
      0,
      0,
      &ngx_vrrp_notify_backup },

    { ngx_string("notify_fault"),
      NGX_VRRP_BLOCK_CONF|NGX_VRRP_INSTANCE_CONF|NGX_DIRECT_CONF
                         |NGX_CONF_1MORE,
      ngx_vrrp_conf_notify,
      0,
      0,
      &ngx_vrrp_notify_fault },

    { ngx_string("notify_stop"),
      NGX_VRRP_BLOCK_CONF|NGX_VRRP_INSTANCE_CONF|NGX_DIRECT_CONF
                         |NGX_CONF_1MORE,
      ngx_vrrp_conf_notify,
      0,
      0,
      &ngx_vrrp_notify_stop },

    { ngx_string("notify"),
      NGX_VRRP_BLOCK_CONF|NGX_VRRP_INSTANCE_CONF|NGX_DIRECT_CONF
                         |NGX_CONF_1MORE,
      ngx_vrrp_conf_notify,
      0,
      0,
      &ngx_vrrp_notify },

    { ngx_string("notify_fifo"),
      NGX_VRRP_BLOCK_CONF|NGX_VRRP_INSTANCE_CONF|NGX_DIRECT_CONF
                         |NGX_CONF_1MORE,
      ngx_vrrp_conf_notify_fifo,
      0,
      0,
      NULL },

    { ngx_string("notify_email"),
      NGX_VRRP_BLOCK_CONF|NGX_VRRP_INSTANCE_CONF|NGX_DIRECT_CONF
                         |NGX_CONF_1MORE,
      ngx_vrrp_conf_notify_email,
      0,
      0,
      NULL },

    { ngx_string("notify_webhook"),
      NGX_VRRP_BLOCK_CONF|NGX_VRRP_INSTANCE_CONF|NGX_DIRECT_CONF
                         |NGX_CONF_1MORE,
      ngx_vrrp_conf_notify_webhook,
      0,
      0,
      NULL },

      ngx_null_command
};
