
/*
 * "listen" on a virtual address while another node holds it: bind() would
 * fail with EADDRNOTAVAIL.  These sockets are opened here, with IP_FREEBIND;
 * nginx leaves alone what has a descriptor when it comes to bind.
 *
 * Whatever fails later, nginx closes only what it has opened ("open").  Until
 * it has adopted the cycle ours, marked "bound", are closed by a cleanup.
 */


#include "ngx_vrrp_lifecycle.h"
#include "ngx_vrrp_ip.h"


#define NGX_VRRP_BIND_TRIES  5          /* as nginx has it */
#define NGX_VRRP_BIND_DELAY  500


#if (NGX_VRRP_LISTENING_PROTOCOL)
#define ngx_vrrp_listening_protocol(ls)  (ls)->protocol
#else
#define ngx_vrrp_listening_protocol(ls)  0
#endif


static void ngx_vrrp_freebind_cleanup(void *data);
static ngx_int_t ngx_vrrp_freebind_sockets(ngx_cycle_t *cycle,
    const vrrp_core_conf_t *conf);
static ngx_uint_t ngx_vrrp_freebind_virtual(const vrrp_core_conf_t *conf,
    struct sockaddr *sa);
static ngx_listening_t *ngx_vrrp_freebind_previous(ngx_cycle_t *cycle,
    ngx_listening_t *ls);
static ngx_uint_t ngx_vrrp_freebind_same(ngx_listening_t *a,
    ngx_listening_t *b);
static void ngx_vrrp_freebind_share(ngx_log_t *log, ngx_listening_t *old);
static ngx_int_t ngx_vrrp_freebind_socket(ngx_log_t *log,
    ngx_listening_t *ls);
static const char *ngx_vrrp_freebind_listen(ngx_socket_t s,
    ngx_listening_t *ls);
static int ngx_vrrp_freebind_set(ngx_socket_t s, int level, int option,
    int value);


ngx_int_t
ngx_vrrp_freebind_open(ngx_cycle_t *cycle, ngx_vrrp_conf_t *vcf)
{
    ngx_int_t            rc;
    ngx_uint_t           tries;
    ngx_pool_cleanup_t  *cln;

    if (!vcf->freebind || ngx_process == NGX_PROCESS_SIGNALLER) {
        return NGX_OK;
    }

    cln = ngx_pool_cleanup_add(cycle->pool, 0);
    if (cln == NULL) {
        return NGX_ERROR;
    }

    cln->handler = ngx_vrrp_freebind_cleanup;
    cln->data = cycle;

    for (tries = NGX_VRRP_BIND_TRIES; tries; tries--) {

        rc = ngx_vrrp_freebind_sockets(cycle, &vcf->core);

        if (rc != NGX_AGAIN) {
            return rc;
        }

        ngx_log_error(NGX_LOG_NOTICE, cycle->log, 0,
                      "try again to bind() after %dms", NGX_VRRP_BIND_DELAY);

        ngx_msleep(NGX_VRRP_BIND_DELAY);
    }

    ngx_log_error(NGX_LOG_EMERG, cycle->log, 0, "still could not bind()");

    return NGX_ERROR;
}


/* the cycle cannot fail any more: the sockets are nginx's */

void
ngx_vrrp_freebind_commit(ngx_cycle_t *cycle)
{
    ngx_uint_t        i;
    ngx_listening_t  *ls;

    ls = cycle->listening.elts;
    for (i = 0; i < cycle->listening.nelts; i++) {
        if (ls[i].bound) {
            ls[i].open = 1;
        }
    }
}


static void
ngx_vrrp_freebind_cleanup(void *data)
{
    ngx_cycle_t  *cycle = data;

    ngx_uint_t        i;
    ngx_listening_t  *ls;

    ls = cycle->listening.elts;
    for (i = 0; i < cycle->listening.nelts; i++) {

        if (!ls[i].bound || ls[i].open) {
            continue;
        }

        if (ngx_close_socket(ls[i].fd) == -1) {
            ngx_log_error(NGX_LOG_ALERT, cycle->pool->log, ngx_socket_errno,
                          ngx_close_socket_n " %V failed", &ls[i].addr_text);
        }
    }
}


