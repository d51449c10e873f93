
/*
 * The TCP ports at which nginx answers on the virtual addresses of an
 * instance: connections to them are closed when another node has these.
 */


#include "ngx_vrrp_directives.h"


static char *ngx_vrrp_ports_instance(ngx_cycle_t *cycle,
    vrrp_core_instance_conf_t *ic);
static ngx_uint_t ngx_vrrp_ports_serves(ngx_listening_t *ls,
    const vrrp_core_instance_conf_t *ic);
static ngx_uint_t ngx_vrrp_ports_ipv4(struct sockaddr_in *sin,
    const vrrp_core_instance_conf_t *ic);
#if (NGX_HAVE_INET6)
static ngx_uint_t ngx_vrrp_ports_ipv6(ngx_listening_t *ls,
    const vrrp_core_instance_conf_t *ic);
#endif
static ngx_uint_t ngx_vrrp_ports_has(const vrrp_core_instance_conf_t *ic,
    const void *octets, size_t len);


/* when all has been read: http and stream have their listening sockets */

char *
ngx_vrrp_ports_build(ngx_cycle_t *cycle, ngx_vrrp_conf_t *vcf)
{
    size_t                      i;
    vrrp_core_instance_conf_t  *ic;

    ic = (vrrp_core_instance_conf_t *) vcf->core.instances;

    for (i = 0; i < vcf->core.ninstances; i++) {
        if (ngx_vrrp_ports_instance(cycle, &ic[i]) != NGX_CONF_OK) {
            return NGX_CONF_ERROR;
        }
    }

    return NGX_CONF_OK;
}


static char *
ngx_vrrp_ports_instance(ngx_cycle_t *cycle, vrrp_core_instance_conf_t *ic)
{
    uint16_t         *ports, port;
    ngx_uint_t        i, j, n;
    ngx_listening_t  *ls;

    ports = ngx_palloc(cycle->pool,
                       (cycle->listening.nelts + 1) * sizeof(uint16_t));
    if (ports == NULL) {
        return NGX_CONF_ERROR;
    }

    n = 0;
    ls = cycle->listening.elts;

    for (i = 0; i < cycle->listening.nelts; i++) {

        if (!ngx_vrrp_ports_serves(&ls[i], ic)) {
            continue;
        }

        port = (uint16_t) ngx_inet_get_port(ls[i].sockaddr);

        for (j = 0; j < n && ports[j] != port; j++) { /* void */ }

        if (j == n && n < NGX_VRRP_MAX_PORTS) {
            ports[n++] = port;
        }
    }

    ic->ports = ports;
    ic->nports = n;

    return NGX_CONF_OK;
}


static ngx_uint_t
ngx_vrrp_ports_serves(ngx_listening_t *ls,
    const vrrp_core_instance_conf_t *ic)
{
    if (ls->type != SOCK_STREAM) {
        return 0;
    }

    switch (ls->sockaddr->sa_family) {

    case AF_INET:
        return ngx_vrrp_ports_ipv4((struct sockaddr_in *) ls->sockaddr, ic);

#if (NGX_HAVE_INET6)
    case AF_INET6:
        return ngx_vrrp_ports_ipv6(ls, ic);
#endif

    default: /* AF_UNIX */
        return 0;
    }
}


static ngx_uint_t
ngx_vrrp_ports_ipv4(struct sockaddr_in *sin,
    const vrrp_core_instance_conf_t *ic)
{
    if (ic->family != 4) {
        return 0;
    }

    return sin->sin_addr.s_addr == INADDR_ANY
           || ngx_vrrp_ports_has(ic, &sin->sin_addr, 4);
}


#if (NGX_HAVE_INET6)

/* "ipv6only=off": the wildcard takes IPv4 connections, too */

static ngx_uint_t
ngx_vrrp_ports_ipv6(ngx_listening_t *ls, const vrrp_core_instance_conf_t *ic)
{
    struct sockaddr_in6  *sin6;

    sin6 = (struct sockaddr_in6 *) ls->sockaddr;

    if (IN6_IS_ADDR_UNSPECIFIED(&sin6->sin6_addr)) {
        return ic->family == 6 || !ls->ipv6only;
    }

    return ic->family == 6 && ngx_vrrp_ports_has(ic, &sin6->sin6_addr, 16);
}

#endif


static ngx_uint_t
ngx_vrrp_ports_has(const vrrp_core_instance_conf_t *ic, const void *octets,
    size_t len)
{
    size_t  i;

    for (i = 0; i < ic->naddresses; i++) {
        if (ngx_memcmp(ic->addresses[i].address.octets, octets, len) == 0) {
            return 1;
        }
    }

    return 0;
}
