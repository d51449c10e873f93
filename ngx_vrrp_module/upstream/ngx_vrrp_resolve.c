
/*
 * Peers that come and go at run time, as nginx resolves the names of servers.
 * nginx's workers change the lists of peers in shared memory; the process that
 * checks looks for that, and gives its reserved slots to the new ones.
 */


#include "ngx_vrrp_upstream.h"
#include "ngx_vrrp_check_conf.h"
#include <ngx_event.h>


#define NGX_VRRP_RESOLVE_TICK  50        /* milliseconds */


typedef struct {
    ngx_event_t              event;
    ngx_connection_t         dummy;      /* nginx logs the fd of an event */
    ngx_cycle_t             *cycle;
    vrrp_process_t          *checker;
} ngx_vrrp_resolve_t;


static void ngx_vrrp_resolve_handler(ngx_event_t *ev);
static ngx_uint_t ngx_vrrp_resolve_pool(ngx_cycle_t *cycle,
    ngx_vrrp_pool_t *vp, vrrp_process_t *checker);
static ngx_vrrp_slot_t *ngx_vrrp_resolve_find(ngx_vrrp_pool_t *vp,
    ngx_uint_t backup, ngx_vrrp_nginx_peer_t *np);
static ngx_uint_t ngx_vrrp_resolve_fits(ngx_vrrp_nginx_peer_t *np);
static void ngx_vrrp_resolve_assign(ngx_cycle_t *cycle, ngx_vrrp_pool_t *vp,
    ngx_uint_t n, vrrp_process_t *checker);
static void ngx_vrrp_resolve_release(ngx_cycle_t *cycle, ngx_vrrp_pool_t *vp,
    ngx_uint_t n, vrrp_process_t *checker);


static ngx_vrrp_resolve_t  ngx_vrrp_resolve;


/*
 * A reload does not resolve names again: nginx copies the peers of the old
 * zone, and with their checks described here the table keeps their results.
 */

void
ngx_vrrp_resolve_begin(ngx_cycle_t *cycle)
{
    ngx_uint_t         i;
    ngx_vrrp_conf_t   *vcf;
    ngx_vrrp_pool_t  **vpp;

    vcf = ngx_vrrp_get_conf(cycle);
    vpp = vcf->pools.elts;

    for (i = 0; i < vcf->pools.nelts; i++) {
        (void) ngx_vrrp_resolve_pool(cycle, vpp[i], NULL);
    }
}


/*
 * The process before this one may have died, and peers have come and gone
 * since the master knew them.
 */

void
ngx_vrrp_resolve_resume(ngx_cycle_t *cycle)
{
    ngx_uint_t         i;
    ngx_vrrp_conf_t   *vcf;
    ngx_vrrp_pool_t  **vpp;

    ngx_vrrp_resolve_begin(cycle);

    vcf = ngx_vrrp_get_conf(cycle);
    vpp = vcf->pools.elts;

    for (i = 0; i < vcf->pools.nelts; i++) {
        if (vpp[i]->nslots) {
            vrrp_core_checks_rearrange(vcf->memory, &vcf->core,
                                       vpp[i]->first_check
                                       + vpp[i]->peers.nelts,
                                       vpp[i]->nslots);
        }
    }
}


void
ngx_vrrp_resolve_start(ngx_cycle_t *cycle, vrrp_process_t *checker)
{
    ngx_uint_t           i;
    ngx_vrrp_conf_t     *vcf;
    ngx_vrrp_pool_t    **vpp;
    ngx_vrrp_resolve_t  *vr;

    vcf = ngx_vrrp_get_conf(cycle);
    vpp = vcf->pools.elts;

    for (i = 0; i < vcf->pools.nelts; i++) {
        if (vpp[i]->changing) {
            break;
        }
    }

    if (i == vcf->pools.nelts) {
        return;
    }

    vr = &ngx_vrrp_resolve;

    vr->cycle = cycle;
    vr->checker = checker;

    vr->dummy.fd = (ngx_socket_t) -1;

    vr->event.data = &vr->dummy;
    vr->event.handler = ngx_vrrp_resolve_handler;
    vr->event.log = cycle->log;

    ngx_add_timer(&vr->event, NGX_VRRP_RESOLVE_TICK);
}


