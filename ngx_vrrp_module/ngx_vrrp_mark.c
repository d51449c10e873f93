
/*
 * Marks peers of upstreams as down, and as up again, by a bit of our own in
 * peer->down.  Modules walk the lists of their peers, what becomes of a peer
 * is decided here.
 *
 * Whoever marks is the only one to write these bits and peers->tries: no lock
 * is needed while the lists do not change.  A round that is cut short, because
 * its process has died, is made good by the next one.
 */


#include "ngx_vrrp_upstream.h"


static vrrp_core_verdict_e ngx_vrrp_mark_verdict(ngx_vrrp_mark_t *mark,
    ngx_uint_t n);
static uint64_t ngx_vrrp_mark_changes(ngx_vrrp_mark_t *mark, ngx_uint_t n);
static ngx_uint_t ngx_vrrp_mark_panic(ngx_vrrp_mark_t *mark);
static void ngx_vrrp_mark_log_panic(ngx_vrrp_pool_t *vp, ngx_log_t *log);
static ngx_int_t ngx_vrrp_mark_find(ngx_vrrp_mark_t *mark,
    ngx_str_t *server, struct sockaddr *sockaddr, socklen_t socklen);


void
ngx_vrrp_mark_pools(ngx_cycle_t *cycle)
{
    ngx_uint_t         i;
    ngx_vrrp_conf_t   *vcf;
    ngx_vrrp_pool_t  **vpp;

    vcf = ngx_vrrp_get_conf(cycle);
    vpp = vcf->pools.elts;

    for (i = 0; i < vcf->pools.nelts; i++) {
        if (vpp[i]->mark) {
            vpp[i]->mark(cycle, vpp[i]);
        }
    }
}


void
ngx_vrrp_mark_none(ngx_cycle_t *cycle)
{
    ngx_uint_t         i;
    ngx_vrrp_conf_t   *vcf;
    ngx_vrrp_pool_t  **vpp;

    vcf = ngx_vrrp_get_conf(cycle);
    vpp = vcf->pools.elts;

    for (i = 0; i < vcf->pools.nelts; i++) {
        vpp[i]->unattended = 1;
    }

    ngx_vrrp_mark_pools(cycle);
}


void
ngx_vrrp_mark_own(ngx_cycle_t *cycle, ngx_vrrp_pool_t *vp)
{
    ngx_vrrp_conf_t  *vcf;

    vcf = ngx_vrrp_get_conf(cycle);

    if (vcf->area
        && vrrp_core_checks_changes(vcf->area, vcf->core.generation)
           != vp->applied)
    {
        vp->mark(cycle, vp);
    }
}


/*
 * The number of changes is read before the verdicts are: one that comes in
 * between is applied now or in the next round.
 */

ngx_int_t
ngx_vrrp_mark_begin(ngx_vrrp_mark_t *mark, ngx_cycle_t *cycle,
    ngx_vrrp_pool_t *vp)
{
    ngx_uint_t        open;
    ngx_vrrp_conf_t  *vcf;

    vcf = ngx_vrrp_get_conf(cycle);

    mark->pool = vp;
    mark->conf = vcf;
    mark->changes = vrrp_core_checks_changes(vcf->area, vcf->core.generation);
    mark->backup = 0;
    mark->next = 0;

    if (mark->changes == 0) {
        return NGX_DECLINED;
    }

    open = vp->unattended || ngx_vrrp_mark_panic(mark);

    if (open != vp->open) {
        vp->open = open;
        ngx_vrrp_mark_log_panic(vp, cycle->log);
    }

    return NGX_OK;
}


void
ngx_vrrp_mark_end(ngx_vrrp_mark_t *mark)
{
    mark->pool->applied = mark->changes;
}


static vrrp_core_verdict_e
ngx_vrrp_mark_verdict(ngx_vrrp_mark_t *mark, ngx_uint_t n)
{
    return vrrp_core_check_verdict(mark->conf->area,
                                   mark->conf->core.generation,
                                   mark->pool->first_check + n);
}


/* it may have been down and up again since the last round */

static uint64_t
ngx_vrrp_mark_changes(ngx_vrrp_mark_t *mark, ngx_uint_t n)
{
    return vrrp_core_check_changes(mark->conf->area,
                                   mark->conf->core.generation,
                                   mark->pool->first_check + n);
}


/*
 * Too few are left: to try one that may be down is better than to answer with
 * an error for sure.  A peer that was never checked is not lost yet.
 */

static ngx_uint_t
ngx_vrrp_mark_panic(ngx_vrrp_mark_t *mark)
{
    ngx_uint_t        i, down, left;
    ngx_vrrp_pool_t  *vp;

    vp = mark->pool;

    down = 0;
    left = 0;

    for (i = 0; i < vp->peers.nelts + vp->nspare; i++) {

        if (ngx_vrrp_pool_peer(vp, i)->down) {
            continue;
        }

        switch (ngx_vrrp_mark_verdict(mark, i)) {

        case VRRP_CORE_DOWN:
            down++;
            break;

        case VRRP_CORE_UNUSED:
            break;

        default: /* VRRP_CORE_UP, VRRP_CORE_UNKNOWN */
            left++;
        }
    }

    if (vp->panic_percent) {
        return down && left * 100 < vp->panic * (left + down);
    }

    return down && left < vp->panic;
}


