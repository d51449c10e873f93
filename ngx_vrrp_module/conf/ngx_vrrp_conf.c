
/*
 * The "vrrp" block, its inner blocks, and what becomes of them: a
 * vrrp_core_conf_t that a vrrp process can be started with.  The directives
 * are in ngx_vrrp_commands.c.
 */


#include "ngx_vrrp_directives.h"
#include "ngx_vrrp_check_conf.h"
#include "ngx_vrrp_lifecycle.h"
#include "ngx_vrrp_notify_conf.h"


static void ngx_vrrp_conf_numbers(ngx_uint_t type, void *conf,
    ngx_uint_t defaults);
static char *ngx_vrrp_conf_finish(ngx_conf_t *cf, ngx_vrrp_conf_t *vcf);
static char *ngx_vrrp_instance_name(ngx_conf_t *cf, ngx_command_t *cmd,
    ngx_vrrp_conf_t *vcf);
static char *ngx_vrrp_instance_build(ngx_conf_t *cf,
    ngx_vrrp_block_t **blocks, ngx_uint_t n, ngx_vrrp_instance_t *in);
static ngx_int_t ngx_vrrp_instance_create(ngx_conf_t *cf,
    const vrrp_core_str_t *name, ngx_vrrp_instance_t *in);
static char *ngx_vrrp_instance_finish(ngx_vrrp_instance_t *in);
static void ngx_vrrp_init_leave(ngx_vrrp_conf_t *vcf);
static char *ngx_vrrp_init_track_nginx(ngx_cycle_t *cycle,
    ngx_vrrp_conf_t *vcf, ngx_int_t worker_processes);


char *
ngx_vrrp_conf_block(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_vrrp_conf_t  *vcf = conf;

    char             *rv;
    vrrp_core_str_t   none = { "", 0 };

    if (vcf->configured) {
        return ngx_vrrp_failed(cf, "duplicate \"vrrp\" block, the first one is "
                               "in %V:%ui: put all instances into one",
                               &vcf->block.file, vcf->block.line);
    }

    vcf->configured = 1;
    ngx_vrrp_conf_line(cf, &vcf->block);

    ngx_vrrp_conf_numbers(NGX_VRRP_BLOCK_CONF, vcf, 0);

    vcf->defaults = ngx_vrrp_block_create(cf, &none);

    if (vcf->defaults == NULL
        || ngx_array_init(&vcf->blocks, cf->pool, 2,
                          sizeof(ngx_vrrp_block_t *))
           != NGX_OK)
    {
        return NGX_CONF_ERROR;
    }

    rv = ngx_vrrp_conf_parse(cf, NGX_VRRP_BLOCK_CONF|NGX_VRRP_INHERITED_CONF,
                             vcf);
    if (rv != NGX_CONF_OK) {
        return rv;
    }

    return ngx_vrrp_conf_finish(cf, vcf);
}


/*
 * The commands are NGX_DIRECT_CONF: they are handed the pointer that cf->ctx
 * has for this module, and that is the block they are in.
 */

char *
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

    if (rv != NGX_CONF_OK) {
        ngx_vrrp_conf_hint(cf, type);
    }

    *cf = pcf;

    return rv;
}


/* numbers, times and flags of a block: before it is read, or not set in it */

static void
ngx_vrrp_conf_numbers(ngx_uint_t type, void *conf, ngx_uint_t defaults)
{
    char  *p = conf;

    int64_t            *np;
    ngx_command_t      *cmd;
    ngx_vrrp_bounds_t  *bounds;

    for (cmd = ngx_vrrp_commands; cmd->name.len; cmd++) {

        if (cmd->set != ngx_vrrp_conf_bounded || !(cmd->type & type)) {
            continue;
        }

        np = (int64_t *) (p + cmd->offset);
        bounds = cmd->post;

        if (!defaults) {
            *np = NGX_CONF_UNSET;

        } else {
            ngx_conf_init_value(*np, bounds->initial);
        }
    }
}


