
/*
 * The target of a check and its names: the last parts of an entry of
 * core.checks.  Also for servers whose address comes at run time.
 */


#include "ngx_vrrp_check_conf.h"


static ngx_vrrp_target_t *ngx_vrrp_target_create(ngx_pool_t *pool,
    ngx_vrrp_check_t *check, struct sockaddr *sockaddr, socklen_t socklen,
    ngx_str_t *addr_text);
static ngx_int_t ngx_vrrp_target_port(ngx_pool_t *pool,
    ngx_vrrp_target_t *target, in_port_t port);
static ngx_int_t ngx_vrrp_target_sni(ngx_pool_t *pool,
    ngx_vrrp_target_t *target, ngx_str_t *host, ngx_str_t *server);
static ngx_uint_t ngx_vrrp_is_unix(ngx_str_t *server);
static void ngx_vrrp_host_name(ngx_str_t *server, ngx_str_t *name);


ngx_int_t
ngx_vrrp_target_peer(ngx_pool_t *pool, ngx_vrrp_pool_t *vp,
    ngx_vrrp_peer_t *peer, vrrp_core_check_conf_t *core)
{
    ngx_str_t           host;
    ngx_vrrp_target_t  *target;

    *core = vp->check->core;

    target = ngx_vrrp_target_create(pool, vp->check, peer->sockaddr,
                                    peer->socklen, &peer->addr_text);
    if (target == NULL) {
        return NGX_ERROR;
    }

    target->pool = vp;
    core->target = target;

    core->context.data = vp->context;
    core->context.len = ngx_strlen(vp->context);
    core->backup = peer->backup;

    ngx_vrrp_core_str(&core->group, &vp->name);
    ngx_vrrp_core_str(&core->name, &peer->server);
    ngx_vrrp_core_str(&core->address, &target->addr_text);

    if (core->kind != VRRP_CORE_CHECK_HTTP) {
        return NGX_OK;
    }

    host.data = (u_char *) core->host.data;
    host.len = core->host.len;

    if (host.len == 0) {

        if (ngx_vrrp_host_header(pool, &peer->server,
                                 ngx_inet_get_port(target->sockaddr),
                                 vp->check->tls ? 443 : 80, &host)
            != NGX_OK)
        {
            return NGX_ERROR;
        }

        ngx_vrrp_core_str(&core->host, &host);
    }

    return ngx_vrrp_target_sni(pool, target, &host, &peer->server);
}


ngx_int_t
ngx_vrrp_target_tracker(ngx_pool_t *pool, const vrrp_core_str_t *instance,
    ngx_vrrp_check_t *check, vrrp_core_check_conf_t *core)
{
    u_char             *p;
    ngx_str_t           host;
    ngx_vrrp_target_t  *target;

    *core = check->core;

    ngx_vrrp_core_literal(&core->context, "vrrp");
    core->group = *instance;

    /* the directive as it was written */

    core->name.len = check->tracker.type.len + 1 + check->tracker.name.len;

    p = ngx_pnalloc(pool, core->name.len);
    if (p == NULL) {
        return NGX_ERROR;
    }

    core->name.data = (char *) p;
    (void) ngx_sprintf(p, "%*s %*s",
                       check->tracker.type.len, check->tracker.type.data,
                       check->tracker.name.len, check->tracker.name.data);

    ngx_vrrp_core_str(&core->address, &check->address);

    if (check->sockaddr == NULL) {
        return NGX_OK;
    }

    target = ngx_vrrp_target_create(pool, check, check->sockaddr,
                                    check->socklen, &check->address);
    if (target == NULL) {
        return NGX_ERROR;
    }

    core->target = target;

    host.data = (u_char *) core->host.data;
    host.len = core->host.len;

    return ngx_vrrp_target_sni(pool, target, &host, &host);
}


static ngx_vrrp_target_t *
ngx_vrrp_target_create(ngx_pool_t *pool, ngx_vrrp_check_t *check,
    struct sockaddr *sockaddr, socklen_t socklen, ngx_str_t *addr_text)
{
    ngx_vrrp_target_t  *target;

