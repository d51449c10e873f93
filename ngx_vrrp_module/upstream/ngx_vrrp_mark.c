
/*
 * Marks peers of upstreams as down, and as up again, with separate bits in
 * peer->down.  Modules walk the lists of their peers, this file decides about
 * each peer.
 *
 * Marks are set by one process for each list: by the one that checks, or by
 * the worker that has the list for itself.  Workers take marks of a shared
 * list off when they find too few servers left; the process that checks looks
 * again soon, and sets them when there are enough.  No lock is needed while
 * the lists do not change.  A round that is cut short, because its process has
 * died, is made good by the next one.
 */


#include "ngx_vrrp_upstream.h"


/* milliseconds between two looks while a server is down */

#define NGX_VRRP_MARK_TICK  50


typedef struct {
    ngx_event_t              event;
    ngx_connection_t         dummy;      /* nginx logs the fd of an event */
    ngx_cycle_t             *cycle;
} ngx_vrrp_mark_watch_t;


static void ngx_vrrp_mark_begin(ngx_vrrp_mark_t *mark, ngx_vrrp_pool_t *vp,
    ngx_vrrp_conf_t *vcf);
static ngx_uint_t ngx_vrrp_mark_down_checks(ngx_vrrp_conf_t *vcf,
    ngx_vrrp_pool_t *vp);
static void ngx_vrrp_mark_let_through(ngx_vrrp_pool_t *vp);
static ngx_uint_t ngx_vrrp_mark_is_watched(ngx_vrrp_pool_t *vp);
static void ngx_vrrp_mark_watch_handler(ngx_event_t *ev);
static ngx_int_t ngx_vrrp_mark_walk(ngx_vrrp_mark_t *mark,
    void (*visit)(ngx_vrrp_mark_t *mark, ngx_vrrp_nginx_peer_t *np),
    ngx_uint_t writes);
static void ngx_vrrp_mark_count(ngx_vrrp_mark_t *mark,
    ngx_vrrp_nginx_peer_t *np);
static void ngx_vrrp_mark_look(ngx_vrrp_mark_t *mark,
    ngx_vrrp_nginx_peer_t *np);
static void ngx_vrrp_mark_usable(ngx_vrrp_mark_t *mark,
    ngx_vrrp_nginx_peer_t *np);
static void ngx_vrrp_mark_set(ngx_vrrp_mark_t *mark,
    ngx_vrrp_nginx_peer_t *np);
static void ngx_vrrp_mark_take_off(ngx_vrrp_mark_t *mark,
    ngx_vrrp_nginx_peer_t *np);
static void ngx_vrrp_mark_bits(ngx_uint_t *down, ngx_uint_t bits);
static vrrp_core_verdict_e ngx_vrrp_mark_verdict(ngx_vrrp_mark_t *mark,
    ngx_int_t n);
static void ngx_vrrp_mark_recovered(ngx_vrrp_mark_t *mark, ngx_int_t n,
    ngx_uint_t *fails);
static ngx_uint_t ngx_vrrp_mark_panic(ngx_vrrp_mark_t *mark);
static void ngx_vrrp_mark_log_panic(ngx_vrrp_pool_t *vp, ngx_log_t *log);
static ngx_uint_t ngx_vrrp_mark_is_old(ngx_vrrp_pool_t *vp,
    ngx_peer_connection_t *pc);
static ngx_int_t ngx_vrrp_mark_find(ngx_vrrp_mark_t *mark,
    ngx_vrrp_nginx_peer_t *np);


/* there is one process that checks */

static ngx_vrrp_mark_watch_t  ngx_vrrp_mark_watched;


