
/*
 * The directives of the "vrrp" block and of a vrrp_instance: where each one
 * may stand, where its value is stored, which values are valid, and the
 * default.
 */


#include "ngx_vrrp_directives.h"
#include "ngx_vrrp_check_conf.h"
#include "ngx_vrrp_match_conf.h"
#include "ngx_vrrp_notify_conf.h"


/* how to read a value, lowest and highest, is 0 valid, too, the default */

static ngx_vrrp_bounds_t  ngx_vrrp_state = {
    ngx_vrrp_parse_state, NGX_VRRP_STATE_MASTER, NGX_VRRP_STATE_BACKUP, 0, 0,
    "must be MASTER or BACKUP"
};

static ngx_vrrp_bounds_t  ngx_vrrp_virtual_router_id = {
    ngx_vrrp_parse_number, 1, 255, 0, NGX_CONF_UNSET,
    "must be 1-255"
};

static ngx_vrrp_bounds_t  ngx_vrrp_priority = {
    ngx_vrrp_parse_number, 1, NGX_VRRP_OWNER, 0, 100,
    "must be 1-254, or 255 for the address owner"
};

static ngx_vrrp_bounds_t  ngx_vrrp_version = {
    ngx_vrrp_parse_number, 2, 3, 0, 3,
    "must be 2 or 3"
};

static ngx_vrrp_bounds_t  ngx_vrrp_advert_int = {
    ngx_vrrp_parse_ns, 10 * NGX_VRRP_MSEC, 255 * NGX_VRRP_SEC, 0,
    NGX_CONF_UNSET,
    "must be a multiple of 10ms from 10ms to 40950ms, with version 2 whole "
    "seconds from 1s to 255s"
};

static ngx_vrrp_bounds_t  ngx_vrrp_preempt_delay = {
    ngx_vrrp_parse_ns, 0, 1000 * NGX_VRRP_SEC, 0, 0,
    "must be a time from 0 to 1000s"
};

static ngx_vrrp_bounds_t  ngx_vrrp_link_up_delay = {
    ngx_vrrp_parse_ns, 0, NGX_VRRP_HOUR, 0, NGX_CONF_UNSET,
    "must be a time from 0 to 1h"
};

static ngx_vrrp_bounds_t  ngx_vrrp_link_down_delay = {
    ngx_vrrp_parse_ns, 0, NGX_VRRP_HOUR, 0, 0,
    "must be a time from 0 to 1h"
};

static ngx_vrrp_bounds_t  ngx_vrrp_down_timer_adverts = {
    ngx_vrrp_parse_number, 1, 100, 0, 3,
    "must be 1-100"
};

static ngx_vrrp_bounds_t  ngx_vrrp_unicast_ttl = {
    ngx_vrrp_parse_number, 1, 255, 0, 255,
    "must be 1-255"
};

static ngx_vrrp_bounds_t  ngx_vrrp_v3_checksum = {
    ngx_vrrp_parse_checksum, VRRP_CORE_CHECKSUM_PSEUDO_HEADER,
    VRRP_CORE_CHECKSUM_RFC9568, 0, VRRP_CORE_CHECKSUM_PSEUDO_HEADER,
    "must be rfc9568 or pseudo_header"
};

static ngx_vrrp_bounds_t  ngx_vrrp_garp_master_repeat = {
    ngx_vrrp_parse_number, 1, 100, 0, 5,
    "must be 1-100"
};

static ngx_vrrp_bounds_t  ngx_vrrp_garp_master_delay = {
    ngx_vrrp_parse_ns, 0, NGX_VRRP_HOUR, 0, 5 * NGX_VRRP_SEC,
    "must be a time of at most 1h, or 0 for no second burst"
};

static ngx_vrrp_bounds_t  ngx_vrrp_garp_master_refresh = {
    ngx_vrrp_parse_ns, 100 * NGX_VRRP_MSEC, 24 * NGX_VRRP_HOUR, 1, 0,
    "must be a time from 100ms to 1d, or 0 for no refresh"
};

static ngx_vrrp_bounds_t  ngx_vrrp_garp_master_refresh_repeat = {
    ngx_vrrp_parse_number, 1, 100, 0, 1,
    "must be 1-100"
};

