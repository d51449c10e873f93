
/*
 * The parameters of a check together: defaults that depend on others, and the
 * rules about several of them.
 */


#include "ngx_vrrp_check_conf.h"
#include "ngx_vrrp_match_conf.h"


#define NGX_VRRP_STATUS_LIST_EXPECTED                                         \
    "must be a list of statuses from 100 to 599 or ranges, as in "            \
    "\"200,204,300-399\""


char *
ngx_vrrp_check_timing(ngx_conf_t *cf, ngx_vrrp_check_t *check)
{
    ngx_vrrp_check_kind_t   *kind;
    vrrp_core_check_conf_t  *core;

    kind = check->kind;
    core = &check->core;

    ngx_conf_init_value(core->interval_ns, ngx_vrrp_msec_ns(kind->interval));
    ngx_conf_init_value(core->fall, kind->fall);
    ngx_conf_init_value(core->rise, kind->rise);

    /* the next check should not have to wait for the end of this one */

    ngx_conf_init_value(core->timeout_ns,
                        ngx_min(core->interval_ns, NGX_VRRP_SEC));

    check->tracker.interval_ns = core->interval_ns;
    check->tracker.fall = core->fall;
    check->tracker.rise = core->rise;

    if (core->fastinter_ns > core->interval_ns) {
        return ngx_vrrp_failed(cf, "\"fastinter\" is %Lms, but must not be "
                               "longer than \"interval\" of %Lms",
                               core->fastinter_ns / NGX_VRRP_MSEC,
                               core->interval_ns / NGX_VRRP_MSEC);
    }

    if (core->timeout_ns > core->interval_ns) {
        ngx_conf_log_error(NGX_LOG_WARN, cf, 0,
                           "\"timeout\" is %Lms, longer than \"interval\" "
                           "of %Lms: the next check waits until this one "
                           "has ended",
                           core->timeout_ns / NGX_VRRP_MSEC,
                           core->interval_ns / NGX_VRRP_MSEC);
    }

    return NGX_CONF_OK;
}


char *
ngx_vrrp_check_http(ngx_conf_t *cf, ngx_vrrp_check_t *check)
{
    vrrp_core_check_conf_t  *core;

    core = &check->core;

    if (core->kind != VRRP_CORE_CHECK_HTTP) {
        return NGX_CONF_OK;
    }

    if (core->uri.len == 0) {
        ngx_vrrp_core_literal(&core->uri, "/");
    }

    if (core->method.len == 0) {
        ngx_vrrp_core_literal(&core->method, "GET");
    }

    if (core->uri.data[0] == '*' && core->method.data[0] != 'O') {
        return ngx_vrrp_failed(cf, "\"uri=*\" needs \"method=OPTIONS\", a %*s "
                               "request has a path",
                               core->method.len, core->method.data);
    }

    return NGX_CONF_OK;
}


char *
ngx_vrrp_check_match(ngx_conf_t *cf, ngx_vrrp_check_t *check)
{
    if (check->core.kind == VRRP_CORE_CHECK_SEND_EXPECT
        && check->match.len == 0)
    {
        return ngx_vrrp_failed(cf, "\"vrrp_check send-expect\" needs "
                               "\"match=\", the name of a \"vrrp_match\" with "
                               "\"send\" or \"expect\"");
    }

    return NGX_CONF_OK;
}


/* "status=200,204,300-399" is a separate match */

char *
ngx_vrrp_check_statuses(ngx_conf_t *cf, ngx_vrrp_check_t *check)
{
    ngx_str_t                 what, list, item;
    ngx_array_t               statuses;
    vrrp_core_match_conf_t   *match;
    vrrp_core_status_conf_t  *status;

    if (check->status.len == 0) {
        return NGX_CONF_OK;
    }

    if (check->match.len) {
        return ngx_vrrp_failed(cf, "\"status=%V\" and \"match=%V\" are "
                               "mutually exclusive: use \"status\" in the "
                               "vrrp_match", &check->status, &check->match);
    }

    match = ngx_pcalloc(cf->pool, sizeof(vrrp_core_match_conf_t));

    if (match == NULL
        || ngx_array_init(&statuses, cf->pool, 4,
                          sizeof(vrrp_core_status_conf_t))
           != NGX_OK)
    {
        return NGX_CONF_ERROR;
    }

    list = check->status;

    while (ngx_vrrp_next_item(&list, &item)) {

        status = ngx_array_push(&statuses);
        if (status == NULL) {
            return NGX_CONF_ERROR;
        }

        if (ngx_vrrp_parse_status(&item, status) != NGX_OK) {
            ngx_str_set(&what, "status");
            return ngx_vrrp_conf_invalid(cf, &what, &check->status,
                                         NGX_VRRP_STATUS_LIST_EXPECTED);
        }
    }

    match->statuses = statuses.elts;
    match->nstatuses = statuses.nelts;

    check->core.match = match;

    return NGX_CONF_OK;
}
