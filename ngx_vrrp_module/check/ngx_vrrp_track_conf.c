
/*
 * The track_* directives of a vrrp_instance.  Those that connect to something
 * are in ngx_vrrp_track_url.c, scripts in ngx_vrrp_track_script.c.
 */


#include "ngx_vrrp_track_conf.h"
#include "ngx_vrrp_ip.h"

#include <net/if.h>


static ngx_uint_t ngx_vrrp_track_is_known(ngx_vrrp_instance_t *in,
    ngx_str_t *type, ngx_str_t *name);
static char *ngx_vrrp_track_loss(ngx_conf_t *cf,
    ngx_vrrp_check_params_t *params);


ngx_vrrp_tracker_t *
ngx_vrrp_track_add(ngx_conf_t *cf, ngx_vrrp_instance_t *in,
    ngx_uint_t directive, ngx_vrrp_check_params_t *params)
{
    ngx_str_t           *value;
    ngx_vrrp_tracker_t  *tracker;

    value = cf->args->elts;

    if (ngx_vrrp_track_is_known(in, &value[0], &value[1])) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0, "duplicate %V \"%V\"",
                           &value[0], &value[1]);
        return NULL;
    }

    if (ngx_vrrp_check_params(cf, params, directive, &value[2],
                              cf->args->nelts - 2)
        != NGX_CONF_OK)
    {
        return NULL;
    }

    tracker = ngx_array_push(&in->trackers.list);
    if (tracker == NULL) {
        return NULL;
    }

    ngx_memzero(tracker, sizeof(ngx_vrrp_tracker_t));

    ngx_vrrp_conf_line(cf, &tracker->place);

    tracker->core.kind = VRRP_CORE_TRACK_CHECK;
    tracker->name = value[1];

    ngx_vrrp_core_str(&tracker->core.type, &value[0]);
    ngx_vrrp_core_str(&tracker->core.name, &value[1]);

    if (params->weighted == 1) {
        tracker->core.weighted = 1;
        tracker->core.weight = (int32_t) params->weight;
    }

    if (ngx_vrrp_check_defaults(cf, params) != NGX_CONF_OK) {
        return NULL;
    }

    tracker->core.fall = (uint32_t) params->fall;
    tracker->core.rise = (uint32_t) params->rise;
    tracker->core.interval_ns = ngx_vrrp_msec_ns(params->interval);

    return tracker;
}


static ngx_uint_t
ngx_vrrp_track_is_known(ngx_vrrp_instance_t *in, ngx_str_t *type,
    ngx_str_t *name)
{
    ngx_uint_t           i;
    ngx_vrrp_tracker_t  *trackers;

    trackers = in->trackers.list.elts;

    for (i = 0; i < in->trackers.list.nelts; i++) {

        if (trackers[i].core.type.len == type->len
            && ngx_strncmp(trackers[i].core.type.data, type->data, type->len)
               == 0
            && trackers[i].name.len == name->len
            && ngx_strncmp(trackers[i].name.data, name->data, name->len) == 0)
        {
            return 1;
        }
    }

    return 0;
}


char *
ngx_vrrp_track_check(ngx_conf_t *cf, ngx_vrrp_tracker_t *tracker,
    ngx_vrrp_check_params_t *params, vrrp_core_check_kind_e kind)
{
    tracker->check = ngx_vrrp_check_from_params(cf, params);

    if (tracker->check == NULL) {
        return NGX_CONF_ERROR;
    }

    tracker->check->core.kind = kind;

    return NGX_CONF_OK;
}


/* which upstream that is, is found out when all has been read */

char *
ngx_vrrp_conf_track_upstream(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_vrrp_instance_t  *in = conf;

    ngx_vrrp_check_params_t   params;
    ngx_vrrp_tracker_t       *tracker;

    tracker = ngx_vrrp_track_add(cf, in, NGX_VRRP_TRACK_UPSTREAM, &params);
    if (tracker == NULL) {
        return NGX_CONF_ERROR;
    }

    ngx_conf_init_value(params.min_up, 1);

    tracker->core.kind = VRRP_CORE_TRACK_POOL;
    tracker->core.min_up = (uint32_t) params.min_up;
    tracker->core.min_up_percent = (uint8_t) params.min_up_percent;

    return NGX_CONF_OK;
}


