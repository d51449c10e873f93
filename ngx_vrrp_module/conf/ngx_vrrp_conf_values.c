
/*
 * The directives of a vrrp_instance, one by one.  Rules about several of them
 * are in ngx_vrrp_conf_rules.c.
 */


#include "ngx_vrrp_directives.h"
#include "ngx_vrrp_params.h"
#include "ngx_vrrp_secret.h"

#include <net/if.h>


static ngx_vrrp_param_t  ngx_vrrp_track_nginx_list[] = {

    { ngx_string("workers="),
      1,
      ngx_vrrp_param_number(ngx_vrrp_instance_t, core.track_workers,
                            ngx_vrrp_parse_number, 1, VRRP_CORE_HEARTBEATS, 1,
                            "must be 1-1024") },

    { ngx_string("timeout="),
      1,
      ngx_vrrp_param_number(ngx_vrrp_instance_t, core.track_timeout_ns,
                            ngx_vrrp_parse_ns, 100 * NGX_VRRP_MSEC,
                            NGX_VRRP_HOUR, 2 * NGX_VRRP_SEC,
                            "must be a time from 100ms to 1h") },

    { ngx_string("listen="),
      1,
      ngx_vrrp_param_number(ngx_vrrp_instance_t, trackers.listen,
                            ngx_vrrp_parse_flag, 0, 1, 0,
                            "must be \"on\" or \"off\"") },

    { ngx_string("off"),
      1,
      ngx_vrrp_param_flag(ngx_vrrp_instance_t, track_off) },

    ngx_vrrp_last_param
};


static ngx_vrrp_directive_t  ngx_vrrp_track_nginx_directives[] = {
    { "track_nginx", 1 },
    { NULL, 0 }
};


static ngx_vrrp_params_t  ngx_vrrp_track_nginx_params = {
    ngx_vrrp_track_nginx_list,
    ngx_vrrp_track_nginx_directives,
    sizeof(ngx_vrrp_directive_t)
};


char *
ngx_vrrp_conf_bounded(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    char  *p = conf;

    int64_t            *np;
    ngx_str_t          *value;
    ngx_vrrp_bounds_t  *bounds;

    np = (int64_t *) (p + cmd->offset);

    if (*np != NGX_CONF_UNSET) {
        return "is duplicate";
    }

    bounds = cmd->post;
    value = cf->args->elts;

    if (cf->args->nelts == 1) {
        *np = 1;
        return NGX_CONF_OK;
    }

    if (ngx_vrrp_parse_bounded(&value[1], bounds, np) != NGX_OK) {
        return ngx_vrrp_conf_invalid(cf, &cmd->name, &value[1],
                                     bounds->expected);
    }

    return NGX_CONF_OK;
}


char *
ngx_vrrp_conf_router_id(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_vrrp_conf_t  *vcf = conf;

    ngx_str_t  *value;

    if (vcf->core.router_id.len) {
        return "is duplicate";
    }

    value = cf->args->elts;

    if (!ngx_vrrp_valid_name(&value[1])) {
        return ngx_vrrp_conf_invalid(cf, &cmd->name, &value[1],
                                     NGX_VRRP_NAME_EXPECTED);
    }

    ngx_vrrp_core_str(&vcf->core.router_id, &value[1]);

    return NGX_CONF_OK;
}


int64_t
ngx_vrrp_parse_state(ngx_str_t *value)
{
    if (ngx_strcmp(value->data, "MASTER") == 0) {
        return NGX_VRRP_STATE_MASTER;
    }

    return (ngx_strcmp(value->data, "BACKUP") == 0)
           ? NGX_VRRP_STATE_BACKUP : NGX_ERROR;
}


int64_t
ngx_vrrp_parse_checksum(ngx_str_t *value)
{
    if (ngx_strcmp(value->data, "rfc9568") == 0) {
        return VRRP_CORE_CHECKSUM_RFC9568;
    }

    return (ngx_strcmp(value->data, "pseudo_header") == 0)
           ? VRRP_CORE_CHECKSUM_PSEUDO_HEADER : NGX_ERROR;
}


