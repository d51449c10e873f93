
/*
 * The "vrrp" block: its commands, its inner blocks, and what becomes of them,
 * a vrrp_core_conf_t that a vrrp process can be started with.
 */


#include "ngx_vrrp_checks.h"
#include "ngx_vrrp_conf.h"


/* where a directive is allowed, besides NGX_MAIN_CONF */

#define NGX_VRRP_BLOCK_CONF     0x10000000
#define NGX_VRRP_INSTANCE_CONF  0x20000000


static char *ngx_vrrp_conf_parse(ngx_conf_t *cf, ngx_uint_t type, void *conf);
static char *ngx_vrrp_conf_finish(ngx_conf_t *cf, ngx_vrrp_conf_t *vcf,
    ngx_vrrp_block_t *block);
static char *ngx_vrrp_conf_instance(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf);
static char *ngx_vrrp_instance_name(ngx_conf_t *cf, ngx_command_t *cmd,
    ngx_vrrp_block_t *block);
static ngx_int_t ngx_vrrp_instance_create(ngx_conf_t *cf,
    ngx_vrrp_instance_t *in);
static void ngx_vrrp_instance_defaults(ngx_vrrp_instance_t *in);
static void ngx_vrrp_instance_export(ngx_vrrp_instance_t *in,
    vrrp_core_instance_conf_t *ic);
static char *ngx_vrrp_init_track_nginx(ngx_cycle_t *cycle,
    ngx_vrrp_conf_t *vcf, ngx_int_t worker_processes);


static ngx_vrrp_bounds_t  ngx_vrrp_virtual_router_id = {
    ngx_vrrp_parse_number, 1, 255, 0,
    "a number from 1 to 255 is expected"
};

static ngx_vrrp_bounds_t  ngx_vrrp_priority = {
    ngx_vrrp_parse_number, 1, NGX_VRRP_OWNER, 0,
    "a number from 1 to 254 is expected, or 255 for the address owner"
};

static ngx_vrrp_bounds_t  ngx_vrrp_version = {
    ngx_vrrp_parse_number, 2, 3, 0,
    "2 or 3 is expected"
};

static ngx_vrrp_bounds_t  ngx_vrrp_advert_int = {
    ngx_vrrp_parse_msec, 10, 255000, 0,
    "a time is expected: with version 3 from 10ms to 40950ms in steps of "
    "10ms, with version 2 from 1s to 255s in whole seconds"
};

static ngx_vrrp_bounds_t  ngx_vrrp_preempt_delay = {
    ngx_vrrp_parse_msec, 0, 1000000, 0,
    "a time from 0 to 1000s is expected"
};

static ngx_vrrp_bounds_t  ngx_vrrp_garp_repeat = {
    ngx_vrrp_parse_number, 1, 100, 0,
    "a number from 1 to 100 is expected"
};

static ngx_vrrp_bounds_t  ngx_vrrp_garp_delay = {
    ngx_vrrp_parse_msec, 0, 3600000, 0,
    "a time up to 1h is expected, or 0 for no second burst"
};

static ngx_vrrp_bounds_t  ngx_vrrp_garp_refresh = {
    ngx_vrrp_parse_msec, 100, 86400000, 1,
    "a time from 100ms to 1d is expected, or 0 for no refresh"
};

static ngx_vrrp_bounds_t  ngx_vrrp_release_timeout = {
    ngx_vrrp_parse_msec, 0, 60000, 0,
    "a time up to 60s is expected, or 0 to quit at once"
};

static ngx_vrrp_bounds_t  ngx_vrrp_startup_delay = {
    ngx_vrrp_parse_msec, 0, 3600000, 0,
    "a time from 0 to 1h is expected"
};

static ngx_vrrp_bounds_t  ngx_vrrp_realtime_priority = {
    ngx_vrrp_parse_number, 1, 99, 0,
    "a number from 1 to 99 is expected"
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

    { ngx_string("track_nginx"),
      NGX_VRRP_INSTANCE_CONF|NGX_DIRECT_CONF|NGX_CONF_1MORE,
      ngx_vrrp_conf_track_nginx,
      0,
      0,
      NULL },

      ngx_null_command
};


