
/*
 * "track_http" and "track_tcp": trackers that connect to an address; and
 * "http=" of "takeover_check", which is one of them.
 */


#include "ngx_vrrp_check_conf.h"
#include "ngx_vrrp_ip.h"


static const char *ngx_vrrp_witness_wrong(ngx_conf_t *cf, ngx_str_t *name);
static char *ngx_vrrp_track_parse_url(ngx_conf_t *cf, ngx_url_t *url);
static char *ngx_vrrp_track_connect(ngx_conf_t *cf, ngx_url_t *url,
    ngx_vrrp_check_t *check);
static char *ngx_vrrp_track_request(ngx_conf_t *cf, ngx_url_t *url,
    ngx_vrrp_check_t *check);


char *
ngx_vrrp_track_http(ngx_conf_t *cf, ngx_vrrp_check_t *check)
{
    size_t     scheme;
    ngx_url_t  url;

    ngx_memzero(&url, sizeof(ngx_url_t));

    if (check->kind->directive.groups & NGX_VRRP_TLS) {
        scheme = sizeof("https://") - 1;
        url.default_port = 443;

    } else {
        scheme = sizeof("http://") - 1;
        url.default_port = 80;
    }

    url.url.data = check->name.data + scheme;
    url.url.len = check->name.len - scheme;
    url.uri_part = 1;

    if (ngx_vrrp_track_parse_url(cf, &url) != NGX_CONF_OK
        || ngx_vrrp_track_request(cf, &url, check) != NGX_CONF_OK)
    {
        return NGX_CONF_ERROR;
    }

    return ngx_vrrp_track_connect(cf, &url, check);
}


char *
ngx_vrrp_witness_http(ngx_conf_t *cf, ngx_vrrp_check_t *check)
{
    ngx_str_t   *value, url;
    const char  *wrong;

    value = cf->args->elts;

    url.data = check->name.data + sizeof("http=") - 1;
    url.len = check->name.len - (sizeof("http=") - 1);

    wrong = ngx_vrrp_witness_wrong(cf, &url);

    if (wrong) {
        return ngx_vrrp_conf_invalid(cf, &value[0], &value[1], wrong);
    }

    check->name = url;

    return ngx_vrrp_track_http(cf, check);
}


/* an address, because a name needs a network and others that work */

static const char *
ngx_vrrp_witness_wrong(ngx_conf_t *cf, ngx_str_t *name)
{
    char             text[INET6_ADDRSTRLEN];
    size_t           scheme;
    ngx_url_t        url;
    vrrp_core_ip_t   ip, usable;

    scheme = sizeof("http://") - 1;

    if (ngx_strncasecmp(name->data, (u_char *) "http://", scheme) != 0) {
        return "must be a URL such as \"http://192.0.2.1/\"";
    }

    ngx_memzero(&url, sizeof(ngx_url_t));

    url.url.data = name->data + scheme;
    url.url.len = name->len - scheme;
    url.default_port = 80;
    url.uri_part = 1;
    url.no_resolve = 1;

    if (ngx_parse_url(cf->pool, &url) != NGX_OK) {
        return url.err ? url.err : "must be a URL";
    }

    if (url.naddrs == 0 || !ngx_vrrp_sockaddr_ip(url.addrs[0].sockaddr, &ip)) {
        return "must be a URL with an IP address, as in "
               "\"http://192.0.2.1/\"";
    }

    (void) ngx_vrrp_ip_text(&ip, text);

    return ngx_vrrp_parse_ip((u_char *) text, ngx_strlen(text), &usable);
}


char *
ngx_vrrp_track_tcp(ngx_conf_t *cf, ngx_vrrp_check_t *check)
{
    ngx_str_t  *value;
    ngx_url_t   url;

    ngx_memzero(&url, sizeof(ngx_url_t));

    url.url = check->name;

    if (ngx_vrrp_track_parse_url(cf, &url) != NGX_CONF_OK) {
        return NGX_CONF_ERROR;
    }

    if (url.family != AF_UNIX && url.no_port) {
        value = cf->args->elts;
        return ngx_vrrp_conf_invalid(cf, &value[0], &value[1],
                                     "must be an address with a port, as in "
                                     "\"127.0.0.1:80\"");
    }

    return ngx_vrrp_track_connect(cf, &url, check);
}


static char *
ngx_vrrp_track_parse_url(ngx_conf_t *cf, ngx_url_t *url)
{
    ngx_str_t  *value;

    if (ngx_parse_url(cf->pool, url) == NGX_OK) {
        return NGX_CONF_OK;
    }

    if (url->err == NULL) {
        return NGX_CONF_ERROR;
    }

    value = cf->args->elts;

    return ngx_vrrp_conf_invalid(cf, &value[0], &value[1], url->err);
}


/* it is checked with one connection, so one address must do */

static char *
ngx_vrrp_track_connect(ngx_conf_t *cf, ngx_url_t *url,
    ngx_vrrp_check_t *check)
{
    ngx_uint_t   i;
    ngx_addr_t  *addrs;

    addrs = url->addrs;

    for (i = 1; i < url->naddrs; i++) {

        /* "localhost" is one host with an address of each family */

        if (addrs[i].sockaddr->sa_family == addrs[0].sockaddr->sa_family) {
            ngx_conf_log_error(NGX_LOG_WARN, cf, 0,
                               "\"%V\" has %ui addresses, "
                               "only %V is tracked",
                               &url->host, url->naddrs, &addrs[0].name);
            break;
        }
    }

    check->sockaddr = addrs[0].sockaddr;
    check->socklen = addrs[0].socklen;
    check->address = addrs[0].name;

    return NGX_CONF_OK;
}


/* the parts of the request in the URL */

static char *
ngx_vrrp_track_request(ngx_conf_t *cf, ngx_url_t *url,
    ngx_vrrp_check_t *check)
{
    u_char     *p;
    ngx_str_t  *value, server, host;

    value = cf->args->elts;

    if (url->uri.len && url->uri.data[0] != '/') {

        /* "http://host?a=b" */

        p = ngx_pnalloc(cf->pool, url->uri.len + 1);
        if (p == NULL) {
            return NGX_CONF_ERROR;
        }

        p[0] = '/';
        ngx_memcpy(p + 1, url->uri.data, url->uri.len);

        url->uri.data = p;
        url->uri.len++;
    }

    if (url->uri.len && !ngx_vrrp_valid_uri(&url->uri)) {
        return ngx_vrrp_conf_invalid(cf, &value[0], &value[1],
                                     NGX_VRRP_URL_EXPECTED);
    }

    ngx_vrrp_core_str(&check->core.uri, &url->uri);

    if (check->core.host.len) {
        return NGX_CONF_OK;
    }

    server.data = url->url.data;
    server.len = strcspn((char *) server.data, "/?");

    if (ngx_vrrp_host_header(cf->pool, &server, url->port, url->default_port,
                             &host)
        != NGX_OK)
    {
        return NGX_CONF_ERROR;
    }

    ngx_vrrp_core_str(&check->core.host, &host);

    return NGX_CONF_OK;
}