    target = ngx_pcalloc(pool, sizeof(ngx_vrrp_target_t));
    if (target == NULL) {
        return NULL;
    }

    target->check = check;
    target->sockaddr = sockaddr;
    target->socklen = socklen;
    target->addr_text = *addr_text;

    if (check->port && sockaddr->sa_family != AF_UNIX
        && ngx_vrrp_target_port(pool, target, (in_port_t) check->port)
           != NGX_OK)
    {
        return NULL;
    }

    return target;
}


static ngx_int_t
ngx_vrrp_target_port(ngx_pool_t *pool, ngx_vrrp_target_t *target,
    in_port_t port)
{
    u_char           *p;
    struct sockaddr  *sockaddr;

    sockaddr = ngx_palloc(pool, target->socklen);
    if (sockaddr == NULL) {
        return NGX_ERROR;
    }

    ngx_memcpy(sockaddr, target->sockaddr, target->socklen);
    ngx_inet_set_port(sockaddr, port);

    p = ngx_pnalloc(pool, NGX_SOCKADDR_STRLEN);
    if (p == NULL) {
        return NGX_ERROR;
    }

    target->sockaddr = sockaddr;
    target->addr_text.data = p;
    target->addr_text.len = ngx_sock_ntop(sockaddr, target->socklen, p,
                                          NGX_SOCKADDR_STRLEN, 1);

    return NGX_OK;
}


/* the host of the request, else the server; neither may have a name */

static ngx_int_t
ngx_vrrp_target_sni(ngx_pool_t *pool, ngx_vrrp_target_t *target,
    ngx_str_t *host, ngx_str_t *server)
{
    u_char     *p;
    ngx_str_t   name;

    if (!target->check->tls) {
        return NGX_OK;
    }

    name = target->check->sni;

    if (name.len == 0) {
        ngx_vrrp_host_name(host, &name);
    }

    if (!ngx_vrrp_valid_sni(&name)) {
        ngx_vrrp_host_name(server, &name);
    }

    if (!ngx_vrrp_valid_sni(&name)) {
        return NGX_OK;
    }

    p = ngx_pnalloc(pool, name.len + 1);
    if (p == NULL) {
        return NGX_ERROR;
    }

    ngx_cpystrn(p, name.data, name.len + 1);

    target->sni.data = p;
    target->sni.len = name.len;

    return NGX_OK;
}


ngx_int_t
ngx_vrrp_host_header(ngx_pool_t *pool, ngx_str_t *server, in_port_t port,
    in_port_t default_port, ngx_str_t *header)
{
    u_char     *p;
    ngx_str_t   name;

    if (ngx_vrrp_is_unix(server)) {
        ngx_str_set(header, "localhost");
        return NGX_OK;
    }

    ngx_vrrp_host_name(server, &name);

    if (port == default_port) {
        *header = name;
        return NGX_OK;
    }

    p = ngx_pnalloc(pool, name.len + sizeof(":65535") - 1);
    if (p == NULL) {
        return NGX_ERROR;
    }

    header->data = p;
    header->len = ngx_sprintf(p, "%V:%ui", &name, (ngx_uint_t) port) - p;

    return NGX_OK;
}


static ngx_uint_t
ngx_vrrp_is_unix(ngx_str_t *server)
{
    return server->len >= 5
           && ngx_strncasecmp(server->data, (u_char *) "unix:", 5) == 0;
}


/* the part before ":80", and after the "]" of an IPv6 address */

static void
ngx_vrrp_host_name(ngx_str_t *server, ngx_str_t *name)
{
    u_char  *p, *end;

    *name = *server;

    p = server->data;
    end = p + server->len;

    if (server->len && *p == '[') {
        p = ngx_strlchr(p, end, ']');

        if (p == NULL) {
            return;
        }
    }

    p = ngx_strlchr(p, end, ':');

    if (p) {
        name->len = p - server->data;
    }
}