static char *
ngx_vrrp_conf_finish(ngx_conf_t *cf, ngx_vrrp_conf_t *vcf)
{
    if (vcf->blocks.nelts == 0) {
        return ngx_vrrp_failed(cf, "no \"vrrp_instance\" in the \"vrrp\" "
                               "block");
    }

    if (vcf->core.router_id.len == 0) {
        ngx_vrrp_core_str(&vcf->core.router_id, &cf->cycle->hostname);
    }

    ngx_vrrp_conf_numbers(NGX_VRRP_BLOCK_CONF, vcf, 1);

    if (ngx_vrrp_instances_build(cf, vcf, &vcf->core.router_id,
                                 &vcf->instances, &vcf->trackers)
        != NGX_CONF_OK
        || ngx_vrrp_nodes_check(cf, vcf) != NGX_CONF_OK)
    {
        return NGX_CONF_ERROR;
    }

    vcf->core.instances = vcf->instances.elts;
    vcf->core.ninstances = vcf->instances.nelts;

    if (ngx_vrrp_peer_build(cf, vcf) != NGX_CONF_OK) {
        return NGX_CONF_ERROR;
    }

    return ngx_vrrp_group_finish(cf, vcf);
}


/* an instance is built when all that it inherits has been read */

char *
ngx_vrrp_conf_instance(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_vrrp_conf_t  *vcf = conf;

    char               *rv;
    ngx_str_t          *value;
    vrrp_core_str_t     name;
    ngx_vrrp_block_t  **block;

    if (ngx_vrrp_instance_name(cf, cmd, vcf) != NGX_CONF_OK) {
        return NGX_CONF_ERROR;
    }

    value = cf->args->elts;
    ngx_vrrp_core_str(&name, &value[1]);

    block = ngx_array_push(&vcf->blocks);
    if (block == NULL) {
        return NGX_CONF_ERROR;
    }

    *block = ngx_vrrp_block_create(cf, &name);
    if (*block == NULL) {
        return NGX_CONF_ERROR;
    }

    rv = ngx_vrrp_conf_parse(cf, NGX_VRRP_INSTANCE_CONF, *block);

    ngx_vrrp_conf_line(cf, &(*block)->end);

    return rv;
}


ngx_vrrp_block_t *
ngx_vrrp_block_create(ngx_conf_t *cf, const vrrp_core_str_t *name)
{
    ngx_vrrp_block_t  *block;

    block = ngx_pcalloc(cf->pool, sizeof(ngx_vrrp_block_t));

    if (block == NULL
        || ngx_array_init(&block->settings, cf->pool, 8,
                          sizeof(ngx_vrrp_setting_t))
           != NGX_OK
        || ngx_array_init(&block->nodes, cf->pool, 2,
                          sizeof(ngx_vrrp_block_t *))
           != NGX_OK
        || ngx_vrrp_instance_create(cf, name, &block->checked) != NGX_OK)
    {
        return NULL;
    }

    return block;
}


static char *
ngx_vrrp_instance_name(ngx_conf_t *cf, ngx_command_t *cmd,
    ngx_vrrp_conf_t *vcf)
{
    ngx_str_t          *value;
    ngx_uint_t          i;
    vrrp_core_str_t     name;
    ngx_vrrp_block_t  **blocks;

    value = cf->args->elts;

    if (!ngx_vrrp_valid_name(&value[1])) {
        return ngx_vrrp_conf_invalid(cf, &cmd->name, &value[1],
                                     NGX_VRRP_NAME_EXPECTED);
    }

    ngx_vrrp_core_str(&name, &value[1]);
    blocks = vcf->blocks.elts;

    for (i = 0; i < vcf->blocks.nelts; i++) {
        if (ngx_vrrp_same_str(&blocks[i]->checked.core.name, &name)) {
            return ngx_vrrp_failed(cf, "duplicate vrrp_instance \"%V\"",
                                   &value[1]);
        }
    }

    return NGX_CONF_OK;
}