/* NGX_AGAIN: some addresses are still in use */

static ngx_int_t
ngx_vrrp_freebind_sockets(ngx_cycle_t *cycle, const vrrp_core_conf_t *conf)
{
    ngx_int_t         rc, rv;
    ngx_uint_t        i;
    ngx_listening_t  *ls, *old;

    rv = NGX_OK;

    ls = cycle->listening.elts;
    for (i = 0; i < cycle->listening.nelts; i++) {

        if (ls[i].ignore
            || ls[i].fd != (ngx_socket_t) -1
            || !ngx_vrrp_freebind_virtual(conf, ls[i].sockaddr))
        {
            continue;
        }

        old = ngx_vrrp_freebind_previous(cycle, &ls[i]);

        if (old) {
            if (ls[i].reuseport && !old->reuseport) {
                ngx_vrrp_freebind_share(cycle->log, old);
            }

            continue;
        }

        rc = ngx_vrrp_freebind_socket(cycle->log, &ls[i]);

        if (rc == NGX_ERROR) {
            return NGX_ERROR;
        }

        if (rc == NGX_AGAIN) {
            rv = NGX_AGAIN;
        }
    }

    return rv;
}


static ngx_uint_t
ngx_vrrp_freebind_virtual(const vrrp_core_conf_t *conf, struct sockaddr *sa)
{
    size_t                            i, n;
    vrrp_core_ip_t                    ip;
    struct sockaddr_in               *sin;
    struct sockaddr_in6              *sin6;
    const vrrp_core_instance_conf_t  *ic;

    ngx_memzero(&ip, sizeof(vrrp_core_ip_t));

    switch (sa->sa_family) {

    case AF_INET:
        sin = (struct sockaddr_in *) sa;
        ip.family = 4;
        ngx_memcpy(ip.octets, &sin->sin_addr, 4);
        break;

    case AF_INET6:
        sin6 = (struct sockaddr_in6 *) sa;
        ip.family = 6;
        ngx_memcpy(ip.octets, &sin6->sin6_addr, 16);
        break;

    default: /* AF_UNIX */
        return 0;
    }

    for (i = 0; i < conf->ninstances; i++) {
        ic = &conf->instances[i];

        for (n = 0; n < ic->naddresses; n++) {
            if (ngx_vrrp_same_ip(&ic->addresses[n].address, &ip)) {
                return 1;
            }
        }
    }

    return 0;
}


/*
 * The socket of the old cycle, or of the old binary, that ngx_init_cycle() is
 * going to put into ls: it deals them out one by one, in this order.  When the
 * protocol changes, one is dealt to all, as the place of their new sockets.
 */

static ngx_listening_t *
ngx_vrrp_freebind_previous(ngx_cycle_t *cycle, ngx_listening_t *ls)
{
    ngx_uint_t        i, dealt;
    ngx_listening_t  *nls, *ols;

    dealt = 0;

    for (nls = cycle->listening.elts; nls < ls; nls++) {
        dealt += ngx_vrrp_freebind_same(nls, ls);
    }

    ols = cycle->old_cycle->listening.elts;
    for (i = 0; i < cycle->old_cycle->listening.nelts; i++) {

        if (ols[i].ignore || !ngx_vrrp_freebind_same(&ols[i], ls)) {
            continue;
        }

        if (dealt == 0
            || ngx_vrrp_listening_protocol(&ols[i])
               != ngx_vrrp_listening_protocol(ls))
        {
            return &ols[i];
        }

        dealt--;
    }

    return NULL;
}


static ngx_uint_t
ngx_vrrp_freebind_same(ngx_listening_t *a, ngx_listening_t *b)
{
    return a->type == b->type
           && ngx_cmp_sockaddr(a->sockaddr, a->socklen,
                               b->sockaddr, b->socklen, 1)
              == NGX_OK;
}


/* nginx does this too, but not before it has the other sockets to bind */

