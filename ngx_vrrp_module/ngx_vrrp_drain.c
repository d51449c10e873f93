
/*
 * In the workers: after a planned move that ends no connection, those that are
 * idle would stay here until keepalive_timeout, and the next request on them,
 * too.  They are closed as at a graceful shutdown; what has a request now is
 * closed when it is idle.
 */


#include "ngx_vrrp_lifecycle.h"
#include "ngx_vrrp_ip.h"

#include <ngx_event.h>


/* milliseconds between two looks */

#define NGX_VRRP_DRAIN_LOOK  1000


static void ngx_vrrp_drain_handler(ngx_event_t *ev);
static ngx_uint_t ngx_vrrp_drain_is_left(ngx_connection_t *c, size_t n);


static ngx_event_t      ngx_vrrp_drain_event;
static vrrp_core_ip_t  *ngx_vrrp_drain_list;
static size_t           ngx_vrrp_drain_size;


ngx_int_t
ngx_vrrp_drain_init_process(ngx_cycle_t *cycle)
{
    size_t                            i, n;
    ngx_vrrp_conf_t                  *vcf;
    const vrrp_core_instance_conf_t  *ic;

    vcf = ngx_vrrp_get_conf(cycle);
    n = 0;

    for (i = 0; i < vcf->core.ninstances; i++) {
        ic = &vcf->core.instances[i];

        if (ic->peer_link && ic->drain_timeout_ns != 0) {
            n += ic->naddresses;
        }
    }

    if (n == 0) {
        return NGX_OK;
    }

    ngx_vrrp_drain_list = ngx_pcalloc(cycle->pool, n * sizeof(vrrp_core_ip_t));
    if (ngx_vrrp_drain_list == NULL) {
        return NGX_ERROR;
    }

    ngx_vrrp_drain_size = n;

    ngx_vrrp_worker_init_event(&ngx_vrrp_drain_event, ngx_vrrp_drain_handler,
                               cycle->log);
    ngx_add_timer(&ngx_vrrp_drain_event, NGX_VRRP_DRAIN_LOOK);

    return NGX_OK;
}


static void
ngx_vrrp_drain_handler(ngx_event_t *ev)
{
    size_t             n;
    ngx_uint_t         i, closed;
    ngx_vrrp_conf_t   *vcf;
    ngx_connection_t  *c;

    if (ngx_exiting || ngx_terminate) {

        /* nginx itself closes all of them */

        return;
    }

    vcf = ngx_vrrp_get_conf(ngx_cycle);

    n = vrrp_core_left_addresses(vcf->memory, ngx_vrrp_drain_list,
                                 ngx_vrrp_drain_size);
    closed = 0;

    for (i = 0; n != 0 && i < ngx_cycle->connection_n; i++) {
        c = &ngx_cycle->connections[i];

        if (c->fd == (ngx_socket_t) -1 || !c->idle
            || !ngx_vrrp_drain_is_left(c, n))
        {
            continue;
        }

        c->close = 1;
        c->read->handler(c->read);
        closed++;
    }

    if (closed) {
        ngx_log_error(NGX_LOG_INFO, ev->log, 0,
                      "vrrp: closed %ui idle connections to addresses that "
                      "another node has now", closed);
    }

    ngx_add_timer(ev, NGX_VRRP_DRAIN_LOOK);
}


static ngx_uint_t
ngx_vrrp_drain_is_left(ngx_connection_t *c, size_t n)
{
    size_t          i;
    socklen_t       len;
    ngx_sockaddr_t  sa;
    vrrp_core_ip_t  ip;

    len = sizeof(ngx_sockaddr_t);

    if (c->type == SOCK_DGRAM
        || getsockname(c->fd, &sa.sockaddr, &len) == -1
        || !ngx_vrrp_sockaddr_ip(&sa.sockaddr, &ip))
    {
        return 0;
    }

    for (i = 0; i < n; i++) {
        if (ngx_vrrp_same_ip(&ip, &ngx_vrrp_drain_list[i])) {
            return 1;
        }
    }

    return 0;
}