char *
ngx_vrrp_conf_track_interface(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_vrrp_instance_t  *in = conf;

    ngx_str_t                *value;
    ngx_vrrp_check_params_t   params;
    ngx_vrrp_tracker_t       *tracker;

    value = cf->args->elts;

    if (!ngx_vrrp_valid_interface(&value[1])) {
        return ngx_vrrp_conf_invalid(cf, &cmd->name, &value[1],
                                     NGX_VRRP_INTERFACE_EXPECTED);
    }

    tracker = ngx_vrrp_track_add(cf, in, NGX_VRRP_TRACK_INTERFACE, &params);
    if (tracker == NULL) {
        return NGX_CONF_ERROR;
    }

    tracker->core.kind = VRRP_CORE_TRACK_INTERFACE;
    ngx_vrrp_core_str(&tracker->core.interface, &value[1]);

    if (if_nametoindex((char *) value[1].data) == 0) {
        ngx_conf_log_error(NGX_LOG_WARN, cf, 0,
                           "interface \"%V\" does not exist yet, "
                           "\"track_interface\" treats it as down until it "
                           "appears", &value[1]);
    }

    return NGX_CONF_OK;
}


char *
ngx_vrrp_conf_track_ping(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_vrrp_instance_t  *in = conf;

    ngx_str_t                *value;
    const char               *reason;
    vrrp_core_ip_t            ip;
    ngx_vrrp_check_params_t   params;
    ngx_vrrp_tracker_t       *tracker;
    vrrp_core_check_conf_t   *core;

    value = cf->args->elts;

    reason = ngx_vrrp_parse_ip(value[1].data, value[1].len, &ip);

    if (reason == NULL && ngx_vrrp_link_local(&ip)) {
        reason = "it is a link-local address, which does not name its "
                 "interface: use another address of that host";
    }

    if (reason) {
        return ngx_vrrp_conf_invalid(cf, &cmd->name, &value[1], reason);
    }

    tracker = ngx_vrrp_track_add(cf, in, NGX_VRRP_TRACK_PING, &params);

    if (tracker == NULL
        || ngx_vrrp_track_loss(cf, &params) != NGX_CONF_OK
        || ngx_vrrp_track_check(cf, tracker, &params, VRRP_CORE_CHECK_PING)
           != NGX_CONF_OK)
    {
        return NGX_CONF_ERROR;
    }

    tracker->address = value[1];

    core = &tracker->check->core;
    core->ip = ip;
    core->window = (uint32_t) params.count;
    core->loss_percent = (uint32_t) params.loss;

    return NGX_CONF_OK;
}


static char *
ngx_vrrp_track_loss(ngx_conf_t *cf, ngx_vrrp_check_params_t *params)
{
    ngx_conf_init_value(params->count, 1);

    if (params->count == 1 && params->loss != NGX_CONF_UNSET) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "\"loss=%i%%\" needs \"count=\" of at least 2: the "
                           "loss is measured over that many pings",
                           params->loss);
        return NGX_CONF_ERROR;
    }

    ngx_conf_init_value(params->loss, 100);

    return NGX_CONF_OK;
}


char *
ngx_vrrp_conf_track_file(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_vrrp_instance_t  *in = conf;

    ngx_str_t                *value, *path;
    ngx_vrrp_check_params_t   params;
    vrrp_core_str_t          *command;
    ngx_vrrp_tracker_t       *tracker;

    value = cf->args->elts;

    if (value[1].len == 0) {
        return ngx_vrrp_conf_invalid(cf, &cmd->name, &value[1],
                                     "must be the path of a file");
    }

    tracker = ngx_vrrp_track_add(cf, in, NGX_VRRP_TRACK_FILE, &params);

    if (tracker == NULL
        || ngx_vrrp_track_check(cf, tracker, &params, VRRP_CORE_CHECK_FILE)
           != NGX_CONF_OK)
    {
        return NGX_CONF_ERROR;
    }

    path = &tracker->address;
    *path = value[1];

    command = ngx_palloc(cf->pool, sizeof(vrrp_core_str_t));

    if (command == NULL || ngx_conf_full_name(cf->cycle, path, 0) != NGX_OK) {
        return NGX_CONF_ERROR;
    }

    ngx_vrrp_core_str(command, path);

    tracker->core.kind = VRRP_CORE_TRACK_FILE;
    tracker->check->core.command = command;
    tracker->check->core.ncommand = 1;

    /* it is the tracker that counts, with the number at hand */

    tracker->check->core.fall = 1;
    tracker->check->core.rise = 1;

    return NGX_CONF_OK;
}
