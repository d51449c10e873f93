
/*
 * The directives of a vrrp_instance, one by one.  Whatever needs a second
 * directive to be judged is in ngx_vrrp_conf_rules.c.
 */


#include "ngx_vrrp_directives.h"
#include "ngx_vrrp_secret.h"

#include <net/if.h>


#define NGX_VRRP_TRACK_EXPECTED                                               \
    "must be \"workers=number\", \"timeout=time\" or \"listen=on\", "          \
    "or only \"off\""


typedef struct {
    ngx_str_t            name;           /* with its "=" */
    ngx_uint_t           offset;         /* in ngx_vrrp_instance_t */
    ngx_vrrp_bounds_t    bounds;
} ngx_vrrp_parameter_t;


static char *ngx_vrrp_track_parameter(ngx_conf_t *cf, ngx_str_t *value,
    ngx_vrrp_instance_t *in);


static ngx_vrrp_parameter_t  ngx_vrrp_track_parameters[] = {

    { ngx_string("workers="),
      offsetof(ngx_vrrp_instance_t, track_workers),
      { ngx_vrrp_parse_number, 1, VRRP_CORE_HEARTBEATS, 0,
        "must be 1-1024" } },

    { ngx_string("timeout="),
      offsetof(ngx_vrrp_instance_t, track_timeout),
      { ngx_vrrp_parse_msec, 100, 3600000, 0,
        "must be a time from 100ms to 1h" } },

    { ngx_string("listen="),
      offsetof(ngx_vrrp_instance_t, track_listen),
      { ngx_vrrp_parse_flag, 0, 1, 0,
        "must be \"on\" or \"off\"" } },

    { ngx_null_string, 0, { NULL, 0, 0, 0, NULL } }
};


char *
ngx_vrrp_conf_bounded(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    char  *p = conf;

    ngx_int_t          *np;
    ngx_str_t          *value;
    ngx_vrrp_bounds_t  *bounds;

    np = (ngx_int_t *) (p + cmd->offset);

    if (*np != NGX_CONF_UNSET) {
        return "is duplicate";
    }

    bounds = cmd->post;
    value = cf->args->elts;

    if (ngx_vrrp_parse_bounded(&value[1], bounds, np) != NGX_OK) {
        return ngx_vrrp_conf_invalid(cf, &cmd->name, &value[1],
                                     bounds->expected);
    }

    return NGX_CONF_OK;
}


char *
ngx_vrrp_conf_router_id(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_vrrp_block_t  *block = conf;

    ngx_str_t  *value;

    if (block->router_id.len) {
        return "is duplicate";
    }

    value = cf->args->elts;

    if (!ngx_vrrp_valid_name(&value[1])) {
        return ngx_vrrp_conf_invalid(cf, &cmd->name, &value[1],
                                     NGX_VRRP_NAME_EXPECTED);
    }

    block->router_id = value[1];

    return NGX_CONF_OK;
}


char *
ngx_vrrp_conf_state(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_vrrp_instance_t  *in = conf;

    ngx_str_t  *value;

    if (in->state != NGX_VRRP_STATE_UNSET) {
        return "is duplicate";
    }

    value = cf->args->elts;

    if (ngx_strcmp(value[1].data, "MASTER") == 0) {
        in->state = NGX_VRRP_STATE_MASTER;
        return NGX_CONF_OK;
    }

    if (ngx_strcmp(value[1].data, "BACKUP") == 0) {
        in->state = NGX_VRRP_STATE_BACKUP;
        return NGX_CONF_OK;
    }

    return ngx_vrrp_conf_invalid(cf, &cmd->name, &value[1],
                                 "must be MASTER or BACKUP");
}


char *
ngx_vrrp_conf_interface(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_vrrp_instance_t  *in = conf;

    ngx_str_t  *value;

    if (in->interface.len) {
        return "is duplicate";
    }

    value = cf->args->elts;

    return ngx_vrrp_conf_set_interface(cf, &value[1], &in->interface);
}