/* once for all processes: the one that checks is a helper */

static void
ngx_vrrp_mark_log_panic(ngx_vrrp_pool_t *vp, ngx_log_t *log)
{
    if (ngx_process != NGX_PROCESS_HELPER) {
        return;
    }

    if (vp->open) {
        ngx_log_error(NGX_LOG_WARN, log, 0,
                      "vrrp: %s upstream \"%V\": fewer servers are up than "
                      "\"vrrp_check_panic\" demands, requests go to those "
                      "that are down as well",
                      vp->context, &vp->name);
        return;
    }

    ngx_log_error(NGX_LOG_NOTICE, log, 0,
                  "vrrp: %s upstream \"%V\": enough servers are up again, "
                  "no request goes to those that are down",
                  vp->context, &vp->name);
}


/*
 * A peer that nginx's passive checks have counted out is taken at our word
 * when it comes up again: fail_timeout does not keep it out any longer.  To
 * write peer->fails without peer->lock may lose one failure that a worker
 * counts at this moment.
 */

void
ngx_vrrp_mark_peer(ngx_vrrp_mark_t *mark, ngx_str_t *server,
    struct sockaddr *sockaddr, socklen_t socklen, ngx_uint_t *down,
    ngx_uint_t *fails)
{
    uint64_t              changes;
    ngx_int_t             n;
    ngx_vrrp_peer_t      *peer;
    vrrp_core_verdict_e   verdict;

    n = ngx_vrrp_mark_find(mark, server, sockaddr, socklen);

    if (n == NGX_ERROR) {
        return;
    }

    peer = ngx_vrrp_pool_peer(mark->pool, n);

    if (peer->down) {
        return;
    }

    changes = ngx_vrrp_mark_changes(mark, n);
    verdict = ngx_vrrp_mark_verdict(mark, n);

    if (verdict == VRRP_CORE_UNUSED) {

        /* the table has just been replaced: what was known stays */

        return;
    }

    if (verdict == VRRP_CORE_UNKNOWN
        || (verdict == VRRP_CORE_DOWN && !mark->pool->open))
    {
        (void) __sync_fetch_and_or(down, NGX_VRRP_PEER_DOWN);

    } else {
        (void) __sync_fetch_and_and(down, ~(ngx_uint_t) NGX_VRRP_PEER_DOWN);
    }

    if (verdict == VRRP_CORE_UP && peer->changes != changes) {
        *fails = 0;
    }

    peer->changes = changes;
}


/*
 * A reader's lock is enough: nginx changes a list and its tries as a writer
 * only.  A dead holder would be waited for in vain, so the wait is short.
 */

ngx_int_t
ngx_vrrp_mark_lock(ngx_vrrp_mark_t *mark, ngx_atomic_t *lock)
{
    if (!mark->pool->changing) {
        return NGX_OK;
    }

    if (ngx_vrrp_upstream_rlock(lock) != NGX_OK) {
        mark->pool->again = 1;
        return NGX_AGAIN;
    }

    return NGX_OK;
}


void
ngx_vrrp_mark_unlock(ngx_vrrp_mark_t *mark, ngx_atomic_t *lock)
{
    if (mark->pool->changing) {
        ngx_rwlock_unlock(lock);
    }
}


void
ngx_vrrp_mark_template(ngx_vrrp_mark_t *mark, ngx_uint_t *down)
{
    if (mark->pool->check->core.initial == VRRP_CORE_UNKNOWN) {
        (void) __sync_fetch_and_or(down, NGX_VRRP_PEER_DOWN);
    }
}


/*
 * Those of the configuration come first in each list, in its order; those that
 * have come later are known by what they are.
 */

static ngx_int_t
ngx_vrrp_mark_find(ngx_vrrp_mark_t *mark, ngx_str_t *server,
    struct sockaddr *sockaddr, socklen_t socklen)
{
    ngx_uint_t        i;
    ngx_vrrp_peer_t  *peer;
    ngx_vrrp_pool_t  *vp;

    vp = mark->pool;
    peer = vp->peers.elts;

    if (mark->next < vp->peers.nelts
        && ngx_vrrp_same_peer(&peer[mark->next], mark->backup, server,
                              sockaddr, socklen))
    {
        return mark->next++;
    }

    for (i = 0; i < vp->nspare; i++) {

        if (ngx_vrrp_same_peer(&vp->spare[i].peer, mark->backup, server,
                               sockaddr, socklen))
        {
            return vp->peers.nelts + i;
        }
    }

    return NGX_ERROR;
}
