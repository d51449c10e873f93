
/*
 * Values of directives and parameters, whichever they belong to.
 */


#include "ngx_vrrp_values.h"


int64_t
ngx_vrrp_parse_number(ngx_str_t *value)
{
    return ngx_atoi(value->data, value->len);
}


/* as everywhere in nginx, a number without a unit means seconds */

int64_t
ngx_vrrp_parse_msec(ngx_str_t *value)
{
    return ngx_parse_time(value, 0);
}


int64_t
ngx_vrrp_parse_ns(ngx_str_t *value)
{
    ngx_int_t  msec;

    msec = ngx_parse_time(value, 0);

    if (msec == NGX_ERROR || msec > INT64_MAX / NGX_VRRP_MSEC) {
        return NGX_ERROR;
    }

    return ngx_vrrp_msec_ns(msec);
}


/* "80%" */

int64_t
ngx_vrrp_parse_percent(ngx_str_t *value)
{
    if (value->len == 0 || value->data[value->len - 1] != '%') {
        return NGX_ERROR;
    }

    return ngx_atoi(value->data, value->len - 1);
}


/* 1 or 0 */

int64_t
ngx_vrrp_parse_flag(ngx_str_t *value)
{
    if (ngx_strcmp(value->data, "on") == 0) {
        return 1;
    }

    return (ngx_strcmp(value->data, "off") == 0) ? 0 : NGX_ERROR;
}


ngx_int_t
ngx_vrrp_parse_bounded(ngx_str_t *value, ngx_vrrp_bounds_t *bounds,
    int64_t *np)
{
    int64_t  n;

    n = bounds->parse(value);

    if ((n >= bounds->low && n <= bounds->high)
        || (n == 0 && bounds->or_zero))
    {
        *np = n;
        return NGX_OK;
    }

    return NGX_ERROR;
}


ngx_int_t
ngx_vrrp_parse_servers(ngx_str_t *value, int64_t *n, int64_t *percent)
{
    *n = ngx_vrrp_parse_percent(value);
    *percent = (*n != NGX_ERROR);

    if (*percent) {
        return (*n >= 1 && *n <= 100) ? NGX_OK : NGX_ERROR;
    }

    *n = ngx_vrrp_parse_number(value);

    return (*n >= 1 && *n <= 65535) ? NGX_OK : NGX_ERROR;
}


ngx_uint_t
ngx_vrrp_next_item(ngx_str_t *list, ngx_str_t *item)
{
    u_char  *end, *comma;

    if (list->data == NULL) {
        return 0;
    }

    end = list->data + list->len;
    comma = ngx_strlchr(list->data, end, ',');

    item->data = list->data;
    item->len = (comma ? comma : end) - list->data;

    list->data = comma ? comma + 1 : NULL;
    list->len = comma ? end - comma - 1 : 0;

    return 1;
}


ngx_uint_t
ngx_vrrp_valid_name(ngx_str_t *name)
{
    vrrp_core_str_t  text;

    ngx_vrrp_core_str(&text, name);

    return vrrp_core_is_name(&text);
}


/* what the kernel accepts as the name of a device */

ngx_uint_t
ngx_vrrp_valid_interface(ngx_str_t *name)
{
    ngx_uint_t  i;

    if (name->len == 0 || name->len > NGX_VRRP_MAX_IFNAME) {
        return 0;
    }

    if (ngx_strcmp(name->data, ".") == 0 || ngx_strcmp(name->data, "..") == 0)
    {
        return 0;
    }

    for (i = 0; i < name->len; i++) {
        if (name->data[i] <= ' ' || name->data[i] == 0x7f
            || name->data[i] == '/' || name->data[i] == ':')
        {
            return 0;
        }
    }

    return 1;
}


char *
ngx_vrrp_conf_invalid(ngx_conf_t *cf, ngx_str_t *what, ngx_str_t *value,
    const char *expected)
{
    return ngx_vrrp_failed(cf, "invalid %V \"%V\": %s", what, value, expected);
}


ngx_uint_t
ngx_vrrp_same_str(const vrrp_core_str_t *a, const vrrp_core_str_t *b)
{
    return a->len == b->len
           && (a->len == 0 || ngx_memcmp(a->data, b->data, a->len) == 0);
}
