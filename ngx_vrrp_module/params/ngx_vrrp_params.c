
/*
 * Reads the parameters "name=value" of a directive.
 */


#include "ngx_vrrp_params.h"


static char *ngx_vrrp_param_parse(ngx_conf_t *cf, ngx_vrrp_params_t *params,
    ngx_uint_t directive, void *values, ngx_str_t *arg);
static ngx_vrrp_param_t *ngx_vrrp_param_find(ngx_vrrp_params_t *params,
    ngx_uint_t directive, ngx_str_t *arg);
static ngx_uint_t ngx_vrrp_param_is(ngx_vrrp_param_t *param, ngx_str_t *arg);
static ngx_uint_t ngx_vrrp_param_is_set(void *values, ngx_vrrp_param_t *param);
static ngx_int_t ngx_vrrp_param_set(void *values, ngx_vrrp_param_t *param,
    ngx_str_t *value);
static char *ngx_vrrp_param_unknown(ngx_conf_t *cf,
    ngx_vrrp_params_t *params, ngx_uint_t directive, ngx_str_t *arg);
static char *ngx_vrrp_param_misplaced(ngx_conf_t *cf,
    ngx_vrrp_params_t *params, ngx_uint_t directive,
    ngx_vrrp_param_t *param, ngx_str_t *arg);


char *
ngx_vrrp_params_read(ngx_conf_t *cf, ngx_vrrp_params_t *params,
    ngx_uint_t directive, void *values, ngx_str_t *args, ngx_uint_t nargs)
{
    char  *p = values;

    ngx_uint_t         i;
    ngx_vrrp_param_t  *param;

    for (param = params->list; param->name.len; param++) {
        if (param->valid == NULL) {
            *(ngx_int_t *) (p + param->offset) = NGX_CONF_UNSET;
        }
    }

    for (i = 0; i < nargs; i++) {
        if (ngx_vrrp_param_parse(cf, params, directive, values, &args[i])
            != NGX_CONF_OK)
        {
            return NGX_CONF_ERROR;
        }
    }

    return NGX_CONF_OK;
}


static char *
ngx_vrrp_param_parse(ngx_conf_t *cf, ngx_vrrp_params_t *params,
    ngx_uint_t directive, void *values, ngx_str_t *arg)
{
    ngx_str_t          what, value;
    ngx_vrrp_param_t  *param;

    param = ngx_vrrp_param_find(params, directive, arg);

    if (param == NULL) {
        return ngx_vrrp_param_unknown(cf, params, directive, arg);
    }

    if (!(param->directives & directive)) {
        return ngx_vrrp_param_misplaced(cf, params, directive, param, arg);
    }

    if (ngx_vrrp_param_is_set(values, param)) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0, "duplicate parameter \"%V\"",
                           arg);
        return NGX_CONF_ERROR;
    }

    value.data = arg->data + param->name.len;
    value.len = arg->len - param->name.len;

    if (ngx_vrrp_param_set(values, param, &value) != NGX_OK) {
        ngx_str_set(&what, "parameter");
        return ngx_vrrp_conf_invalid(cf, &what, arg, param->bounds.expected);
    }

    return NGX_CONF_OK;
}


/* two directives may have different parameters of one name */

static ngx_vrrp_param_t *
ngx_vrrp_param_find(ngx_vrrp_params_t *params, ngx_uint_t directive,
    ngx_str_t *arg)
{
    ngx_vrrp_param_t  *param, *other;

    other = NULL;

    for (param = params->list; param->name.len; param++) {

        if (!ngx_vrrp_param_is(param, arg)) {
            continue;
        }

        if (param->directives & directive) {
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


static ngx_uint_t
ngx_vrrp_param_is_set(void *values, ngx_vrrp_param_t *param)
{
    char  *p = values;

    if (param->valid) {
        return ((ngx_str_t *) (p + param->offset))->data != NULL;
    }

    return *(ngx_int_t *) (p + param->offset) != NGX_CONF_UNSET;
}


static ngx_int_t
ngx_vrrp_param_set(void *values, ngx_vrrp_param_t *param, ngx_str_t *value)
{
    char  *p = values;

    if (param->set) {
        return param->set(values, param, value);
    }

    if (param->bounds.parse) {
        return ngx_vrrp_parse_bounded(value, &param->bounds,
                                      (ngx_int_t *) (p + param->offset));
    }

    if (param->valid == NULL) {
        *(ngx_int_t *) (p + param->offset) = 1;
        return NGX_OK;
    }

    if (!param->valid(value)) {
        return NGX_ERROR;
    }

    *(ngx_str_t *) (p + param->offset) = *value;

    return NGX_OK;
}


static char *
ngx_vrrp_param_unknown(ngx_conf_t *cf, ngx_vrrp_params_t *params,
    ngx_uint_t directive, ngx_str_t *arg)
{
    u_char            *p, list[NGX_MAX_CONF_ERRSTR];
    ngx_vrrp_param_t  *param;

    p = list;

    for (param = params->list; param->name.len; param++) {
        if (param->directives & directive) {
            p = ngx_slprintf(p, list + NGX_MAX_CONF_ERRSTR, "%s\"%V\"",
                             (p == list) ? "" : ", ", &param->name);
        }
    }

    ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                       "invalid parameter \"%V\": \"%s\" supports %*s",
                       arg, ngx_vrrp_params_directive(params, directive),
                       (size_t) (p - list), list);

    return NGX_CONF_ERROR;
}


static char *
ngx_vrrp_param_misplaced(ngx_conf_t *cf, ngx_vrrp_params_t *params,
    ngx_uint_t directive, ngx_vrrp_param_t *param, ngx_str_t *arg)
{
    u_char                *p, list[NGX_MAX_CONF_ERRSTR];
    ngx_vrrp_directive_t  *o;

    p = list;

    for (o = params->directives; o->directive; o++) {
        if (param->directives & o->directive) {
            p = ngx_slprintf(p, list + NGX_MAX_CONF_ERRSTR, "%s\"%s\"",
                             (p == list) ? "" : ", ", o->name);
        }
    }

    ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                       "invalid parameter \"%V\": \"%s\" does not support "
                       "\"%V\", it is for %*s",
                       arg, ngx_vrrp_params_directive(params, directive),
                       &param->name, (size_t) (p - list), list);

    return NGX_CONF_ERROR;
}


const char *
ngx_vrrp_params_directive(ngx_vrrp_params_t *params, ngx_uint_t directive)
{
    ngx_vrrp_directive_t  *o;

    for (o = params->directives; o->directive != directive; o++) { /* void */ }

    return o->name;
}