static void
ngx_vrrp_resolve_handler(ngx_event_t *ev)
{
    ngx_uint_t           i;
    ngx_vrrp_conf_t     *vcf;
    ngx_vrrp_pool_t    **vpp;
    ngx_vrrp_resolve_t  *vr;

    vr = &ngx_vrrp_resolve;
    vcf = ngx_vrrp_get_conf(vr->cycle);
    vpp = vcf->pools.elts;

    for (i = 0; i < vcf->pools.nelts; i++) {

        if (ngx_vrrp_resolve_pool(vr->cycle, vpp[i], vr->checker)
            || vpp[i]->again)
        {
            vpp[i]->again = 0;
            ngx_vrrp_mark_pool(vr->cycle, vpp[i]);
        }
    }

    ngx_add_timer(ev, NGX_VRRP_RESOLVE_TICK);
}


/*
 * Returns 1 if there are others now.  What could not be done, for want of
 * memory or of slots, is tried again in the next round.
 */

static ngx_uint_t
ngx_vrrp_resolve_pool(ngx_cycle_t *cycle, ngx_vrrp_pool_t *vp,
    vrrp_process_t *checker)
{
    ngx_uint_t        n;
    ngx_vrrp_slot_t  *slot;

    if (vp->nslots == 0 || vp->walk == NULL) {
        return 0;
    }

    for (n = 0; n < vp->nslots; n++) {
        vp->slots[n].seen = 0;
    }

    vp->unchecked = 0;

    if (vp->resolved(vp) != NGX_OK) {
        return 0;
    }

    if (vp->unchecked) {
        vp->config = NGX_CONF_UNSET_UINT;
    }

    for (n = 0; n < vp->nslots; n++) {
        slot = &vp->slots[n];

        if (slot->peer.server.len && !slot->seen) {
            ngx_vrrp_resolve_release(cycle, vp, n, checker);
        }
    }

    for (n = 0; n < vp->nslots; n++) {
        slot = &vp->slots[n];

        if (slot->peer.server.len && !slot->checked) {
            ngx_vrrp_resolve_assign(cycle, vp, n, checker);
        }
    }

    if (vp->unchecked && !vp->warned) {
        vp->warned = 1;
        ngx_log_error(NGX_LOG_WARN, cycle->log, 0,
                      "vrrp: %s upstream \"%V\": only %ui of %ui addresses "
                      "are checked",
                      vp->context, &vp->name, vp->nslots,
                      vp->nslots + vp->unchecked);
    }

    return 1;
}


/*
 * While the list is locked: no call of the system, no allocation, nothing that
 * waits.
 */

void
ngx_vrrp_resolve_see(ngx_vrrp_pool_t *vp, ngx_uint_t backup,
    ngx_vrrp_nginx_peer_t *np)
{
    ngx_vrrp_peer_t  *peer;
    ngx_vrrp_slot_t  *slot;

    slot = ngx_vrrp_resolve_find(vp, backup, np);

    if (slot == NULL) {
        vp->unchecked++;
        return;
    }

    slot->seen = 1;

    peer = &slot->peer;

    if (peer->server.len) {
        return;
    }

    peer->server.data = slot->server;
    peer->server.len = np->server.len;
    ngx_memcpy(slot->server, np->server.data, np->server.len);

    peer->sockaddr = &slot->sockaddr.sockaddr;
    peer->socklen = np->socklen;
    slot->sockaddr = np->sockaddr;

    /* nginx's own text of it is in shared memory */

    peer->addr_text.data = slot->addr_text;
    peer->addr_text.len = ngx_sock_ntop(peer->sockaddr, peer->socklen,
                                        slot->addr_text, NGX_SOCKADDR_STRLEN,
                                        1);

    peer->backup = backup ? 1 : 0;
}