char *
ngx_vrrp_conf_block(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_vrrp_conf_t  *vcf = conf;

    char              *rv;
    ngx_vrrp_block_t   block;

    if (vcf->configured) {
        return "is duplicate";
    }

    vcf->configured = 1;
    ngx_vrrp_conf_place(cf, &vcf->block);

    ngx_str_null(&block.router_id);
    block.freebind = NGX_CONF_UNSET;
    block.release_timeout = NGX_CONF_UNSET;
    block.startup_delay = NGX_CONF_UNSET;
    block.realtime_priority = NGX_CONF_UNSET;
    block.mlock = NGX_CONF_UNSET;

    if (ngx_array_init(&block.instances, cf->pool, 2,
                       sizeof(vrrp_core_instance_conf_t))
        != NGX_OK)
    {
        return NGX_CONF_ERROR;
    }

    rv = ngx_vrrp_conf_parse(cf, NGX_VRRP_BLOCK_CONF, &block);
    if (rv != NGX_CONF_OK) {
        return rv;
    }

    return ngx_vrrp_conf_finish(cf, vcf, &block);
}


/*
 * The commands are NGX_DIRECT_CONF: they are handed the pointer that cf->ctx
 * has for this module, and that is the block they are in.
 */

static char *
ngx_vrrp_conf_parse(ngx_conf_t *cf, ngx_uint_t type, void *conf)
{
    char        *rv;
    void       **ctx;
    ngx_conf_t   pcf;

    ctx = ngx_pcalloc(cf->pool, (ngx_vrrp_module.index + 1) * sizeof(void *));
    if (ctx == NULL) {
        return NGX_CONF_ERROR;
    }

    ctx[ngx_vrrp_module.index] = conf;

    pcf = *cf;
    cf->ctx = ctx;
    cf->cmd_type = type;

    rv = ngx_conf_parse(cf, NULL);

    *cf = pcf;

    return rv;
}


static char *
ngx_vrrp_conf_finish(ngx_conf_t *cf, ngx_vrrp_conf_t *vcf,
    ngx_vrrp_block_t *block)
{
    if (block->instances.nelts == 0) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "no \"vrrp_instance\" in the \"vrrp\" block");
        return NGX_CONF_ERROR;
    }

    if (block->router_id.len == 0) {
        block->router_id = cf->cycle->hostname;
    }

    ngx_conf_init_value(block->freebind, 1);
    vcf->freebind = block->freebind;

    ngx_conf_init_value(block->release_timeout, 3000);
    vcf->release_timeout = (ngx_msec_t) block->release_timeout;

    ngx_conf_init_value(block->startup_delay, 0);
    vcf->startup_delay = (ngx_msec_t) block->startup_delay;

    ngx_conf_init_value(block->realtime_priority, 0);
    vcf->realtime_priority = block->realtime_priority;

    ngx_conf_init_value(block->mlock, 0);
    vcf->mlock = block->mlock;

    ngx_vrrp_core_str(&vcf->core.router_id, &block->router_id);
    vcf->core.instances = block->instances.elts;
    vcf->core.ninstances = block->instances.nelts;

    return ngx_vrrp_shm_add(cf, vcf);
}


static char *
ngx_vrrp_conf_instance(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_vrrp_block_t  *block = conf;

    char                       *rv;
    ngx_str_t                  *value;
    ngx_vrrp_instance_t         in;
    vrrp_core_instance_conf_t  *ic;

    rv = ngx_vrrp_instance_name(cf, cmd, block);
    if (rv != NGX_CONF_OK) {
        return rv;
    }

    if (ngx_vrrp_instance_create(cf, &in) != NGX_OK) {
        return NGX_CONF_ERROR;
    }

    value = cf->args->elts;
    in.name = value[1];

    rv = ngx_vrrp_conf_parse(cf, NGX_VRRP_INSTANCE_CONF, &in);
    if (rv != NGX_CONF_OK) {
        return rv;
    }

    if (ngx_vrrp_check_complete(cf, &in) != NGX_CONF_OK) {
        return NGX_CONF_ERROR;
    }

    ngx_vrrp_instance_defaults(&in);

    if (ngx_vrrp_check_instance(cf, &in) != NGX_CONF_OK
        || ngx_vrrp_check_unique(cf, &block->instances, &in) != NGX_CONF_OK)
    {
        return NGX_CONF_ERROR;
    }

    ic = ngx_array_push(&block->instances);
    if (ic == NULL) {
        return NGX_CONF_ERROR;
    }

    ngx_vrrp_instance_export(&in, ic);

    return NGX_CONF_OK;
}


