
/*
 * The "vrrp" block, its inner blocks, and what becomes of them: a
 * vrrp_core_conf_t that a vrrp process can be started with.  The directives
 * are in ngx_vrrp_commands.c.
 */


#include "ngx_vrrp_directives.h"
#include "ngx_vrrp_check_conf.h"
#include "ngx_vrrp_lifecycle.h"
#include "ngx_vrrp_notify_conf.h"


static char *ngx_vrrp_conf_parse(ngx_conf_t *cf, ngx_uint_t type, void *conf);
static char *ngx_vrrp_conf_finish(ngx_conf_t *cf, ngx_vrrp_conf_t *vcf,
    ngx_vrrp_block_t *block);
static char *ngx_vrrp_instance_name(ngx_conf_t *cf, ngx_command_t *cmd,
    ngx_vrrp_block_t *block);
static ngx_int_t ngx_vrrp_instance_create(ngx_conf_t *cf,
    ngx_vrrp_instance_t *in);
static void ngx_vrrp_instance_defaults(ngx_vrrp_instance_t *in);
static void ngx_vrrp_instance_export(ngx_vrrp_instance_t *in,
    vrrp_core_instance_conf_t *ic);
static char *ngx_vrrp_init_track_nginx(ngx_cycle_t *cycle,
    ngx_vrrp_conf_t *vcf, ngx_int_t worker_processes);


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
    ngx_vrrp_conf_line(cf, &vcf->block);

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
    char         *rv;
    void        **ctx;
    ngx_conf_t    pcf;

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

    return NGX_CONF_OK;
}


char *
ngx_vrrp_conf_instance(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_vrrp_block_t  *block = conf;

    char                       *rv;
    ngx_str_t                  *value;
    ngx_vrrp_conf_t            *vcf;
    ngx_vrrp_instance_t         in;
    ngx_vrrp_trackers_t        *trackers;
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

    if (ngx_vrrp_rules_required(cf, &in) != NGX_CONF_OK) {
        return NGX_CONF_ERROR;
    }

    ngx_vrrp_instance_defaults(&in);

    if (ngx_vrrp_rules_instance(cf, &in) != NGX_CONF_OK
        || ngx_vrrp_rules_unique(cf, &block->instances, &in) != NGX_CONF_OK)
    {
        return NGX_CONF_ERROR;
    }

    vcf = ngx_vrrp_get_conf(cf->cycle);

    ic = ngx_array_push(&block->instances);
    trackers = ngx_array_push(&vcf->trackers);

    if (ic == NULL || trackers == NULL) {
        return NGX_CONF_ERROR;
    }

    ngx_vrrp_instance_export(&in, ic);

    *trackers = in.trackers;
    trackers->listen = (in.track_listen == 1);
    ngx_vrrp_conf_line(cf, &trackers->place);

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
    in->link_up_delay = NGX_CONF_UNSET;
    in->garp_master_repeat = NGX_CONF_UNSET;
    in->garp_master_delay = NGX_CONF_UNSET;
    in->garp_master_refresh = NGX_CONF_UNSET;
    in->garp_master_refresh_repeat = NGX_CONF_UNSET;
    in->close_connections = NGX_CONF_UNSET;
    in->track_workers = NGX_CONF_UNSET;
    in->track_timeout = NGX_CONF_UNSET;
    in->track_listen = NGX_CONF_UNSET;

    if (ngx_array_init(&in->trackers.list, cf->pool, 4,
                       sizeof(ngx_vrrp_tracker_t))
        != NGX_OK)
    {
        return NGX_ERROR;
    }

    if (ngx_array_init(&in->preempt_windows, cf->pool, 1,
                       sizeof(vrrp_core_window_conf_t))
        != NGX_OK)
    {
        return NGX_ERROR;
    }

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
    ngx_conf_init_value(in->link_up_delay,
                        (in->nopreempt && in->priority < NGX_VRRP_OWNER)
                        ? 6000 : 0);
    ngx_conf_init_value(in->garp_master_repeat, 5);
    ngx_conf_init_value(in->garp_master_delay, 5000);
    ngx_conf_init_value(in->garp_master_refresh, 0);
    ngx_conf_init_value(in->close_connections, 1);
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

    if (in->auth_file.len) {
        ngx_vrrp_core_str(&ic->auth_file, &in->auth_file);

    } else if (in->auth_pass.len) {
        ic->auth_pass = 1;
        ngx_memcpy(ic->auth_data, in->auth_pass.data,
                   ngx_min(in->auth_pass.len, VRRP_CORE_AUTH_LEN));
    }

    ic->addresses = in->addresses.elts;
    ic->naddresses = in->addresses.nelts;
    ic->family = ic->addresses[0].address.family;

    ic->unicast_src_ip = in->unicast_src_ip;
    ic->unicast_peers = in->unicast_peers.elts;
    ic->nunicast_peers = in->unicast_peers.nelts;

    ic->nopreempt = (uint8_t) in->nopreempt;
    ic->preempt_delay_ns = ngx_vrrp_msec_ns(in->preempt_delay);
    ic->link_up_delay_ns = ngx_vrrp_msec_ns(in->link_up_delay);
    ic->preempt_windows = in->preempt_windows.elts;
    ic->npreempt_windows = in->preempt_windows.nelts;

    ic->garp_master_repeat = (uint32_t) in->garp_master_repeat;
    ic->garp_master_delay_ns = ngx_vrrp_msec_ns(in->garp_master_delay);
    ic->garp_master_refresh_ns = ngx_vrrp_msec_ns(in->garp_master_refresh);
    ic->garp_master_refresh_repeat =
                                 (uint32_t) in->garp_master_refresh_repeat;

    ic->close_connections = (uint8_t) in->close_connections;

    ic->track_workers = (uint32_t) in->track_workers;
    ic->track_timeout_ns = ngx_vrrp_msec_ns(in->track_timeout);
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

        if (vcf->control) {
            ngx_log_error(NGX_LOG_EMERG, cycle->log, 0,
                          "\"vrrp_control\" needs a \"vrrp\" block in %V:%ui",
                          &vcf->control_place.file, vcf->control_place.line);
            return NGX_CONF_ERROR;
        }

        return ngx_vrrp_checks_require_vrrp(cycle, vcf);
    }

    ccf = (ngx_core_conf_t *) ngx_get_conf(cycle->conf_ctx, ngx_core_module);

    if (ccf->master == 0) {
        ngx_log_error(NGX_LOG_EMERG, cycle->log, 0,
                      "the \"vrrp\" block needs \"master_process on\": the "
                      "master starts the vrrp process in %V:%ui",
                      &vcf->block.file, vcf->block.line);
        return NGX_CONF_ERROR;
    }

    if (ngx_vrrp_init_track_nginx(cycle, vcf, ccf->worker_processes)
        != NGX_CONF_OK)
    {
        return NGX_CONF_ERROR;
    }

    if (ngx_vrrp_checks_build(cycle, vcf) != NGX_CONF_OK
        || ngx_vrrp_ports_build(cycle, vcf) != NGX_CONF_OK
        || ngx_vrrp_notify_build(cycle, vcf) != NGX_CONF_OK)
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
                      "vrrp_instance \"%*s\": \"track_nginx workers=%uD\" is "
                      "more than \"worker_processes %i\" in %V:%ui",
                      ic->name.len, ic->name.data, ic->track_workers,
                      worker_processes, &vcf->block.file, vcf->block.line);
        return NGX_CONF_ERROR;
    }

    return NGX_CONF_OK;
}