void
ngx_vrrp_mark_pools(ngx_cycle_t *cycle)
{
    ngx_uint_t         i;
    ngx_vrrp_conf_t   *vcf;
    ngx_vrrp_pool_t  **vpp;

    vcf = ngx_vrrp_get_conf(cycle);
    vpp = vcf->pools.elts;

    for (i = 0; i < vcf->pools.nelts; i++) {
        if (vpp[i]->walk) {
            ngx_vrrp_mark_pool(cycle, vpp[i]);
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


/*
 * The number of changes is read before the verdicts are: one that comes in
 * between is applied now or in the next round.
 */

void
ngx_vrrp_mark_pool(ngx_cycle_t *cycle, ngx_vrrp_pool_t *vp)
{
    ngx_uint_t       open;
    ngx_vrrp_mark_t  mark;

    ngx_vrrp_mark_begin(&mark, vp, ngx_vrrp_get_conf(cycle));

    if (mark.changes == 0) {
        /* the table is of a later configuration */
        return;
    }

    if (ngx_vrrp_mark_walk(&mark, ngx_vrrp_mark_count, 0) != NGX_OK) {
        return;
    }

    vp->down = mark.down;
    open = vp->unattended || ngx_vrrp_mark_panic(&mark);

    if (open != vp->open) {
        vp->open = open;
        ngx_vrrp_mark_log_panic(vp, cycle->log);
    }

    if (ngx_vrrp_mark_walk(&mark, ngx_vrrp_mark_set, 1) != NGX_OK) {
        return;
    }

    vp->applied = mark.changes;
    vp->recovered = mark.recovered;
}


static void
ngx_vrrp_mark_begin(ngx_vrrp_mark_t *mark, ngx_vrrp_pool_t *vp,
    ngx_vrrp_conf_t *vcf)
{
    ngx_memzero(mark, sizeof(ngx_vrrp_mark_t));

    mark->pool = vp;
    mark->conf = vcf;
    mark->changes = vrrp_core_checks_changes(vcf->memory, vcf->core.generation);
    mark->recovered = vp->recovered;
}


/*
 * Results of checks change seldom. nginx's passive checks may change with each
 * failure, which matters where a server is down.
 */

void
ngx_vrrp_mark_request(ngx_vrrp_pool_t *vp)
{
    uint64_t          changes;
    ngx_vrrp_conf_t  *vcf;

    vcf = ngx_vrrp_get_conf(ngx_cycle);

    if (vcf->memory == NULL) {
        return;
    }

    changes = vrrp_core_checks_changes(vcf->memory, vcf->core.generation);

    if (changes != vp->applied && vp->zone) {
        vp->applied = changes;
        vp->down = ngx_vrrp_mark_down_checks(vcf, vp);

    } else if (changes != vp->applied || (!vp->zone && vp->open)) {
        ngx_vrrp_mark_pool((ngx_cycle_t *) ngx_cycle, vp);
        return;
    }

    if (vp->down && vp->panic && !vp->unattended) {
        ngx_vrrp_mark_let_through(vp);
    }
}


static ngx_uint_t
ngx_vrrp_mark_down_checks(ngx_vrrp_conf_t *vcf, ngx_vrrp_pool_t *vp)
{
    size_t      i;
    ngx_uint_t  n;

    n = 0;

    for (i = 0; i < vp->nchecks; i++) {
        n += (vrrp_core_check_verdict(vcf->memory, vcf->core.generation,
                                      vp->first_check + i)
              == VRRP_CORE_DOWN);
    }

    return n;
}


static void
ngx_vrrp_mark_let_through(ngx_vrrp_pool_t *vp)
{
    ngx_vrrp_mark_t  mark;

    ngx_vrrp_mark_begin(&mark, vp, ngx_vrrp_get_conf(ngx_cycle));

    if (ngx_vrrp_mark_walk(&mark, ngx_vrrp_mark_look, 0) != NGX_OK
        || !ngx_vrrp_mark_panic(&mark))
    {
        return;
    }

    if (!vp->zone) {
        ngx_vrrp_mark_pool((ngx_cycle_t *) ngx_cycle, vp);
        return;
    }

    (void) ngx_vrrp_mark_walk(&mark, ngx_vrrp_mark_take_off, 1);
}


void
ngx_vrrp_mark_watch(ngx_cycle_t *cycle)
{
    ngx_uint_t               i;
    ngx_vrrp_conf_t         *vcf;
    ngx_vrrp_pool_t        **vpp;
    ngx_vrrp_mark_watch_t   *mw;

    mw = &ngx_vrrp_mark_watched;

    if (mw->event.timer_set) {
        return;
    }

    vcf = ngx_vrrp_get_conf(cycle);
    vpp = vcf->pools.elts;

    for (i = 0; i < vcf->pools.nelts; i++) {

        if (!ngx_vrrp_mark_is_watched(vpp[i])) {
            continue;
        }

        mw->cycle = cycle;
        mw->dummy.fd = (ngx_socket_t) -1;

        mw->event.data = &mw->dummy;
        mw->event.handler = ngx_vrrp_mark_watch_handler;
        mw->event.log = cycle->log;

        ngx_add_timer(&mw->event, NGX_VRRP_MARK_TICK);

        return;
    }
}


/* may workers take marks off, or have taken them off? */

static ngx_uint_t
ngx_vrrp_mark_is_watched(ngx_vrrp_pool_t *vp)
{
    return vp->walk && vp->zone && vp->down && vp->panic;
}


static void
ngx_vrrp_mark_watch_handler(ngx_event_t *ev)
{
    ngx_uint_t         i;
    ngx_cycle_t       *cycle;
    ngx_vrrp_conf_t   *vcf;
    ngx_vrrp_pool_t  **vpp;

    cycle = ngx_vrrp_mark_watched.cycle;

    vcf = ngx_vrrp_get_conf(cycle);
    vpp = vcf->pools.elts;

    for (i = 0; i < vcf->pools.nelts; i++) {
        if (ngx_vrrp_mark_is_watched(vpp[i])) {
            ngx_vrrp_mark_pool(cycle, vpp[i]);
        }
    }

    ngx_vrrp_mark_watch(cycle);
}


static ngx_int_t
ngx_vrrp_mark_walk(ngx_vrrp_mark_t *mark,
    void (*visit)(ngx_vrrp_mark_t *mark, ngx_vrrp_nginx_peer_t *np),
    ngx_uint_t writes)
{
    mark->visit = visit;
    mark->writes = writes;
    mark->backup = 0;
    mark->next = 0;

    return mark->pool->walk(mark);
}


/* by what the checks say; a peer without a check is up */

static void
ngx_vrrp_mark_count(ngx_vrrp_mark_t *mark, ngx_vrrp_nginx_peer_t *np)
{
    ngx_int_t  n;

    n = ngx_vrrp_mark_find(mark, np);

    if (*np->down & ~NGX_VRRP_PEER_MARKS) {
        return;
    }

    switch (ngx_vrrp_mark_verdict(mark, n)) {

    case VRRP_CORE_DOWN:
        mark->down++;
        break;

    case VRRP_CORE_UNUSED:
        break;

    default: /* VRRP_CORE_UP, VRRP_CORE_UNKNOWN */
        ngx_vrrp_mark_usable(mark, np);
    }
}


/* the same by the marks: a worker does not know which check is whose */

static void
ngx_vrrp_mark_look(ngx_vrrp_mark_t *mark, ngx_vrrp_nginx_peer_t *np)
{
    if (*np->down & ~NGX_VRRP_PEER_MARKS) {
        return;
    }

    if (*np->down & NGX_VRRP_PEER_DOWN) {
        mark->down++;
        return;
    }

    ngx_vrrp_mark_usable(mark, np);
}


/* one that was never checked is not lost yet */

static void
ngx_vrrp_mark_usable(ngx_vrrp_mark_t *mark, ngx_vrrp_nginx_peer_t *np)
{
    if (np->out) {
        mark->out++;

    } else {
        mark->left++;
    }
}


static void
ngx_vrrp_mark_set(ngx_vrrp_mark_t *mark, ngx_vrrp_nginx_peer_t *np)
{
    ngx_int_t   n;
    ngx_uint_t  bits;

    n = ngx_vrrp_mark_find(mark, np);

    if (n == NGX_ERROR || ngx_vrrp_pool_peer(mark->pool, n)->down) {
        return;
    }

    switch (ngx_vrrp_mark_verdict(mark, n)) {

    case VRRP_CORE_UNUSED:

        /* the table has just been replaced: the known results stay */

        return;

    case VRRP_CORE_UNKNOWN:
        bits = NGX_VRRP_PEER_UNKNOWN;
        break;

    case VRRP_CORE_DOWN:
        bits = mark->pool->open ? 0 : NGX_VRRP_PEER_DOWN;
        break;

    default: /* VRRP_CORE_UP */
        bits = 0;
    }

    ngx_vrrp_mark_bits(np->down, bits);
    ngx_vrrp_mark_recovered(mark, n, np->fails);
}


static void
ngx_vrrp_mark_take_off(ngx_vrrp_mark_t *mark, ngx_vrrp_nginx_peer_t *np)
{
    (void) __sync_fetch_and_and(np->down, ~(ngx_uint_t) NGX_VRRP_PEER_DOWN);
}


/* a mark that replaces another is set first: no request comes in between */

static void
ngx_vrrp_mark_bits(ngx_uint_t *down, ngx_uint_t bits)
{
    if ((*down & NGX_VRRP_PEER_MARKS) == bits) {
        return;
    }

    (void) __sync_fetch_and_or(down, bits);
    (void) __sync_fetch_and_and(down,
                                ~((ngx_uint_t) NGX_VRRP_PEER_MARKS & ~bits));
}


static vrrp_core_verdict_e
ngx_vrrp_mark_verdict(ngx_vrrp_mark_t *mark, ngx_int_t n)
{
    if (n == NGX_ERROR) {
        return VRRP_CORE_UP;
    }

    return vrrp_core_check_verdict(mark->conf->memory,
                                   mark->conf->core.generation,
                                   mark->pool->first_check + n);
}


/*
 * A server that nginx's passive checks have counted out is taken at our word
 * when it has recovered: fail_timeout does not keep it out any longer.  To
 * write peer->fails without peer->lock may lose one failure that a worker
 * counts at this moment.
 */

static void
ngx_vrrp_mark_recovered(ngx_vrrp_mark_t *mark, ngx_int_t n, ngx_uint_t *fails)
{
    int64_t  recovered;

    recovered = vrrp_core_check_recovered(mark->conf->memory,
                                          mark->conf->core.generation,
                                          mark->pool->first_check + n);

    if (recovered > mark->pool->recovered) {
        *fails = 0;
        mark->recovered = ngx_max(mark->recovered, recovered);
    }
}


/*
 * Too few are left: to try one that may be down is better than to answer with
 * an error for sure.  max_conns does not count: it is load, not a failure.
 */

static ngx_uint_t
ngx_vrrp_mark_panic(ngx_vrrp_mark_t *mark)
{
    ngx_vrrp_pool_t  *vp;

    vp = mark->pool;

    if (mark->down == 0) {
        return 0;
    }

    if (vp->panic_percent) {
        return mark->left * 100
               < vp->panic * (mark->left + mark->out + mark->down);
    }

    return mark->left < vp->panic;
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
                      "vrrp: %s upstream \"%V\": fewer servers are usable "
                      "than \"vrrp_check_panic\" requires, balancing over all "
                      "servers including those that are down",
                      vp->context, &vp->name);
        return;
    }

    ngx_log_error(NGX_LOG_NOTICE, log, 0,
                  "vrrp: %s upstream \"%V\": enough servers are usable again, "
                  "those that are down get no requests",
                  vp->context, &vp->name);
}


ngx_uint_t
ngx_vrrp_mark_state(ngx_vrrp_pool_t *vp, ngx_peer_connection_t *pc,
    ngx_uint_t state)
{
    if (!(state & NGX_PEER_FAILED) || !ngx_vrrp_mark_is_old(vp, pc)) {
        return state;
    }

    /* as after an answer that is right but not wanted */

    return NGX_PEER_NEXT;
}


/*
 * Such a connection does not reflect the current state of the server.  A
 * connection that is kept alive began when it was opened.
 */

static ngx_uint_t
ngx_vrrp_mark_is_old(ngx_vrrp_pool_t *vp, ngx_peer_connection_t *pc)
{
    u_char            text[NGX_SOCKADDR_STRLEN];
    size_t            len;
    ngx_msec_t        age;
    ngx_sockaddr_t    sa;
    ngx_vrrp_conf_t  *vcf;

    vcf = ngx_vrrp_get_conf(ngx_cycle);

    if (pc->connection == NULL || vcf->memory == NULL
        || (size_t) pc->socklen > sizeof(ngx_sockaddr_t))
    {
        return 0;
    }

    ngx_time_update();

    age = ngx_current_msec - pc->connection->start_time;

    /* the address that is checked */

    ngx_memcpy(&sa, pc->sockaddr, pc->socklen);

    if (vp->check->port) {
        ngx_inet_set_port(&sa.sockaddr,
                          (in_port_t) vp->check->port);
    }

    len = ngx_sock_ntop(&sa.sockaddr, pc->socklen, text, NGX_SOCKADDR_STRLEN,
                        1);

    return vrrp_core_checks_recovered(vcf->memory, vcf->core.generation,
                                      vp->first_check, vp->nchecks,
                                      (char *) text, len,
                                      (int64_t) age * 1000000);
}


/*
 * A reader's lock is enough: nginx changes a list and its tries as a writer
 * only.  A dead holder never releases the lock, so the wait is short.
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
    if (mark->writes
        && mark->pool->check->core.initial == VRRP_CORE_UNKNOWN)
    {
        (void) __sync_fetch_and_or(down, NGX_VRRP_PEER_UNKNOWN);
    }
}


/*
 * Those of the configuration come first in each list, in its order; those that
 * have come later are known by what they are.
 */

static ngx_int_t
ngx_vrrp_mark_find(ngx_vrrp_mark_t *mark, ngx_vrrp_nginx_peer_t *np)
{
    ngx_uint_t        i;
    ngx_vrrp_peer_t  *peer;
    ngx_vrrp_pool_t  *vp;

    vp = mark->pool;
    peer = vp->peers.elts;

    if (mark->next < vp->peers.nelts
        && ngx_vrrp_same_peer(&peer[mark->next], mark->backup, &np->server,
                              &np->sockaddr.sockaddr, np->socklen))
    {
        return mark->next++;
    }

    for (i = 0; i < vp->nslots; i++) {

        if (ngx_vrrp_same_peer(&vp->slots[i].peer, mark->backup, &np->server,
                               &np->sockaddr.sockaddr, np->socklen))
        {
            return vp->peers.nelts + i;
        }
    }

    return NGX_ERROR;
}