static char *
ngx_vrrp_instance_name(ngx_conf_t *cf, ngx_command_t *cmd,
    ngx_vrrp_block_t *block)
{
    ngx_str_t                  *value;
    ngx_uint_t                  i;
    vrrp_core_instance_conf_t  *ic;

    value = cf->args->elts;

    if (!ngx_vrrp_valid_name(&value[1])) {
        return ngx_vrrp_conf_invalid(cf, &cmd->name, &value[1],
                                     NGX_VRRP_NAME_EXPECTED);
    }

    ic = block->instances.elts;

    for (i = 0; i < block->instances.nelts; i++) {

        if (ic[i].name.len == value[1].len
            && ngx_strncmp(ic[i].name.data, value[1].data, value[1].len) == 0)
        {
            ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                               "duplicate vrrp_instance \"%V\"", &value[1]);
            return NGX_CONF_ERROR;
        }
    }

    return NGX_CONF_OK;
}


static ngx_int_t
ngx_vrrp_instance_create(ngx_conf_t *cf, ngx_vrrp_instance_t *in)
{
    ngx_memzero(in, sizeof(ngx_vrrp_instance_t));

    in->virtual_router_id = NGX_CONF_UNSET;
    in->priority = NGX_CONF_UNSET;
    in->version = NGX_CONF_UNSET;
    in->advert_int = NGX_CONF_UNSET;
    in->preempt_delay = NGX_CONF_UNSET;
    in->garp_master_repeat = NGX_CONF_UNSET;
    in->garp_master_delay = NGX_CONF_UNSET;
    in->garp_master_refresh = NGX_CONF_UNSET;
    in->garp_master_refresh_repeat = NGX_CONF_UNSET;
    in->track_workers = NGX_CONF_UNSET;
    in->track_timeout = NGX_CONF_UNSET;

    if (ngx_array_init(&in->addresses, cf->pool, 4,
                       sizeof(vrrp_core_address_conf_t))
        != NGX_OK)
    {
        return NGX_ERROR;
    }

    return ngx_array_init(&in->unicast_peers, cf->pool, 2,
                          sizeof(vrrp_core_ip_t));
}


/* whether the others were given matters to the checks, see the export */

static void
ngx_vrrp_instance_defaults(ngx_vrrp_instance_t *in)
{
    ngx_uint_t                 i;
    vrrp_core_address_conf_t  *addresses;

    ngx_conf_init_value(in->priority, 100);
    ngx_conf_init_value(in->version, 3);
    ngx_conf_init_value(in->advert_int, (in->version == 2) ? 1000 : 100);
    ngx_conf_init_value(in->garp_master_repeat, 5);
    ngx_conf_init_value(in->garp_master_delay, 5000);
    ngx_conf_init_value(in->garp_master_refresh, 0);
    ngx_conf_init_value(in->track_workers, 1);
    ngx_conf_init_value(in->track_timeout, 2000);

    addresses = in->addresses.elts;

    for (i = 0; i < in->addresses.nelts; i++) {
        if (addresses[i].interface.len == 0) {
            ngx_vrrp_core_str(&addresses[i].interface, &in->interface);
        }
    }
}


