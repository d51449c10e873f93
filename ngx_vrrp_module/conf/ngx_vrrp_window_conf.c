
/*
 * "preempt_window": when a router may take the addresses back by itself.
 */


#include "ngx_vrrp_directives.h"


#define NGX_VRRP_WINDOW_EXPECTED                                              \
    "must be two different times of day, as in 02:00-04:00"

#define NGX_VRRP_DAY  1440


static ngx_int_t ngx_vrrp_parse_window(ngx_str_t *value,
    vrrp_core_window_conf_t *window);
static ngx_int_t ngx_vrrp_parse_time_of_day(u_char *p);


char *
ngx_vrrp_conf_preempt_window(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_vrrp_instance_t  *in = conf;

    ngx_str_t                *value;
    ngx_uint_t                i;
    vrrp_core_window_conf_t  *window;

    value = cf->args->elts;

    for (i = 1; i < cf->args->nelts; i++) {

        if (in->preempt_windows.nelts == VRRP_CORE_MAX_WINDOWS) {
            return ngx_vrrp_failed(cf, "too many times in \"preempt_window\", "
                                   "at most %d are allowed",
                                   VRRP_CORE_MAX_WINDOWS);
        }

        window = ngx_array_push(&in->preempt_windows);
        if (window == NULL) {
            return NGX_CONF_ERROR;
        }

        if (ngx_vrrp_parse_window(&value[i], window) != NGX_OK) {
            return ngx_vrrp_conf_invalid(cf, &cmd->name, &value[i],
                                         NGX_VRRP_WINDOW_EXPECTED);
        }
    }

    return NGX_CONF_OK;
}


static ngx_int_t
ngx_vrrp_parse_window(ngx_str_t *value, vrrp_core_window_conf_t *window)
{
    ngx_int_t  from, until;

    if (value->len != sizeof("02:00-04:00") - 1 || value->data[5] != '-') {
        return NGX_ERROR;
    }

    from = ngx_vrrp_parse_time_of_day(value->data);
    until = ngx_vrrp_parse_time_of_day(value->data + 6);

    if (from == NGX_ERROR || from == NGX_VRRP_DAY || until == NGX_ERROR
        || from == until)
    {
        return NGX_ERROR;
    }

    window->from_minute = (uint16_t) from;
    window->until_minute = (uint16_t) until;

    return NGX_OK;
}


/* minutes; 24:00 is the end of the day */

static ngx_int_t
ngx_vrrp_parse_time_of_day(u_char *p)
{
    ngx_int_t  hour, minute;

    hour = ngx_atoi(p, 2);
    minute = ngx_atoi(p + 3, 2);

    if (hour == NGX_ERROR || minute == NGX_ERROR || p[2] != ':'
        || minute > 59 || hour * 60 + minute > NGX_VRRP_DAY)
    {
        return NGX_ERROR;
    }

    return hour * 60 + minute;
}
