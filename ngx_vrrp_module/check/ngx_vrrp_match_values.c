
/*
 * The values in the lines of a "vrrp_match": statuses, operators, regular
 * expressions, bytes.
 */


#include "ngx_vrrp_match_conf.h"
#include "ngx_vrrp_values.h"


ngx_int_t
ngx_vrrp_parse_status(ngx_str_t *value, vrrp_core_status_conf_t *status)
{
    u_char     *start, *end, *dash;
    ngx_int_t   low, high;

    start = value->data;
    end = start + value->len;

    status->negated = (start < end && *start == '!');

    if (status->negated) {
        start++;
    }

    dash = ngx_strlchr(start, end, '-');

    low = ngx_atoi(start, (dash ? dash : end) - start);
    high = dash ? ngx_atoi(dash + 1, end - dash - 1) : low;

    if (low < 100 || high > 599 || low > high) {
        return NGX_ERROR;
    }

    status->low = (uint16_t) low;
    status->high = (uint16_t) high;

    return NGX_OK;
}


ngx_int_t
ngx_vrrp_match_operator(ngx_str_t *value, vrrp_core_test_e *test)
{
    if (ngx_strcmp(value->data, "=") == 0) {
        *test = VRRP_CORE_TEST_EQUAL;

    } else if (ngx_strcmp(value->data, "!=") == 0) {
        *test = VRRP_CORE_TEST_NOT_EQUAL;

    } else if (ngx_strcmp(value->data, "~") == 0) {
        *test = VRRP_CORE_TEST_REGEX;

    } else if (ngx_strcmp(value->data, "!~") == 0) {
        *test = VRRP_CORE_TEST_NOT_REGEX;

    } else {
        return NGX_ERROR;
    }

    return NGX_OK;
}


void *
ngx_vrrp_match_regex(ngx_conf_t *cf, ngx_str_t *pattern)
{
#if (NGX_PCRE)

    u_char               errstr[NGX_MAX_CONF_ERRSTR];
    ngx_regex_compile_t  rc;

    ngx_memzero(&rc, sizeof(ngx_regex_compile_t));

    rc.pattern = *pattern;
    rc.pool = cf->pool;
    rc.err.len = NGX_MAX_CONF_ERRSTR;
    rc.err.data = errstr;

    if (ngx_regex_compile(&rc) != NGX_OK) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0, "%V", &rc.err);
        return NULL;
    }

    return rc.regex;

#else

    ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                       "the regex \"%V\" is not supported: this nginx was "
                       "built without PCRE", pattern);
    return NULL;

#endif
}


char *
ngx_vrrp_match_unhex(ngx_conf_t *cf, ngx_str_t *what, ngx_str_t *value,
    ngx_str_t *text)
{
    u_char     *p, *src, *end;
    ngx_int_t   n;

    if (value->len == 0) {
        return ngx_vrrp_conf_invalid(cf, what, value, "must not be empty");
    }

    p = ngx_pnalloc(cf->pool, value->len);
    if (p == NULL) {
        return NGX_CONF_ERROR;
    }

    text->data = p;

    src = value->data;
    end = src + value->len;

    while (src < end) {

        if (end - src < 2 || src[0] != '\\' || src[1] != 'x') {
            *p++ = *src++;
            continue;
        }

        n = (end - src < 4) ? NGX_ERROR : ngx_hextoi(src + 2, 2);

        if (n == NGX_ERROR) {
            return ngx_vrrp_conf_invalid(cf, what, value,
                                         "\"\\x\" must be followed by two "
                                         "hexadecimal digits");
        }

        *p++ = (u_char) n;
        src += 4;
    }

    text->len = p - text->data;

    return NGX_CONF_OK;
}


ngx_uint_t
ngx_vrrp_valid_header(ngx_str_t *name)
{
    u_char      c;
    ngx_uint_t  i;

    for (i = 0; i < name->len; i++) {
        c = name->data[i];

        if (c <= ' ' || c >= 0x7f || ngx_strchr("\"(),/:;<=>?@[\\]{}", c)) {
            return 0;
        }
    }

    return name->len != 0;
}
