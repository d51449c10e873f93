
/*
 * The parameters of a check together: their defaults, and the rules that join
 * two of them.
 */


#include "ngx_vrrp_check_conf.h"


/*
 * HAProxy's defaults for the servers of an upstream: 2s is often enough for a
 * balancer, and three failures are no accident.  A tracker makes an address
 * move, for which 2s are long.  What reports changes by itself, or is already
 * the result of several checks, is believed at once.
 */

typedef struct {
    ngx_uint_t           directives;
    ngx_int_t            interval;
    ngx_int_t            fall;
    ngx_int_t            rise;
} ngx_vrrp_timing_t;


static ngx_uint_t ngx_vrrp_check_kind(ngx_str_t *name);
static void ngx_vrrp_check_timing(ngx_vrrp_check_params_t *params,
    ngx_vrrp_check_t *check);
static char *ngx_vrrp_check_relations(ngx_conf_t *cf,
    ngx_vrrp_check_params_t *params);
static char *ngx_vrrp_check_http(ngx_conf_t *cf,
    ngx_vrrp_check_params_t *params, ngx_vrrp_check_t *check);
static char *ngx_vrrp_check_match(ngx_conf_t *cf,
    ngx_vrrp_check_params_t *params, ngx_vrrp_check_t *check);


static ngx_vrrp_timing_t  ngx_vrrp_timings[] = {
    { NGX_VRRP_CHECKS, 2000, 3, 2 },
    { NGX_VRRP_TRACK_HTTP|NGX_VRRP_TRACK_HTTPS|NGX_VRRP_TRACK_TCP
      |NGX_VRRP_TRACK_PING|NGX_VRRP_TRACK_SCRIPT, 1000, 3, 2 },
    { NGX_VRRP_TRACK_UPSTREAM|NGX_VRRP_TRACK_INTERFACE|NGX_VRRP_TRACK_FILE,
      1000, 1, 1 }
};


ngx_vrrp_check_t *
ngx_vrrp_check_create(ngx_conf_t *cf, ngx_str_t *args, ngx_uint_t nargs)
{
    ngx_str_t                what;
    ngx_uint_t               directive;
    ngx_vrrp_check_params_t  params;

    directive = ngx_vrrp_check_kind(&args[0]);

    if (directive == 0) {
        ngx_str_set(&what, "kind of check");
        (void) ngx_vrrp_conf_invalid(cf, &what, &args[0],
                                     "must be tcp, http, https or "
                                     "send-expect");
        return NULL;
    }

    if (ngx_vrrp_check_params(cf, &params, directive, &args[1], nargs - 1)
        != NGX_CONF_OK)
    {
        return NULL;
    }

    if (ngx_vrrp_check_defaults(cf, &params) != NGX_CONF_OK) {
        return NULL;
    }

    return ngx_vrrp_check_from_params(cf, &params);
}


static ngx_uint_t
ngx_vrrp_check_kind(ngx_str_t *name)
{
    if (ngx_strcmp(name->data, "tcp") == 0) {
        return NGX_VRRP_CHECK_TCP;
    }

    if (ngx_strcmp(name->data, "http") == 0) {
        return NGX_VRRP_CHECK_HTTP;
    }

    if (ngx_strcmp(name->data, "https") == 0) {
        return NGX_VRRP_CHECK_HTTPS;
    }

    if (ngx_strcmp(name->data, "send-expect") == 0) {
        return NGX_VRRP_CHECK_SEND_EXPECT;
    }

    return 0;
}


ngx_vrrp_check_t *
ngx_vrrp_check_from_params(ngx_conf_t *cf, ngx_vrrp_check_params_t *params)
{
    ngx_vrrp_check_t  *check;

    check = ngx_pcalloc(cf->pool, sizeof(ngx_vrrp_check_t));
    if (check == NULL) {
        return NULL;
    }

    ngx_vrrp_conf_line(cf, &check->place);

    ngx_vrrp_check_timing(params, check);

    if (ngx_vrrp_check_http(cf, params, check) != NGX_CONF_OK
        || ngx_vrrp_check_match(cf, params, check) != NGX_CONF_OK
        || ngx_vrrp_check_tls(cf, params, check) != NGX_CONF_OK)
    {
        return NULL;
    }

    /* a server gets its requests until it fails, an address must be earned */

    check->core.initial = ((params->directive & NGX_VRRP_CHECKS)
                           && params->mandatory != 1)
                          ? VRRP_CORE_UP : VRRP_CORE_UNKNOWN;

    if (params->port != NGX_CONF_UNSET) {
        check->port = (in_port_t) params->port;
    }

    return check;
}