static void
ngx_vrrp_freebind_share(ngx_log_t *log, ngx_listening_t *old)
{
    if (ngx_vrrp_freebind_set(old->fd, SOL_SOCKET, SO_REUSEPORT, 1) == -1) {
        ngx_log_error(NGX_LOG_ALERT, log, ngx_socket_errno,
                      "setsockopt(SO_REUSEPORT) %V failed, ignored",
                      &old->addr_text);
    }
}


/* NGX_AGAIN: the address is in use */

static ngx_int_t
ngx_vrrp_freebind_socket(ngx_log_t *log, ngx_listening_t *ls)
{
    ngx_err_t      err;
    const char    *failed;
    ngx_socket_t   s;

    s = ngx_socket(ls->sockaddr->sa_family, ls->type,
                   ngx_vrrp_listening_protocol(ls));

    if (s == (ngx_socket_t) -1) {
        ngx_log_error(NGX_LOG_EMERG, log, ngx_socket_errno,
                      ngx_socket_n " %V failed", &ls->addr_text);
        return NGX_ERROR;
    }

    failed = ngx_vrrp_freebind_listen(s, ls);

    if (failed == NULL) {
        ls->fd = s;
        ls->bound = 1;
        ls->listen = (ls->type == SOCK_STREAM);
        ls->add_deferred = ls->deferred_accept;

        return NGX_OK;
    }

    err = ngx_socket_errno;

    if (ngx_close_socket(s) == -1) {
        ngx_log_error(NGX_LOG_EMERG, log, ngx_socket_errno,
                      ngx_close_socket_n " %V failed", &ls->addr_text);
    }

    if (err == NGX_EADDRINUSE && ngx_test_config) {
        /* by the nginx that runs; there would be no address for nginx's try */
        ls->ignore = 1;
        return NGX_OK;
    }

    ngx_log_error(NGX_LOG_EMERG, log, err, "%s %V failed", failed,
                  &ls->addr_text);

    return (err == NGX_EADDRINUSE) ? NGX_AGAIN : NGX_ERROR;
}


/* as nginx opens its own; NULL, or what has failed */

static const char *
ngx_vrrp_freebind_listen(ngx_socket_t s, ngx_listening_t *ls)
{
    /* nginx -t must not take datagrams or connections from a running nginx */

    if ((ls->type != SOCK_DGRAM || !ngx_test_config)
        && ngx_vrrp_freebind_set(s, SOL_SOCKET, SO_REUSEADDR, 1) == -1)
    {
        return "setsockopt(SO_REUSEADDR)";
    }

    if (ls->reuseport && !ngx_test_config
        && ngx_vrrp_freebind_set(s, SOL_SOCKET, SO_REUSEPORT, 1) == -1)
    {
        return "setsockopt(SO_REUSEPORT)";
    }

    if (ls->sockaddr->sa_family == AF_INET6) {

        if (ngx_vrrp_freebind_set(s, IPPROTO_IPV6, IPV6_V6ONLY, ls->ipv6only)
            == -1)
        {
            return "setsockopt(IPV6_V6ONLY)";
        }

        if (ngx_vrrp_freebind_set(s, IPPROTO_IPV6, IPV6_FREEBIND, 1) == -1) {
            return "setsockopt(IPV6_FREEBIND)";
        }

    } else if (ngx_vrrp_freebind_set(s, IPPROTO_IP, IP_FREEBIND, 1) == -1) {
        return "setsockopt(IP_FREEBIND)";
    }

    if (ngx_nonblocking(s) == -1) {
        return ngx_nonblocking_n;
    }

    if (bind(s, ls->sockaddr, ls->socklen) == -1) {
        return "bind() with IP_FREEBIND to";
    }

    if (ls->type == SOCK_STREAM && listen(s, ls->backlog) == -1) {
        return "listen() to";
    }

    return NULL;
}


static int
ngx_vrrp_freebind_set(ngx_socket_t s, int level, int option, int value)
{
    return setsockopt(s, level, option, (const void *) &value, sizeof(int));
}