static void
ngx_vrrp_instance_export(ngx_vrrp_instance_t *in,
    vrrp_core_instance_conf_t *ic)
{
    ngx_memzero(ic, sizeof(vrrp_core_instance_conf_t));

    ngx_conf_init_value(in->preempt_delay, 0);
    ngx_conf_init_value(in->garp_master_refresh_repeat, 1);

    ngx_vrrp_core_str(&ic->name, &in->name);
    ngx_vrrp_core_str(&ic->interface, &in->interface);

    ic->version = (uint8_t) in->version;
    ic->virtual_router_id = (uint8_t) in->virtual_router_id;
    ic->priority = (uint8_t) in->priority;
    ic->advert_int_ns = ngx_vrrp_msec_ns(in->advert_int);

    if (in->auth_pass.len) {
        ic->auth_pass = 1;
        ngx_memcpy(ic->auth_data, in->auth_pass.data, in->auth_pass.len);
    }

    ic->addresses = in->addresses.elts;
    ic->naddresses = in->addresses.nelts;
    ic->family = ic->addresses[0].address.family;

    ic->unicast_src_ip = in->unicast_src_ip;
    ic->unicast_peers = in->unicast_peers.elts;
    ic->nunicast_peers = in->unicast_peers.nelts;

    ic->nopreempt = (uint8_t) in->nopreempt;
    ic->preempt_delay_ns = ngx_vrrp_msec_ns(in->preempt_delay);

    ic->garp_master_repeat = (uint32_t) in->garp_master_repeat;
    ic->garp_master_delay_ns = ngx_vrrp_msec_ns(in->garp_master_delay);
    ic->garp_master_refresh_ns = ngx_vrrp_msec_ns(in->garp_master_refresh);
    ic->garp_master_refresh_repeat =
                                 (uint32_t) in->garp_master_refresh_repeat;

    ic->track_workers = (uint32_t) in->track_workers;
    ic->track_timeout_ns = ngx_vrrp_msec_ns(in->track_timeout);
}


void
ngx_vrrp_conf_place(ngx_conf_t *cf, ngx_vrrp_place_t *place)
{
    place->file = cf->conf_file->file.name;
    place->line = cf->conf_file->line;
}


/* the rules that need other blocks; ngx_core_module has its defaults by now */

char *
ngx_vrrp_conf_init(ngx_cycle_t *cycle, void *conf)
{
    ngx_vrrp_conf_t  *vcf = conf;

    ngx_core_conf_t  *ccf;

    if (!vcf->configured) {

        if (vcf->status) {
            ngx_log_error(NGX_LOG_EMERG, cycle->log, 0,
                          "\"vrrp_status\" needs a \"vrrp\" block in %V:%ui",
                          &vcf->status_place.file, vcf->status_place.line);
            return NGX_CONF_ERROR;
        }

        return NGX_CONF_OK;
    }

    ccf = (ngx_core_conf_t *) ngx_get_conf(cycle->conf_ctx, ngx_core_module);

    if (ccf->master == 0) {
        ngx_log_error(NGX_LOG_EMERG, cycle->log, 0,
                      "the \"vrrp\" block needs \"master_process on\": "
                      "the vrrp process is started by the master in %V:%ui",
                      &vcf->block.file, vcf->block.line);
        return NGX_CONF_ERROR;
    }

    if (ngx_vrrp_init_track_nginx(cycle, vcf, ccf->worker_processes)
        != NGX_CONF_OK)
    {
        return NGX_CONF_ERROR;
    }

    if (ngx_vrrp_freebind_open(cycle, vcf) != NGX_OK) {
        return NGX_CONF_ERROR;
    }

    return NGX_CONF_OK;
}


static char *
ngx_vrrp_init_track_nginx(ngx_cycle_t *cycle, ngx_vrrp_conf_t *vcf,
    ngx_int_t worker_processes)
{
    size_t                            i;
    const vrrp_core_instance_conf_t  *ic;

    for (i = 0; i < vcf->core.ninstances; i++) {
        ic = &vcf->core.instances[i];

        if ((ngx_int_t) ic->track_workers <= worker_processes) {
            continue;
        }

        ngx_log_error(NGX_LOG_EMERG, cycle->log, 0,
                      "vrrp_instance \"%*s\": \"track_nginx workers=%uD\" "
                      "needs more than the %i worker processes there are "
                      "in %V:%ui",
                      ic->name.len, ic->name.data, ic->track_workers,
                      worker_processes, &vcf->block.file, vcf->block.line);
        return NGX_CONF_ERROR;
    }

    return NGX_CONF_OK;
}