static ngx_vrrp_bounds_t  ngx_vrrp_garp_interval = {
    ngx_vrrp_parse_ns, 0, NGX_VRRP_SEC, 0, 0,
    "must be a time of at most 1s, or 0 for no pause"
};

static ngx_vrrp_bounds_t  ngx_vrrp_on = {
    ngx_vrrp_parse_flag, 0, 1, 0, 1,
    "must be \"on\" or \"off\""
};

static ngx_vrrp_bounds_t  ngx_vrrp_off = {
    ngx_vrrp_parse_flag, 0, 1, 0, 0,
    "must be \"on\" or \"off\""
};

static ngx_vrrp_bounds_t  ngx_vrrp_drain_timeout = {
    ngx_vrrp_parse_ns, NGX_VRRP_SEC, 24 * NGX_VRRP_HOUR, 1, 0,
    "must be a time from 1s to 1d, or 0 to finish no connections"
};

static ngx_vrrp_bounds_t  ngx_vrrp_release_timeout = {
    ngx_vrrp_parse_msec, 0, 60000, 0, 3000,
    "must be a time of at most 60s, or 0 to quit immediately"
};

static ngx_vrrp_bounds_t  ngx_vrrp_startup_delay = {
    ngx_vrrp_parse_ns, 0, NGX_VRRP_HOUR, 0, 0,
    "must be a time from 0 to 1h"
};

static ngx_vrrp_bounds_t  ngx_vrrp_delay_after_boot = {
    ngx_vrrp_parse_ns, 0, NGX_VRRP_HOUR, 0, 0,
    "must be a time from 0 to 1h"
};

static ngx_vrrp_bounds_t  ngx_vrrp_realtime_priority = {
    ngx_vrrp_parse_number, 1, 99, 0, 0,
    "must be 1-99"
};


static ngx_vrrp_notify_script_t  ngx_vrrp_notify_master = {
    NGX_VRRP_NOTIFY_MASTER, VRRP_CORE_TO_MASTER, 0
};

static ngx_vrrp_notify_script_t  ngx_vrrp_notify_backup = {
    NGX_VRRP_NOTIFY_BACKUP, VRRP_CORE_TO_BACKUP, 0
};

static ngx_vrrp_notify_script_t  ngx_vrrp_notify_fault = {
    NGX_VRRP_NOTIFY_FAULT, VRRP_CORE_TO_FAULT, 0
};

static ngx_vrrp_notify_script_t  ngx_vrrp_notify_stop = {
    NGX_VRRP_NOTIFY_STOP, VRRP_CORE_TO_STOP, 0
};

static ngx_vrrp_notify_script_t  ngx_vrrp_notify_deleted = {
    NGX_VRRP_NOTIFY_DELETED, VRRP_CORE_TO_DELETED, 0
};

static ngx_vrrp_notify_script_t  ngx_vrrp_notify_master_rx_lower_pri = {
    NGX_VRRP_NOTIFY_RX_LOWER, 0, VRRP_CORE_EVENT_RX_LOWER
};

static ngx_vrrp_notify_script_t  ngx_vrrp_notify = {
    NGX_VRRP_NOTIFY, NGX_VRRP_SCRIPT_STATES, 0
};