char *
ngx_vrrp_conf_set_interface(ngx_conf_t *cf, ngx_str_t *value,
    ngx_str_t *interface)
{
    ngx_str_t  what;

    if (!ngx_vrrp_valid_interface(value)) {
        ngx_str_set(&what, "interface");
        return ngx_vrrp_conf_invalid(cf, &what, value,
                                     NGX_VRRP_INTERFACE_EXPECTED);
    }

    if (if_nametoindex((char *) value->data) == 0) {
        ngx_conf_log_error(NGX_LOG_WARN, cf, 0,
                           "interface \"%V\" does not exist yet, the instance "
                           "is in FAULT until it appears",
                           value);
    }

    *interface = *value;

    return NGX_CONF_OK;
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
    ngx_str_t  *value;

    if (in->auth_pass.data) {
        return "is duplicate";
    }

    value = cf->args->elts;

    if (ngx_strcmp(value[1].data, "AH") == 0) {
        return "does not support AH, which RFC 3768 dropped from VRRP: "
               "use PASS on all routers";
    }

    if (ngx_strcmp(value[1].data, "PASS") != 0 || cf->args->nelts != 3) {
        return "must be written \"authentication PASS password\" or "
               "\"authentication PASS file=path\"";
    }

    if (value[2].len == 0) {
        return "has an empty password";
    }

    in->auth_pass = value[2];
    len = value[2].len;

    if (ngx_strncmp(value[2].data, "file=", 5) == 0) {

        in->auth_file.data = value[2].data + 5;
        in->auth_file.len = value[2].len - 5;

        if (in->auth_file.len == 0) {
            return "needs a file after \"file=\"";
        }

        len = ngx_vrrp_secret_check(cf, "file=", &in->auth_file);

        if (len == NGX_ERROR) {
            return NGX_CONF_ERROR;
        }
    }

    if (len > VRRP_CORE_AUTH_LEN) {
        ngx_conf_log_error(NGX_LOG_WARN, cf, 0,
                           "the password of \"authentication\" is truncated "
                           "to 8 characters, the VRRPv2 limit");
    }

    return NGX_CONF_OK;
}


char *
ngx_vrrp_conf_nopreempt(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_vrrp_instance_t  *in = conf;

    if (in->nopreempt) {
        return "is duplicate";
    }

    in->nopreempt = 1;

    return NGX_CONF_OK;
}


char *
ngx_vrrp_conf_track_nginx(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_vrrp_instance_t  *in = conf;

    ngx_str_t   *value;
    ngx_uint_t   i;

    if (in->track_workers != NGX_CONF_UNSET
        || in->track_timeout != NGX_CONF_UNSET
        || in->track_listen != NGX_CONF_UNSET)
    {
        return "is duplicate";
    }

    value = cf->args->elts;

    if (cf->args->nelts == 2 && ngx_strcmp(value[1].data, "off") == 0) {
        in->track_workers = 0;
        return NGX_CONF_OK;
    }

    for (i = 1; i < cf->args->nelts; i++) {
        if (ngx_vrrp_track_parameter(cf, &value[i], in) != NGX_CONF_OK) {
            return NGX_CONF_ERROR;
        }
    }

    return NGX_CONF_OK;
}


static char *
ngx_vrrp_track_parameter(ngx_conf_t *cf, ngx_str_t *value,
    ngx_vrrp_instance_t *in)
{
    char  *p = (char *) in;

    ngx_int_t             *np;
    ngx_str_t              what, number;
    ngx_vrrp_parameter_t  *param;

    ngx_str_set(&what, "parameter");

    for (param = ngx_vrrp_track_parameters; param->name.len; param++) {

        if (ngx_strncmp(value->data, param->name.data, param->name.len) != 0) {
            continue;
        }

        np = (ngx_int_t *) (p + param->offset);

        if (*np != NGX_CONF_UNSET) {
            ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                               "duplicate parameter \"%V\"", value);
            return NGX_CONF_ERROR;
        }

        number.data = value->data + param->name.len;
        number.len = value->len - param->name.len;

        if (ngx_vrrp_parse_bounded(&number, &param->bounds, np) == NGX_OK) {
            return NGX_CONF_OK;
        }

        return ngx_vrrp_conf_invalid(cf, &what, value, param->bounds.expected);
    }

    return ngx_vrrp_conf_invalid(cf, &what, value, NGX_VRRP_TRACK_EXPECTED);
}
