
/*
 * "track_http" and "track_tcp": trackers that connect to an address.
 */


#include "ngx_vrrp_track_conf.h"
#include "ngx_vrrp_match_conf.h"


static char *ngx_vrrp_track_parse_url(ngx_conf_t *cf, ngx_url_t *url);
static ngx_addr_t *ngx_vrrp_track_first(ngx_conf_t *cf, ngx_url_t *url);
static char *ngx_vrrp_track_connect(ngx_conf_t *cf, ngx_url_t *url,
    ngx_vrrp_tracker_t *tracker);
static char *ngx_vrrp_track_request(ngx_conf_t *cf, ngx_url_t *url,
    ngx_vrrp_check_params_t *params);
static char *ngx_vrrp_track_statuses(ngx_conf_t *cf,
    ngx_vrrp_check_params_t *params, ngx_vrrp_check_t *check);


#define NGX_VRRP_URL_EXPECTED                                                 \
    "must be a URL such as \"http://127.0.0.1:8080/health\", "                \
    "\"https://host/\" or \"http://unix:/path:/uri\""

#define NGX_VRRP_STATUS_LIST_EXPECTED                                         \
    "must be a list of statuses from 100 to 599 or ranges, as in "            \
    "\"200,204,300-399\""


char *
ngx_vrrp_conf_track_http(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_vrrp_instance_t  *in = conf;

    ngx_str_t                *value;
    ngx_url_t                 url;
    ngx_uint_t                directive;
    ngx_vrrp_check_params_t   params;
    ngx_vrrp_tracker_t       *tracker;

    value = cf->args->elts;

    ngx_memzero(&url, sizeof(ngx_url_t));

    url.url = value[1];
    url.uri_part = 1;

    if (ngx_strncasecmp(url.url.data, (u_char *) "http://", 7) == 0) {
        directive = NGX_VRRP_TRACK_HTTP;
        url.default_port = 80;
        url.url.data += 7;
        url.url.len -= 7;

    } else if (ngx_strncasecmp(url.url.data, (u_char *) "https://", 8) == 0) {
        directive = NGX_VRRP_TRACK_HTTPS;
        url.default_port = 443;
        url.url.data += 8;
        url.url.len -= 8;

    } else {
        return ngx_vrrp_conf_invalid(cf, &cmd->name, &value[1],
                                     NGX_VRRP_URL_EXPECTED);
    }

    tracker = ngx_vrrp_track_add(cf, in, directive, &params);

    if (tracker == NULL
        || ngx_vrrp_track_parse_url(cf, &url) != NGX_CONF_OK
        || ngx_vrrp_track_request(cf, &url, &params) != NGX_CONF_OK
        || ngx_vrrp_track_check(cf, tracker, &params, VRRP_CORE_CHECK_HTTP)
           != NGX_CONF_OK
        || ngx_vrrp_track_statuses(cf, &params, tracker->check)
           != NGX_CONF_OK)
    {
        return NGX_CONF_ERROR;
    }

    return ngx_vrrp_track_connect(cf, &url, tracker);
}


char *
ngx_vrrp_conf_track_tcp(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_vrrp_instance_t  *in = conf;

    ngx_str_t                *value;
    ngx_url_t                 url;
    ngx_vrrp_check_params_t   params;
    ngx_vrrp_tracker_t       *tracker;

    value = cf->args->elts;

    ngx_memzero(&url, sizeof(ngx_url_t));

    url.url = value[1];

    tracker = ngx_vrrp_track_add(cf, in, NGX_VRRP_TRACK_TCP, &params);

    if (tracker == NULL
        || ngx_vrrp_track_parse_url(cf, &url) != NGX_CONF_OK)
    {
        return NGX_CONF_ERROR;
    }

    if (url.family != AF_UNIX && url.no_port) {
        return ngx_vrrp_conf_invalid(cf, &cmd->name, &value[1],
                                     "must be an address with a port, as in "
                                     "\"127.0.0.1:80\"");
    }

    if (ngx_vrrp_track_check(cf, tracker, &params, VRRP_CORE_CHECK_TCP)
        != NGX_CONF_OK)
    {
        return NGX_CONF_ERROR;
    }

    return ngx_vrrp_track_connect(cf, &url, tracker);
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

static ngx_addr_t *
ngx_vrrp_track_first(ngx_conf_t *cf, ngx_url_t *url)
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

    return &addrs[0];
}


static char *
ngx_vrrp_track_connect(ngx_conf_t *cf, ngx_url_t *url,
    ngx_vrrp_tracker_t *tracker)
{
    ngx_addr_t  *addr;

    addr = ngx_vrrp_track_first(cf, url);

    tracker->sockaddr = addr->sockaddr;
    tracker->socklen = addr->socklen;
    tracker->address = addr->name;

    return NGX_CONF_OK;
}


/* the parts of the request in the URL */

static char *
ngx_vrrp_track_request(ngx_conf_t *cf, ngx_url_t *url,
    ngx_vrrp_check_params_t *params)
{
    u_char     *p;
    ngx_str_t  *value, server;

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

    params->uri = url->uri;

    if (params->host.len) {
        return NGX_CONF_OK;
    }

    server.data = url->url.data;
    server.len = strcspn((char *) server.data, "/?");

    return (ngx_vrrp_host_header(cf->pool, &server, url->port,
                                 url->default_port, &params->host)
            == NGX_OK)
           ? NGX_CONF_OK : NGX_CONF_ERROR;
}


/* "status=200,204,300-399" is a separate match */

static char *
ngx_vrrp_track_statuses(ngx_conf_t *cf, ngx_vrrp_check_params_t *params,
    ngx_vrrp_check_t *check)
{
    u_char                   *p, *end, *comma;
    ngx_str_t                 what, item;
    ngx_array_t               statuses;
    vrrp_core_match_conf_t   *match;
    vrrp_core_status_conf_t  *status;

    if (params->status.len == 0) {
        return NGX_CONF_OK;
    }

    if (params->match.len) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "\"status=%V\" and \"match=%V\" are mutually "
                           "exclusive: use \"status\" in the vrrp_match",
                           &params->status, &params->match);
        return NGX_CONF_ERROR;
    }

    match = ngx_pcalloc(cf->pool, sizeof(vrrp_core_match_conf_t));

    if (match == NULL
        || ngx_array_init(&statuses, cf->pool, 4,
                          sizeof(vrrp_core_status_conf_t))
           != NGX_OK)
    {
        return NGX_CONF_ERROR;
    }

    end = params->status.data + params->status.len;

    for (p = params->status.data; p <= end; p = comma + 1) {

        comma = ngx_strlchr(p, end, ',');

        if (comma == NULL) {
            comma = end;
        }

        item.data = p;
        item.len = comma - p;

        status = ngx_array_push(&statuses);
        if (status == NULL) {
            return NGX_CONF_ERROR;
        }

        if (ngx_vrrp_parse_status(&item, status) != NGX_OK) {
            ngx_str_set(&what, "status");
            return ngx_vrrp_conf_invalid(cf, &what, &params->status,
                                         NGX_VRRP_STATUS_LIST_EXPECTED);
        }
    }

    match->statuses = statuses.elts;
    match->nstatuses = statuses.nelts;

    check->core.match = match;

    return NGX_CONF_OK;
}
