
/*
 * The URLs of receivers: their checks, and the part of them that may be shown.
 */


#include "ngx_vrrp_notify_conf.h"


static size_t ngx_vrrp_notify_scheme(ngx_str_t *url, const char *plain,
    ngx_int_t *tls);
static const char *ngx_vrrp_notify_host(ngx_conf_t *cf, ngx_str_t *url,
    size_t scheme, ngx_uint_t uri);
static ngx_int_t ngx_vrrp_notify_invalid(ngx_conf_t *cf, const char *what,
    ngx_str_t *url, const char *reason);


ngx_int_t
ngx_vrrp_notify_url(ngx_conf_t *cf, const char *what, ngx_str_t *url,
    const char *plain, ngx_uint_t uri)
{
    size_t       scheme;
    u_char       expected[NGX_MAX_CONF_ERRSTR];
    ngx_int_t    tls;
    const char  *reason;

    scheme = ngx_vrrp_notify_scheme(url, plain, &tls);

    if (scheme == 0) {
        *ngx_snprintf(expected, sizeof(expected) - 1,
                      "must begin with \"%s://host\" or \"%ss://host\"",
                      plain, plain) = '\0';

        return ngx_vrrp_notify_invalid(cf, what, url, (char *) expected);
    }

    reason = ngx_vrrp_notify_host(cf, url, scheme, uri);

    if (reason) {
        return ngx_vrrp_notify_invalid(cf, what, url, reason);
    }

    return tls;
}


/* how long it is, or 0; *tls: it ends with an "s" */

static size_t
ngx_vrrp_notify_scheme(ngx_str_t *url, const char *plain, ngx_int_t *tls)
{
    u_char  *p;
    size_t   len;

    len = ngx_strlen(plain);

    if (ngx_strncasecmp(url->data, (u_char *) plain, len) != 0) {
        return 0;
    }

    p = url->data + len;

    *tls = (*p == 's' || *p == 'S');
    p += *tls;

    return (ngx_strncmp(p, "://", 3) == 0) ? p + 3 - url->data : 0;
}


/* NULL, or what is wrong */

static const char *
ngx_vrrp_notify_host(ngx_conf_t *cf, ngx_str_t *url, size_t scheme,
    ngx_uint_t uri)
{
    size_t     authority;
    ngx_url_t  u;

    ngx_memzero(&u, sizeof(ngx_url_t));

    u.url.data = url->data + scheme;
    u.url.len = url->len - scheme;
    u.default_port = 1;
    u.uri_part = uri;
    u.no_resolve = 1;

    if (u.url.len == 0
        || ngx_strncasecmp(u.url.data, (u_char *) "unix:", 5) == 0)
    {
        return "no host";
    }

    if (!ngx_vrrp_valid_printable(&u.url)) {
        return "must not contain spaces";
    }

    authority = strcspn((char *) u.url.data, "/?#");

    if (ngx_strlchr(u.url.data, u.url.data + authority, '@')) {
        return "must not contain a user";
    }

    if (ngx_parse_url(cf->pool, &u) != NGX_OK) {
        return u.err ? u.err : "no memory";
    }

    return NULL;
}


/* an invalid URL may have a password anywhere */

static ngx_int_t
ngx_vrrp_notify_invalid(ngx_conf_t *cf, const char *what, ngx_str_t *url,
    const char *reason)
{
    ngx_str_t  shown;

    ngx_vrrp_notify_origin(url, &shown);

    if (ngx_strlchr(url->data, url->data + url->len, '@')) {
        shown.len = ngx_min(shown.len, strcspn((char *) url->data, "/:@"));
    }

    ngx_conf_log_error(NGX_LOG_EMERG, cf, 0, "invalid %s \"%V\": %s",
                       what, &shown, reason);

    return NGX_ERROR;
}


/* tokens are in the path */

void
ngx_vrrp_notify_origin(ngx_str_t *url, ngx_str_t *origin)
{
    u_char  *host;

    host = ngx_strnstr(url->data, "://", url->len);
    host = host ? host + 3 : url->data;

    origin->data = url->data;
    origin->len = host - url->data + strcspn((char *) host, "/?#");
}