char *
ngx_vrrp_conf_interface(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_vrrp_instance_t  *in = conf;

    ngx_str_t  *value;

    if (in->core.interface.len) {
        return "is duplicate";
    }

    value = cf->args->elts;

    if (!ngx_vrrp_valid_interface(&value[1])) {
        return ngx_vrrp_conf_invalid(cf, &cmd->name, &value[1],
                                     NGX_VRRP_INTERFACE_EXPECTED);
    }

    ngx_vrrp_core_str(&in->core.interface, &value[1]);
    ngx_vrrp_conf_find_interface(cf, &in->core.interface);

    return NGX_CONF_OK;
}


void
ngx_vrrp_conf_find_interface(ngx_conf_t *cf, const vrrp_core_str_t *interface)
{
    if (if_nametoindex(interface->data) == 0) {
        ngx_conf_log_error(NGX_LOG_WARN, cf, 0,
                           "interface \"%*s\" does not exist yet, the "
                           "instance is in FAULT until it appears",
                           interface->len, interface->data);
    }
}


/*
 * No message may hold the password, so none shows an argument that could be
 * one in the wrong place.
 */

char *
ngx_vrrp_conf_authentication(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_vrrp_instance_t  *in = conf;

    ngx_int_t   len;
    ngx_str_t  *value, file;

    if (in->core.auth_pass || in->core.auth_file.len || in->core.nhmac_keys) {
        return "is duplicate";
    }

    value = cf->args->elts;

    if (ngx_strcmp(value[1].data, "AH") == 0) {
        return "does not support AH, which RFC 3768 dropped from VRRP: "
               "use HMAC (keepalived 2.4.2 and newer: \"auth_hmac\"), or "
               "PASS, on all routers";
    }

    if (ngx_strcmp(value[1].data, "HMAC") == 0) {
        return ngx_vrrp_conf_hmac(cf, in, &value[2], cf->args->nelts - 2);
    }

    if (ngx_strcmp(value[1].data, "PASS") != 0 || cf->args->nelts != 3) {
        return "must be written \"authentication HMAC key=...\", "
               "\"authentication PASS password\" or "
               "\"authentication PASS file=path\"";
    }

    if (value[2].len == 0) {
        return "has an empty password";
    }

    if (ngx_strncmp(value[2].data, "file=", 5) == 0) {

        file.data = value[2].data + 5;
        file.len = value[2].len - 5;

        if (file.len == 0) {
            return "needs a file after \"file=\"";
        }

        len = ngx_vrrp_secret_check(cf, "file=", &file);

        if (len == NGX_ERROR) {
            return NGX_CONF_ERROR;
        }

        ngx_vrrp_core_str(&in->core.auth_file, &file);

    } else {
        len = value[2].len;
        in->core.auth_pass = 1;
        ngx_memcpy(in->core.auth_data, value[2].data,
                   ngx_min(len, VRRP_CORE_AUTH_LEN));
    }

    if (len > VRRP_CORE_AUTH_LEN) {
        ngx_conf_log_error(NGX_LOG_WARN, cf, 0,
                           "the password of \"authentication\" is truncated "
                           "to 8 characters, the VRRPv2 limit");
    }

    return NGX_CONF_OK;
}


char *
ngx_vrrp_conf_track_nginx(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_vrrp_instance_t  *in = conf;

    ngx_str_t  *value;

    if (in->track_nginx) {
        return "is duplicate";
    }

    in->track_nginx = 1;
    value = cf->args->elts;

    if (ngx_vrrp_params_read(cf, &ngx_vrrp_track_nginx_params,
                             ngx_vrrp_track_nginx_directives, in, &value[1],
                             cf->args->nelts - 1)
        != NGX_CONF_OK)
    {
        return NGX_CONF_ERROR;
    }

    if (in->track_off) {

        if (cf->args->nelts > 2) {
            return "cannot have other parameters with \"off\"";
        }

        in->core.track_workers = 0;
    }

    return NGX_CONF_OK;
}


void
ngx_vrrp_track_nginx_init(ngx_vrrp_instance_t *in)
{
    ngx_vrrp_params_init(&ngx_vrrp_track_nginx_params, in);
}