char *
ngx_vrrp_instances_build(ngx_conf_t *cf, ngx_vrrp_conf_t *vcf,
    const vrrp_core_str_t *node, ngx_array_t *instances, ngx_array_t *trackers)
{
    ngx_uint_t                   i, k, n;
    ngx_conf_t                   at;
    ngx_conf_file_t              file;
    vrrp_core_str_t              name;
    ngx_vrrp_block_t           **list, *blocks[4];
    ngx_vrrp_instance_t          in, parts[2];
    ngx_vrrp_trackers_t         *tp;
    vrrp_core_instance_conf_t   *ic;

    list = vcf->blocks.elts;

    for (i = 0; i < vcf->blocks.nelts; i++) {

        /* from the strongest to the weakest */

        n = 0;
        blocks[n] = ngx_vrrp_node_find(list[i], node);
        n += (blocks[n] != NULL);
        blocks[n++] = list[i];
        blocks[n] = ngx_vrrp_node_find(vcf->defaults, node);
        n += (blocks[n] != NULL);
        blocks[n++] = vcf->defaults;

        /* messages about the whole block have the line of its end */

        ngx_vrrp_conf_at(cf, &list[i]->end, &at, &file);

        name = list[i]->checked.core.name;

        if ((instances != &vcf->instances
             && ngx_vrrp_node_instance(&at, node, &name, &name) != NGX_OK)
            || ngx_vrrp_instance_create(&at, &name, &in) != NGX_OK
            || ngx_vrrp_instance_build(&at, blocks, n, &in) != NGX_CONF_OK
            || ngx_vrrp_rules_routes(&at, instances, &in) != NGX_CONF_OK
            || ngx_vrrp_family_split(&at, &in, parts, &n) != NGX_CONF_OK)
        {
            return NGX_CONF_ERROR;
        }

        for (k = 0; k < n; k++) {

            if (ngx_vrrp_vmac_init(&at, &parts[k]) != NGX_CONF_OK
                || ngx_vrrp_rules_instance(&at, &parts[k]) != NGX_CONF_OK
                || ngx_vrrp_rules_unique(&at, instances, &parts[k])
                   != NGX_CONF_OK)
            {
                return NGX_CONF_ERROR;
            }

            ic = ngx_array_push(instances);
            tp = ngx_array_push(trackers);

            if (ic == NULL || tp == NULL) {
                return NGX_CONF_ERROR;
            }

            *ic = parts[k].core;

            *tp = parts[k].trackers;
            tp->place = list[i]->end;
        }
    }

    return NGX_CONF_OK;
}


static char *
ngx_vrrp_instance_build(ngx_conf_t *cf, ngx_vrrp_block_t **blocks,
    ngx_uint_t n, ngx_vrrp_instance_t *in)
{
    if (ngx_vrrp_settings_apply(cf, blocks, n, in) != NGX_CONF_OK
        || ngx_vrrp_rules_required(cf, in) != NGX_CONF_OK)
    {
        return NGX_CONF_ERROR;
    }

    if (ngx_vrrp_instance_finish(in) != NGX_CONF_OK) {
        return NGX_CONF_ERROR;
    }

    return NGX_CONF_OK;
}


static ngx_int_t
ngx_vrrp_instance_create(ngx_conf_t *cf, const vrrp_core_str_t *name,
    ngx_vrrp_instance_t *in)
{
    ngx_memzero(in, sizeof(ngx_vrrp_instance_t));

    in->core.name = *name;
    ngx_vrrp_conf_numbers(NGX_VRRP_INSTANCE_CONF, in, 0);
    ngx_vrrp_track_nginx_init(in);

    if (ngx_array_init(&in->trackers.list, cf->pool, 4,
                       sizeof(ngx_vrrp_check_t))
        != NGX_OK
        || ngx_array_init(&in->preempt_windows, cf->pool, 1,
                          sizeof(vrrp_core_window_conf_t))
           != NGX_OK
        || ngx_array_init(&in->addresses, cf->pool, 4,
                          sizeof(vrrp_core_address_conf_t))
           != NGX_OK
        || ngx_array_init(&in->excluded, cf->pool, 1,
                          sizeof(vrrp_core_address_conf_t))
           != NGX_OK
        || ngx_array_init(&in->routes, cf->pool, 1,
                          sizeof(vrrp_core_route_conf_t))
           != NGX_OK
        || ngx_array_init(&in->rules, cf->pool, 1,
                          sizeof(vrrp_core_rule_conf_t))
           != NGX_OK
        || ngx_array_init(&in->unicast_peers, cf->pool, 2,
                          sizeof(vrrp_core_peer_conf_t))
           != NGX_OK)
    {
        return NGX_ERROR;
    }

    return NGX_OK;
}


/* the lists, and the defaults: some depend on other settings */