char *
ngx_vrrp_check_defaults(ngx_conf_t *cf, ngx_vrrp_check_params_t *params)
{
    ngx_vrrp_timing_t  *timing;

    timing = ngx_vrrp_timings;

    while (!(timing->directives & params->directive)) {
        timing++;
    }

    ngx_conf_init_value(params->interval, timing->interval);

    /* the next check should not have to wait for the end of this one */

    ngx_conf_init_value(params->timeout, ngx_min(params->interval, 1000));

    ngx_conf_init_value(params->fall, timing->fall);
    ngx_conf_init_value(params->rise, timing->rise);
    ngx_conf_init_value(params->jitter, 10);

    return ngx_vrrp_check_relations(cf, params);
}


static void
ngx_vrrp_check_timing(ngx_vrrp_check_params_t *params, ngx_vrrp_check_t *check)
{
    vrrp_core_check_conf_t  *core;

    core = &check->core;

    core->interval_ns = ngx_vrrp_msec_ns(params->interval);
    core->timeout_ns = ngx_vrrp_msec_ns(params->timeout);
    core->fall = (uint32_t) params->fall;
    core->rise = (uint32_t) params->rise;
    core->jitter_percent = (uint32_t) params->jitter;

    if (params->fastinter != NGX_CONF_UNSET) {
        core->fastinter_ns = ngx_vrrp_msec_ns(params->fastinter);
    }

    if (params->downinter != NGX_CONF_UNSET) {
        core->downinter_ns = ngx_vrrp_msec_ns(params->downinter);
    }
}


static char *
ngx_vrrp_check_relations(ngx_conf_t *cf, ngx_vrrp_check_params_t *params)
{
    if (params->fastinter > params->interval) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "\"fastinter\" is %ims, but must not be longer "
                           "than \"interval\" of %ims",
                           params->fastinter, params->interval);
        return NGX_CONF_ERROR;
    }

    if (params->timeout > params->interval) {
        ngx_conf_log_error(NGX_LOG_WARN, cf, 0,
                           "\"timeout\" is %ims, longer than \"interval\" "
                           "of %ims: the next check waits until this one "
                           "has ended",
                           params->timeout, params->interval);
    }

    return NGX_CONF_OK;
}


static char *
ngx_vrrp_check_http(ngx_conf_t *cf, ngx_vrrp_check_params_t *params,
    ngx_vrrp_check_t *check)
{
    vrrp_core_check_conf_t  *core;

    core = &check->core;

    if (!(params->directive & NGX_VRRP_HTTP)) {

        if (params->directive == NGX_VRRP_CHECK_SEND_EXPECT) {
            core->kind = VRRP_CORE_CHECK_SEND_EXPECT;
        }

        return NGX_CONF_OK;
    }

    if (params->uri.len == 0) {
        ngx_str_set(&params->uri, "/");
    }

    if (params->method.len == 0) {
        ngx_str_set(&params->method, "GET");
    }

    if (params->uri.data[0] == '*' && params->method.data[0] != 'O') {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "\"uri=*\" needs \"method=OPTIONS\", "
                           "a %V request has a path", &params->method);
        return NGX_CONF_ERROR;
    }

    core->kind = VRRP_CORE_CHECK_HTTP;
    core->keepalive = (params->keepalive != 0);

    ngx_vrrp_core_str(&core->uri, &params->uri);
    ngx_vrrp_core_str(&core->method, &params->method);
    ngx_vrrp_core_str(&core->host, &params->host);

    return NGX_CONF_OK;
}


static char *
ngx_vrrp_check_match(ngx_conf_t *cf, ngx_vrrp_check_params_t *params,
    ngx_vrrp_check_t *check)
{
    if (params->directive == NGX_VRRP_CHECK_SEND_EXPECT
        && params->match.len == 0)
    {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "\"vrrp_check send-expect\" needs \"match=\", the "
                           "name of a \"vrrp_match\" with \"send\" or "
                           "\"expect\"");
        return NGX_CONF_ERROR;
    }

    check->match = params->match;

    return NGX_CONF_OK;
}


/* "vrrp_check_panic N|N%|off" */

char *
ngx_vrrp_check_panic(ngx_conf_t *cf, ngx_uint_t *panic, ngx_uint_t *percent)
{
    ngx_int_t   n;
    ngx_str_t  *value;

    value = cf->args->elts;

    if (ngx_strcmp(value[1].data, "off") == 0) {
        *panic = 0;
        *percent = 0;
        return NGX_CONF_OK;
    }

    n = ngx_vrrp_parse_percent(&value[1]);
    *percent = (n != NGX_ERROR);

    if (n == NGX_ERROR) {
        n = ngx_vrrp_parse_number(&value[1]);
    }

    if (n < 1 || n > (*percent ? 100 : 65535)) {
        return ngx_vrrp_conf_invalid(cf, &value[0], &value[1],
                                     "must be a number of servers, a "
                                     "percentage of them from 1% to 100%, or "
                                     "\"off\"");
    }

    *panic = (ngx_uint_t) n;

    return NGX_CONF_OK;
}