/* the one that has this peer, or a free one, or NULL */

static ngx_vrrp_slot_t *
ngx_vrrp_resolve_find(ngx_vrrp_pool_t *vp, ngx_uint_t backup,
    ngx_vrrp_nginx_peer_t *np)
{
    ngx_uint_t        n;
    ngx_vrrp_slot_t  *slot, *vacant;

    vacant = NULL;

    for (n = 0; n < vp->nslots; n++) {
        slot = &vp->slots[n];

        if (slot->peer.server.len == 0) {
            vacant = vacant ? vacant : slot;
            continue;
        }

        /* an answer of DNS may have an address twice: one check does */

        if (ngx_vrrp_same_peer(&slot->peer, backup, &np->server,
                               &np->sockaddr.sockaddr, np->socklen))
        {
            return slot;
        }
    }

    return ngx_vrrp_resolve_fits(np) ? vacant : NULL;
}


/* names have addresses of these families only */

static ngx_uint_t
ngx_vrrp_resolve_fits(ngx_vrrp_nginx_peer_t *np)
{
    ngx_vrrp_slot_t  *slot;

    if (np->server.len > sizeof(slot->server)) {
        return 0;
    }

    switch (np->sockaddr.sockaddr.sa_family) {

    case AF_INET:
        return np->socklen == sizeof(struct sockaddr_in);

#if (NGX_HAVE_INET6)
    case AF_INET6:
        return np->socklen == sizeof(struct sockaddr_in6);
#endif

    default:
        return 0;
    }
}


static void
ngx_vrrp_resolve_assign(ngx_cycle_t *cycle, ngx_vrrp_pool_t *vp,
    ngx_uint_t n, vrrp_process_t *checker)
{
    size_t                   check;
    ngx_pool_t              *pool;
    ngx_vrrp_conf_t         *vcf;
    ngx_vrrp_slot_t         *slot;
    vrrp_core_check_conf_t  *core;

    vcf = ngx_vrrp_get_conf(cycle);
    slot = &vp->slots[n];

    check = vp->first_check + vp->peers.nelts + n;
    core = (vrrp_core_check_conf_t *) &vcf->core.checks[check];

    pool = cycle->pool;

    if (checker) {
        pool = ngx_create_pool(1024, cycle->log);
        if (pool == NULL) {
            vp->config = NGX_CONF_UNSET_UINT;
            return;
        }

        slot->pool = pool;
    }

    if (ngx_vrrp_target_peer(pool, vp, &slot->peer, core) != NGX_OK) {
        ngx_vrrp_resolve_release(cycle, vp, n, checker);
        vp->config = NGX_CONF_UNSET_UINT;
        return;
    }

    slot->checked = 1;

    if (checker) {
        vrrp_checker_assign(checker, check, core);
    }
}


static void
ngx_vrrp_resolve_release(ngx_cycle_t *cycle, ngx_vrrp_pool_t *vp,
    ngx_uint_t n, vrrp_process_t *checker)
{
    size_t                   check;
    ngx_vrrp_conf_t         *vcf;
    ngx_vrrp_slot_t         *slot;
    vrrp_core_check_conf_t  *core;

    vcf = ngx_vrrp_get_conf(cycle);
    slot = &vp->slots[n];

    check = vp->first_check + vp->peers.nelts + n;
    core = (vrrp_core_check_conf_t *) &vcf->core.checks[check];

    if (checker && slot->checked) {
        vrrp_checker_release(checker, check);
    }

    ngx_memzero(core, sizeof(vrrp_core_check_conf_t));
    core->kind = VRRP_CORE_CHECK_NONE;

    if (slot->pool) {
        ngx_destroy_pool(slot->pool);
    }

    ngx_memzero(slot, sizeof(ngx_vrrp_slot_t));
}
