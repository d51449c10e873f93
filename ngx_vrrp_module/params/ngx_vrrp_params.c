
/*
 * Reads the parameters "name=value" of a directive.
 */


#include "ngx_vrrp_params.h"


static char *ngx_vrrp_param_parse(ngx_conf_t *cf, ngx_vrrp_params_t *params,
    ngx_vrrp_directive_t *directive, void *values, ngx_str_t *arg,
    uint64_t *given);
static ngx_vrrp_param_t *ngx_vrrp_param_find(ngx_vrrp_params_t *params,
    ngx_vrrp_directive_t *directive, ngx_str_t *arg);
static ngx_uint_t ngx_vrrp_param_is(ngx_vrrp_param_t *param, ngx_str_t *arg);
static char *ngx_vrrp_param_unknown(ngx_conf_t *cf, ngx_vrrp_params_t *params,
    ngx_vrrp_directive_t *directive, ngx_str_t *arg);
static char *ngx_vrrp_param_misplaced(ngx_conf_t *cf,
    ngx_vrrp_params_t *params, ngx_vrrp_directive_t *directive,
    ngx_vrrp_param_t *param, ngx_str_t *arg);


char *
ngx_vrrp_params_read(ngx_conf_t *cf, ngx_vrrp_params_t *params,
    ngx_vrrp_directive_t *directive, void *values, ngx_str_t *args,
    ngx_uint_t nargs)
{
    uint64_t    given;
    ngx_uint_t  i;

    ngx_vrrp_params_init(params, values);

    given = 0;

    for (i = 0; i < nargs; i++) {
        if (ngx_vrrp_param_parse(cf, params, directive, values, &args[i],
                                 &given)
            != NGX_CONF_OK)
        {
            return NGX_CONF_ERROR;
        }
    }

    return NGX_CONF_OK;
}


void
ngx_vrrp_params_init(ngx_vrrp_params_t *params, void *values)
{
    char  *p = values;

    ngx_vrrp_param_t  *param;

    for (param = params->list; param->name.len; param++) {
        if (param->valid == NULL) {
            *(int64_t *) (p + param->offset) = param->bounds.initial;
        }
    }
}


/* given: a bit for each parameter before this one */

static char *
ngx_vrrp_param_parse(ngx_conf_t *cf, ngx_vrrp_params_t *params,
    ngx_vrrp_directive_t *directive, void *values, ngx_str_t *arg,
    uint64_t *given)
{
    uint64_t           bit;
    ngx_str_t          what, value;
    ngx_vrrp_param_t  *param;

    param = ngx_vrrp_param_find(params, directive, arg);

    if (param == NULL) {
        return ngx_vrrp_param_unknown(cf, params, directive, arg);
    }

    if (!(param->groups & directive->groups)) {
        return ngx_vrrp_param_misplaced(cf, params, directive, param, arg);
    }

    bit = (uint64_t) 1 << (param - params->list);

    if (*given & bit) {
        return ngx_vrrp_failed(cf, "duplicate parameter \"%V\"", arg);
    }

    *given |= bit;

    value.data = arg->data + param->name.len;
    value.len = arg->len - param->name.len;

    if (param->set(values, param, &value) != NGX_OK) {
        ngx_str_set(&what, "parameter");
        return ngx_vrrp_conf_invalid(cf, &what, arg, param->bounds.expected);
    }

    return NGX_CONF_OK;
}


/* two groups may have different parameters of one name */

static ngx_vrrp_param_t *
ngx_vrrp_param_find(ngx_vrrp_params_t *params,
    ngx_vrrp_directive_t *directive, ngx_str_t *arg)
{
    ngx_vrrp_param_t  *param, *other;

    other = NULL;

    for (param = params->list; param->name.len; param++) {

        if (!ngx_vrrp_param_is(param, arg)) {
            continue;
        }

        if (param->groups & directive->groups) {
            return param;
        }

        other = param;
    }

    return other;
}


static ngx_uint_t
ngx_vrrp_param_is(ngx_vrrp_param_t *param, ngx_str_t *arg)
{
    if (ngx_strncmp(arg->data, param->name.data, param->name.len) != 0) {
        return 0;
    }

    return param->name.data[param->name.len - 1] == '='
           || arg->len == param->name.len;
}


static char *
ngx_vrrp_param_unknown(ngx_conf_t *cf, ngx_vrrp_params_t *params,
    ngx_vrrp_directive_t *directive, ngx_str_t *arg)
{
    u_char            *p, list[NGX_MAX_CONF_ERRSTR];
    ngx_vrrp_param_t  *param;

    p = list;

    for (param = params->list; param->name.len; param++) {
        if (param->groups & directive->groups) {
            p = ngx_slprintf(p, list + NGX_MAX_CONF_ERRSTR, "%s\"%V\"",
                             (p == list) ? "" : ", ", &param->name);
        }
    }

    return ngx_vrrp_failed(cf, "invalid parameter \"%V\": \"%s\" supports %*s",
                           arg, directive->name, (size_t) (p - list), list);
}


static char *
ngx_vrrp_param_misplaced(ngx_conf_t *cf, ngx_vrrp_params_t *params,
    ngx_vrrp_directive_t *directive, ngx_vrrp_param_t *param, ngx_str_t *arg)
{
    char                  *row;
    u_char                *p, list[NGX_MAX_CONF_ERRSTR];
    ngx_vrrp_directive_t  *other;

    p = list;
    row = params->directives;

    for ( ;; ) {
        other = (ngx_vrrp_directive_t *) row;

        if (other->name == NULL) {
            break;
        }

        if (param->groups & other->groups) {
            p = ngx_slprintf(p, list + NGX_MAX_CONF_ERRSTR, "%s\"%s\"",
                             (p == list) ? "" : ", ", other->name);
        }

        row += params->row;
    }

    return ngx_vrrp_failed(cf, "invalid parameter \"%V\": \"%s\" does not "
                           "support \"%V\", it is for %*s",
                           arg, directive->name, &param->name,
                           (size_t) (p - list), list);
}