static char *
ngx_vrrp_instance_finish(ngx_vrrp_instance_t *in)
{
    ngx_uint_t                  i;
    vrrp_core_peer_conf_t      *peers;
    vrrp_core_address_conf_t   *addresses, *excluded;
    vrrp_core_instance_conf_t  *core;

    core = &in->core;
    in->given = *core;

    ngx_vrrp_conf_numbers(NGX_VRRP_INSTANCE_CONF, in, 1);

    if (core->election == 0) {

        /* the leases are renewed at this interval */

        core->advert_int_ns = NGX_VRRP_SEC;
        ngx_conf_init_value(core->virtual_router_id, 0);
    }

    ngx_conf_init_value(core->advert_int_ns,
                        (core->version == 2) ? NGX_VRRP_SEC
                                             : 100 * NGX_VRRP_MSEC);
    ngx_conf_init_value(core->link_up_delay_ns,
                        (core->nopreempt && core->priority < NGX_VRRP_OWNER)
                        ? 6 * NGX_VRRP_SEC : 0);

    if (core->nhmac_keys) {
        ngx_vrrp_hmac_finish(core);
    }

    addresses = in->addresses.elts;
    peers = in->unicast_peers.elts;

    core->family = in->addresses.nelts ? addresses[0].address.family
                   : in->unicast_peers.nelts ? peers[0].address.family : 4;

    excluded = ngx_array_push_n(&in->addresses, in->excluded.nelts);
    if (excluded == NULL) {
        return NGX_CONF_ERROR;
    }

    ngx_memcpy(excluded, in->excluded.elts,
               in->excluded.nelts * sizeof(vrrp_core_address_conf_t));

    addresses = in->addresses.elts;

    for (i = 0; i < in->addresses.nelts; i++) {
        if (addresses[i].interface.len == 0 && !in->use_vmac) {
            addresses[i].interface = core->interface;
        }
    }

    core->addresses = addresses;
    core->naddresses = in->addresses.nelts;
    core->routes = in->routes.elts;
    core->nroutes = in->routes.nelts;
    core->rules = in->rules.elts;
    core->nrules = in->rules.nelts;
    core->unicast_peers = peers;
    core->nunicast_peers = in->unicast_peers.nelts;
    core->preempt_windows = in->preempt_windows.elts;
    core->npreempt_windows = in->preempt_windows.nelts;

    return NGX_CONF_OK;
}


/* the rules that need other blocks; ngx_core_module has its defaults by now */

char *
ngx_vrrp_conf_init(ngx_cycle_t *cycle, void *conf)
{
    ngx_vrrp_conf_t  *vcf = conf;

    ngx_core_conf_t  *ccf;

    if (!vcf->configured) {

        if (vcf->status) {
            return ngx_vrrp_failed_at(cycle, &vcf->status_place,
                                      "\"vrrp_status\" needs a \"vrrp\" block");
        }

        if (vcf->control) {
            return ngx_vrrp_failed_at(cycle, &vcf->control_place,
                                      "\"vrrp_control\" needs a \"vrrp\" "
                                      "block");
        }

        return ngx_vrrp_checks_require_vrrp(cycle, vcf);
    }

    ccf = (ngx_core_conf_t *) ngx_get_conf(cycle->conf_ctx, ngx_core_module);

    if (ccf->master == 0) {
        return ngx_vrrp_failed_at(cycle, &vcf->block, "the \"vrrp\" block "
                                  "needs \"master_process on\": the master "
                                  "starts the vrrp process");
    }

    if (ngx_vrrp_init_track_nginx(cycle, vcf, ccf->worker_processes)
        != NGX_CONF_OK)
    {
        return NGX_CONF_ERROR;
    }

    ngx_vrrp_init_leave(vcf);

    if (ngx_vrrp_checks_build(cycle, vcf) != NGX_CONF_OK
        || ngx_vrrp_group_trackers(cycle, vcf) != NGX_CONF_OK
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


/*
 * Without an election no successor is heard: the addresses stay nearly as long
 * as workers serve, so that others can send the clients elsewhere meanwhile.
 */

static void
ngx_vrrp_init_leave(ngx_vrrp_conf_t *vcf)
{
    size_t                      i;
    int64_t                     leave;
    vrrp_core_instance_conf_t  *ic;

    ic = vcf->instances.elts;
    leave = vcf->release_timeout - ngx_min(vcf->release_timeout / 10, 100);

    for (i = 0; i < vcf->instances.nelts; i++) {
        ic[i].leave_ns = leave * NGX_VRRP_MSEC;
    }
}


static char *
ngx_vrrp_init_track_nginx(ngx_cycle_t *cycle, ngx_vrrp_conf_t *vcf,
    ngx_int_t worker_processes)
{
    size_t                            i;
    const vrrp_core_instance_conf_t  *ic;

    for (i = 0; i < vcf->core.ninstances; i++) {
        ic = &vcf->core.instances[i];

        if (ic->track_workers <= worker_processes) {
            continue;
        }

        return ngx_vrrp_failed_at(cycle, &vcf->block, "vrrp_instance \"%*s\": "
                                  "\"track_nginx workers=%L\" is more than "
                                  "\"worker_processes %i\"",
                                  ic->name.len, ic->name.data,
                                  ic->track_workers, worker_processes);
    }

    return NGX_CONF_OK;
}