ngx_command_t  ngx_vrrp_commands[] = {

    { ngx_string("vrrp"),
      NGX_MAIN_CONF|NGX_DIRECT_CONF|NGX_CONF_BLOCK|NGX_CONF_NOARGS,
      ngx_vrrp_conf_block,
      0,
      0,
      NULL },

    /* blocks of keepalived.conf */

    { ngx_string("vrrp_instance"),
      NGX_MAIN_CONF|NGX_CONF_BLOCK|NGX_CONF_ANY,
      ngx_vrrp_conf_refuse,
      0,
      0,
      NULL },

    { ngx_string("global_defs"),
      NGX_MAIN_CONF|NGX_CONF_BLOCK|NGX_CONF_ANY,
      ngx_vrrp_conf_refuse,
      0,
      0,
      NULL },

    { ngx_string("vrrp_script"),
      NGX_MAIN_CONF|NGX_CONF_BLOCK|NGX_CONF_ANY,
      ngx_vrrp_conf_refuse,
      0,
      0,
      NULL },

    { ngx_string("vrrp_sync_group"),
      NGX_MAIN_CONF|NGX_CONF_BLOCK|NGX_CONF_ANY,
      ngx_vrrp_conf_refuse,
      0,
      0,
      NULL },

    { ngx_string("virtual_server"),
      NGX_MAIN_CONF|NGX_CONF_BLOCK|NGX_CONF_ANY,
      ngx_vrrp_conf_refuse,
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
      NGX_VRRP_BLOCK_CONF|NGX_DIRECT_CONF|NGX_CONF_TAKE1,
      ngx_vrrp_conf_bounded,
      0,
      offsetof(ngx_vrrp_conf_t, freebind),
      &ngx_vrrp_on },

    { ngx_string("release_timeout"),
      NGX_VRRP_BLOCK_CONF|NGX_DIRECT_CONF|NGX_CONF_TAKE1,
      ngx_vrrp_conf_bounded,
      0,
      offsetof(ngx_vrrp_conf_t, release_timeout),
      &ngx_vrrp_release_timeout },

    { ngx_string("startup_delay"),
      NGX_VRRP_BLOCK_CONF|NGX_DIRECT_CONF|NGX_CONF_TAKE1,
      ngx_vrrp_conf_bounded,
      0,
      offsetof(ngx_vrrp_conf_t, startup_delay_ns),
      &ngx_vrrp_startup_delay },

    { ngx_string("delay_after_boot"),
      NGX_VRRP_BLOCK_CONF|NGX_DIRECT_CONF|NGX_CONF_TAKE1,
      ngx_vrrp_conf_bounded,
      0,
      offsetof(ngx_vrrp_conf_t, delay_after_boot_ns),
      &ngx_vrrp_delay_after_boot },

    { ngx_string("realtime_priority"),
      NGX_VRRP_BLOCK_CONF|NGX_DIRECT_CONF|NGX_CONF_TAKE1,
      ngx_vrrp_conf_bounded,
      0,
      offsetof(ngx_vrrp_conf_t, realtime_priority),
      &ngx_vrrp_realtime_priority },

    { ngx_string("mlock"),
      NGX_VRRP_BLOCK_CONF|NGX_DIRECT_CONF|NGX_CONF_TAKE1,
      ngx_vrrp_conf_bounded,
      0,
      offsetof(ngx_vrrp_conf_t, mlock),
      &ngx_vrrp_off },

    { ngx_string("vrrp_match"),
      NGX_VRRP_BLOCK_CONF|NGX_DIRECT_CONF|NGX_CONF_BLOCK|NGX_CONF_TAKE1,
      ngx_vrrp_match_block,
      0,
      0,
      NULL },

    { ngx_string("node"),
      NGX_VRRP_BLOCK_CONF|NGX_VRRP_IDENTITY_CONF|NGX_DIRECT_CONF|NGX_CONF_BLOCK
                         |NGX_CONF_TAKE1,
      ngx_vrrp_conf_node,
      0,
      0,
      NULL },

    { ngx_string("sync_group"),
      NGX_VRRP_BLOCK_CONF|NGX_DIRECT_CONF|NGX_CONF_BLOCK|NGX_CONF_TAKE1,
      ngx_vrrp_conf_sync_group_block,
      0,
      0,
      NULL },

    { ngx_string("vrrp_instance"),
      NGX_VRRP_BLOCK_CONF|NGX_DIRECT_CONF|NGX_CONF_BLOCK|NGX_CONF_TAKE1,
      ngx_vrrp_conf_instance,
      0,
      0,
      NULL },

    { ngx_string("sync_group"),
      NGX_VRRP_IDENTITY_CONF|NGX_DIRECT_CONF|NGX_CONF_TAKE1,
      ngx_vrrp_conf_sync_group,
      0,
      0,
      NULL },

    { ngx_string("state"),
      NGX_VRRP_INSTANCE_CONF|NGX_DIRECT_CONF|NGX_CONF_TAKE1,
      ngx_vrrp_conf_bounded,
      0,
      offsetof(ngx_vrrp_instance_t, state),
      &ngx_vrrp_state },

    { ngx_string("interface"),
      NGX_VRRP_INSTANCE_CONF|NGX_DIRECT_CONF|NGX_CONF_TAKE1,
      ngx_vrrp_conf_interface,
      0,
      0,
      NULL },

    { ngx_string("election"),
      NGX_VRRP_INSTANCE_CONF|NGX_DIRECT_CONF|NGX_CONF_TAKE1,
      ngx_vrrp_conf_bounded,
      0,
      offsetof(ngx_vrrp_instance_t, core.election),
      &ngx_vrrp_on },

    { ngx_string("virtual_router_id"),
      NGX_VRRP_IDENTITY_CONF|NGX_DIRECT_CONF|NGX_CONF_TAKE1,
      ngx_vrrp_conf_bounded,
      0,
      offsetof(ngx_vrrp_instance_t, core.virtual_router_id),
      &ngx_vrrp_virtual_router_id },

    { ngx_string("priority"),
      NGX_VRRP_INSTANCE_CONF|NGX_DIRECT_CONF|NGX_CONF_TAKE1,
      ngx_vrrp_conf_bounded,
      0,
      offsetof(ngx_vrrp_instance_t, core.priority),
      &ngx_vrrp_priority },

    { ngx_string("version"),
      NGX_VRRP_INSTANCE_CONF|NGX_DIRECT_CONF|NGX_CONF_TAKE1,
      ngx_vrrp_conf_bounded,
      0,
      offsetof(ngx_vrrp_instance_t, core.version),
      &ngx_vrrp_version },

    { ngx_string("advert_int"),
      NGX_VRRP_INSTANCE_CONF|NGX_DIRECT_CONF|NGX_CONF_TAKE1,
      ngx_vrrp_conf_bounded,
      0,
      offsetof(ngx_vrrp_instance_t, core.advert_int_ns),
      &ngx_vrrp_advert_int },

    { ngx_string("down_timer_adverts"),
      NGX_VRRP_INSTANCE_CONF|NGX_DIRECT_CONF|NGX_CONF_TAKE1,
      ngx_vrrp_conf_bounded,
      0,
      offsetof(ngx_vrrp_instance_t, core.down_timer_adverts),
      &ngx_vrrp_down_timer_adverts },

    { ngx_string("v3_checksum"),
      NGX_VRRP_INSTANCE_CONF|NGX_DIRECT_CONF|NGX_CONF_TAKE1,
      ngx_vrrp_conf_bounded,
      0,
      offsetof(ngx_vrrp_instance_t, core.v3_checksum),
      &ngx_vrrp_v3_checksum },

    { ngx_string("authentication"),
      NGX_VRRP_INSTANCE_CONF|NGX_DIRECT_CONF|NGX_CONF_1MORE,
      ngx_vrrp_conf_authentication,
      0,
      0,
      NULL },

    { ngx_string("virtual_ipaddress"),
      NGX_VRRP_IDENTITY_CONF|NGX_DIRECT_CONF|NGX_CONF_1MORE,
      ngx_vrrp_conf_virtual_ipaddress,
      0,
      0,
      NULL },

    { ngx_string("virtual_ipaddress_excluded"),
      NGX_VRRP_IDENTITY_CONF|NGX_DIRECT_CONF|NGX_CONF_1MORE,
      ngx_vrrp_conf_virtual_excluded,
      0,
      0,
      NULL },

    { ngx_string("virtual_routes"),
      NGX_VRRP_IDENTITY_CONF|NGX_DIRECT_CONF|NGX_CONF_1MORE,
      ngx_vrrp_conf_virtual_routes,
      0,
      0,
      NULL },

    { ngx_string("virtual_rules"),
      NGX_VRRP_IDENTITY_CONF|NGX_DIRECT_CONF|NGX_CONF_1MORE,
      ngx_vrrp_conf_virtual_rules,
      0,
      0,
      NULL },

    { ngx_string("use_vmac"),
      NGX_VRRP_INSTANCE_CONF|NGX_DIRECT_CONF|NGX_CONF_ANY,
      ngx_vrrp_conf_use_vmac,
      0,
      0,
      NULL },

    { ngx_string("mcast_src_ip"),
      NGX_VRRP_INSTANCE_CONF|NGX_DIRECT_CONF|NGX_CONF_TAKE1,
      ngx_vrrp_conf_source,
      0,
      offsetof(ngx_vrrp_instance_t, core.mcast_src_ip),
      NULL },

    { ngx_string("mcast_group4"),
      NGX_VRRP_INSTANCE_CONF|NGX_DIRECT_CONF|NGX_CONF_TAKE1,
      ngx_vrrp_conf_group,
      0,
      offsetof(ngx_vrrp_instance_t, core.mcast_group4),
      NULL },

    { ngx_string("mcast_group6"),
      NGX_VRRP_INSTANCE_CONF|NGX_DIRECT_CONF|NGX_CONF_TAKE1,
      ngx_vrrp_conf_group,
      0,
      offsetof(ngx_vrrp_instance_t, core.mcast_group6),
      NULL },

    { ngx_string("unicast_src_ip"),
      NGX_VRRP_INSTANCE_CONF|NGX_DIRECT_CONF|NGX_CONF_TAKE1,
      ngx_vrrp_conf_source,
      0,
      offsetof(ngx_vrrp_instance_t, core.unicast_src_ip),
      NULL },

    { ngx_string("unicast_peer"),
      NGX_VRRP_INSTANCE_CONF|NGX_DIRECT_CONF|NGX_CONF_1MORE,
      ngx_vrrp_conf_unicast_peer,
      0,
      0,
      NULL },

    { ngx_string("unicast_ttl"),
      NGX_VRRP_INSTANCE_CONF|NGX_DIRECT_CONF|NGX_CONF_TAKE1,
      ngx_vrrp_conf_bounded,
      0,
      offsetof(ngx_vrrp_instance_t, core.unicast_ttl),
      &ngx_vrrp_unicast_ttl },

    { ngx_string("peer_link"),
      NGX_VRRP_INSTANCE_CONF|NGX_DIRECT_CONF|NGX_CONF_1MORE,
      ngx_vrrp_conf_peer_link,
      0,
      0,
      NULL },

    { ngx_string("takeover_check"),
      NGX_VRRP_INSTANCE_CONF|NGX_DIRECT_CONF|NGX_CONF_TAKE12,
      ngx_vrrp_conf_takeover_check,
      0,
      0,
      NULL },

    { ngx_string("nopreempt"),
      NGX_VRRP_INSTANCE_CONF|NGX_DIRECT_CONF|NGX_CONF_NOARGS|NGX_CONF_TAKE1,
      ngx_vrrp_conf_bounded,
      0,
      offsetof(ngx_vrrp_instance_t, core.nopreempt),
      &ngx_vrrp_off },

    { ngx_string("preempt_delay"),
      NGX_VRRP_INSTANCE_CONF|NGX_DIRECT_CONF|NGX_CONF_TAKE1,
      ngx_vrrp_conf_bounded,
      0,
      offsetof(ngx_vrrp_instance_t, core.preempt_delay_ns),
      &ngx_vrrp_preempt_delay },

    { ngx_string("link_up_delay"),
      NGX_VRRP_INSTANCE_CONF|NGX_DIRECT_CONF|NGX_CONF_TAKE1,
      ngx_vrrp_conf_bounded,
      0,
      offsetof(ngx_vrrp_instance_t, core.link_up_delay_ns),
      &ngx_vrrp_link_up_delay },

    { ngx_string("link_down_delay"),
      NGX_VRRP_INSTANCE_CONF|NGX_DIRECT_CONF|NGX_CONF_TAKE1,
      ngx_vrrp_conf_bounded,
      0,
      offsetof(ngx_vrrp_instance_t, core.link_down_delay_ns),
      &ngx_vrrp_link_down_delay },

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
      offsetof(ngx_vrrp_instance_t, core.garp_master_repeat),
      &ngx_vrrp_garp_master_repeat },

    { ngx_string("garp_master_delay"),
      NGX_VRRP_INSTANCE_CONF|NGX_DIRECT_CONF|NGX_CONF_TAKE1,
      ngx_vrrp_conf_bounded,
      0,
      offsetof(ngx_vrrp_instance_t, core.garp_master_delay_ns),
      &ngx_vrrp_garp_master_delay },

    { ngx_string("garp_master_refresh"),
      NGX_VRRP_INSTANCE_CONF|NGX_DIRECT_CONF|NGX_CONF_TAKE1,
      ngx_vrrp_conf_bounded,
      0,
      offsetof(ngx_vrrp_instance_t, core.garp_master_refresh_ns),
      &ngx_vrrp_garp_master_refresh },

    { ngx_string("garp_master_refresh_repeat"),
      NGX_VRRP_INSTANCE_CONF|NGX_DIRECT_CONF|NGX_CONF_TAKE1,
      ngx_vrrp_conf_bounded,
      0,
      offsetof(ngx_vrrp_instance_t, core.garp_master_refresh_repeat),
      &ngx_vrrp_garp_master_refresh_repeat },

    { ngx_string("garp_interval"),
      NGX_VRRP_INSTANCE_CONF|NGX_DIRECT_CONF|NGX_CONF_TAKE1,
      ngx_vrrp_conf_bounded,
      0,
      offsetof(ngx_vrrp_instance_t, core.garp_interval_ns),
      &ngx_vrrp_garp_interval },

    { ngx_string("gna_interval"),
      NGX_VRRP_INSTANCE_CONF|NGX_DIRECT_CONF|NGX_CONF_TAKE1,
      ngx_vrrp_conf_bounded,
      0,
      offsetof(ngx_vrrp_instance_t, core.gna_interval_ns),
      &ngx_vrrp_garp_interval },

    { ngx_string("close_connections"),
      NGX_VRRP_INSTANCE_CONF|NGX_DIRECT_CONF|NGX_CONF_TAKE1,
      ngx_vrrp_conf_bounded,
      0,
      offsetof(ngx_vrrp_instance_t, core.close_connections),
      &ngx_vrrp_on },

    { ngx_string("drain_timeout"),
      NGX_VRRP_INSTANCE_CONF|NGX_DIRECT_CONF|NGX_CONF_TAKE1,
      ngx_vrrp_conf_bounded,
      0,
      offsetof(ngx_vrrp_instance_t, core.drain_timeout_ns),
      &ngx_vrrp_drain_timeout },

    { ngx_string("track_nginx"),
      NGX_VRRP_INSTANCE_CONF|NGX_DIRECT_CONF|NGX_CONF_1MORE,
      ngx_vrrp_conf_track_nginx,
      0,
      0,
      NULL },

    { ngx_string("track_upstream"),
      NGX_VRRP_INSTANCE_CONF|NGX_DIRECT_CONF|NGX_CONF_1MORE,
      ngx_vrrp_conf_track,
      0,
      0,
      NULL },

    { ngx_string("track_http"),
      NGX_VRRP_INSTANCE_CONF|NGX_DIRECT_CONF|NGX_CONF_1MORE,
      ngx_vrrp_conf_track,
      0,
      0,
      NULL },

    { ngx_string("track_tcp"),
      NGX_VRRP_INSTANCE_CONF|NGX_DIRECT_CONF|NGX_CONF_1MORE,
      ngx_vrrp_conf_track,
      0,
      0,
      NULL },

    { ngx_string("track_ping"),
      NGX_VRRP_INSTANCE_CONF|NGX_DIRECT_CONF|NGX_CONF_1MORE,
      ngx_vrrp_conf_track,
      0,
      0,
      NULL },

    { ngx_string("track_interface"),
      NGX_VRRP_INSTANCE_CONF|NGX_DIRECT_CONF|NGX_CONF_1MORE,
      ngx_vrrp_conf_track,
      0,
      0,
      NULL },

    { ngx_string("track_file"),
      NGX_VRRP_INSTANCE_CONF|NGX_DIRECT_CONF|NGX_CONF_1MORE,
      ngx_vrrp_conf_track,
      0,
      0,
      NULL },

    { ngx_string("track_bfd"),
      NGX_VRRP_INSTANCE_CONF|NGX_DIRECT_CONF|NGX_CONF_1MORE,
      ngx_vrrp_conf_track,
      0,
      0,
      NULL },

    { ngx_string("track_script"),
      NGX_VRRP_INSTANCE_CONF|NGX_DIRECT_CONF|NGX_CONF_1MORE,
      ngx_vrrp_conf_track,
      0,
      0,
      NULL },

    { ngx_string("notify_master"),
      NGX_VRRP_BLOCK_CONF|NGX_VRRP_INSTANCE_CONF|NGX_VRRP_GROUP_CONF
                         |NGX_DIRECT_CONF|NGX_CONF_1MORE,
      ngx_vrrp_conf_notify,
      0,
      0,
      &ngx_vrrp_notify_master },

    { ngx_string("notify_backup"),
      NGX_VRRP_BLOCK_CONF|NGX_VRRP_INSTANCE_CONF|NGX_VRRP_GROUP_CONF
                         |NGX_DIRECT_CONF|NGX_CONF_1MORE,
      ngx_vrrp_conf_notify,
      0,
      0,
      &ngx_vrrp_notify_backup },

    { ngx_string("notify_fault"),
      NGX_VRRP_BLOCK_CONF|NGX_VRRP_INSTANCE_CONF|NGX_VRRP_GROUP_CONF
                         |NGX_DIRECT_CONF|NGX_CONF_1MORE,
      ngx_vrrp_conf_notify,
      0,
      0,
      &ngx_vrrp_notify_fault },

    { ngx_string("notify_stop"),
      NGX_VRRP_BLOCK_CONF|NGX_VRRP_INSTANCE_CONF|NGX_VRRP_GROUP_CONF
                         |NGX_DIRECT_CONF|NGX_CONF_1MORE,
      ngx_vrrp_conf_notify,
      0,
      0,
      &ngx_vrrp_notify_stop },

    { ngx_string("notify_deleted"),
      NGX_VRRP_BLOCK_CONF|NGX_VRRP_INSTANCE_CONF|NGX_DIRECT_CONF
                         |NGX_CONF_1MORE,
      ngx_vrrp_conf_notify,
      0,
      0,
      &ngx_vrrp_notify_deleted },

    { ngx_string("notify_master_rx_lower_pri"),
      NGX_VRRP_BLOCK_CONF|NGX_VRRP_INSTANCE_CONF|NGX_DIRECT_CONF
                         |NGX_CONF_1MORE,
      ngx_vrrp_conf_notify,
      0,
      0,
      &ngx_vrrp_notify_master_rx_lower_pri },

    { ngx_string("notify"),
      NGX_VRRP_BLOCK_CONF|NGX_VRRP_INSTANCE_CONF|NGX_VRRP_GROUP_CONF
                         |NGX_DIRECT_CONF|NGX_CONF_1MORE,
      ngx_vrrp_conf_notify,
      0,
      0,
      &ngx_vrrp_notify },

    { ngx_string("notify_fifo"),
      NGX_VRRP_BLOCK_CONF|NGX_VRRP_INSTANCE_CONF|NGX_VRRP_GROUP_CONF
                         |NGX_DIRECT_CONF|NGX_CONF_1MORE,
      ngx_vrrp_conf_notify_fifo,
      0,
      0,
      NULL },

    { ngx_string("notify_email"),
      NGX_VRRP_BLOCK_CONF|NGX_VRRP_INSTANCE_CONF|NGX_VRRP_GROUP_CONF
                         |NGX_DIRECT_CONF|NGX_CONF_1MORE,
      ngx_vrrp_conf_notify_email,
      0,
      0,
      NULL },

    { ngx_string("notify_webhook"),
      NGX_VRRP_BLOCK_CONF|NGX_VRRP_INSTANCE_CONF|NGX_VRRP_GROUP_CONF
                         |NGX_DIRECT_CONF|NGX_CONF_1MORE,
      ngx_vrrp_conf_notify_webhook,
      0,
      0,
      NULL },

      ngx_null_command
};


/*
 * nginx's table.  A directive of an instance has its effect when all of the
 * "vrrp" block has been read, and the instances inherit.
 */

static ngx_command_t  ngx_vrrp_recorded[sizeof(ngx_vrrp_commands)
                                        / sizeof(ngx_command_t)];


ngx_command_t *
ngx_vrrp_recorded_commands(void)
{
    ngx_uint_t      i;
    ngx_command_t  *cmd;

    for (i = 0; i < sizeof(ngx_vrrp_commands) / sizeof(ngx_command_t); i++) {

        cmd = &ngx_vrrp_recorded[i];
        *cmd = ngx_vrrp_commands[i];

        if ((cmd->type & NGX_VRRP_INSTANCE_CONF)
            && !(cmd->type & (NGX_VRRP_BLOCK_CONF|NGX_CONF_BLOCK)))
        {
            cmd->set = ngx_vrrp_conf_record;
            cmd->post = &ngx_vrrp_commands[i];
        }
    }

    return ngx_vrrp_recorded;
}
