
/*
 * The TCP ports at which nginx answers on the virtual addresses of an
 * instance: connections to them are closed when another node has these.
 */


#include "ngx_vrrp_check_conf.h"
#include "ngx_vrrp_directives.h"
#include "ngx_vrrp_ip.h"


static char *ngx_vrrp_ports_instance(ngx_cycle_t *cycle,
    vrrp_core_instance_conf_t *ic);
static ngx_uint_t ngx_vrrp_ports_serves(ngx_listening_t *ls,
    const vrrp_core_instance_conf_t *ic);


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


/* a wildcard of IPv6 with "ipv6only=off" takes IPv4 connections, too */

static ngx_uint_t
ngx_vrrp_ports_serves(ngx_listening_t *ls,
    const vrrp_core_instance_conf_t *ic)
{
    vrrp_core_ip_t  ip;

    if (ls->type != SOCK_STREAM || !ngx_vrrp_sockaddr_ip(ls->sockaddr, &ip)) {
        return 0;
    }

    if (!ngx_inet_wildcard(ls->sockaddr)) {
        return ngx_vrrp_is_virtual(ic, &ip);
    }

#if (NGX_HAVE_INET6)
    if (ip.family == 6 && !ls->ipv6only) {
        return 1;
    }
#endif

    return ip.family == ic->family;
}
