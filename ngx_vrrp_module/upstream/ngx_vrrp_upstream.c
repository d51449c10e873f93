
/*
 * Shared by the upstream blocks of http and stream: their directives, and the
 * pool for an upstream with a "vrrp_check".
 */


#include "ngx_vrrp_upstream.h"
#include "ngx_vrrp_check_conf.h"


/* how many addresses of one "server ... resolve" are checked */

#define NGX_VRRP_SLOTS           32

#define NGX_VRRP_UPSTREAM_SPINS  1000
#define NGX_VRRP_WLOCKED         ((ngx_atomic_uint_t) -1)


char *
ngx_vrrp_upstream_check(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_vrrp_upstream_t  *up = conf;

    if (up->check) {
        return "is duplicate";
    }

    up->check = ngx_palloc(cf->pool, sizeof(ngx_vrrp_check_t));
    if (up->check == NULL) {
        return NGX_CONF_ERROR;
    }

    return ngx_vrrp_check_read(cf, up->check);
}


/* "vrrp_check_panic N|N%|off" */

char *
ngx_vrrp_upstream_panic(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_vrrp_upstream_t  *up = conf;

    ngx_str_t  *value;

    if (up->panic_place.line) {
        return "is duplicate";
    }

    ngx_vrrp_conf_line(cf, &up->panic_place);

    value = cf->args->elts;

    if (ngx_strcmp(value[1].data, "off") == 0) {
        return NGX_CONF_OK;
    }

    if (ngx_vrrp_parse_servers(&value[1], &up->panic, &up->panic_percent)
        != NGX_OK)
    {
        return ngx_vrrp_conf_invalid(cf, &value[0], &value[1],
                                     "must be a number of servers, a "
                                     "percentage of them from 1% to 100%, or "
                                     "\"off\"");
    }

    return NGX_CONF_OK;
}


ngx_vrrp_pool_t *
ngx_vrrp_upstream_pool(ngx_conf_t *cf, ngx_vrrp_upstream_t *up,
    const char *context, ngx_str_t *name)
{
    ngx_vrrp_pool_t  *vp;

    vp = ngx_pcalloc(cf->pool, sizeof(ngx_vrrp_pool_t));
    if (vp == NULL) {
        return NULL;
    }

    if (ngx_array_init(&vp->peers, cf->pool, 4, sizeof(ngx_vrrp_peer_t))
        != NGX_OK)
    {
        return NULL;
    }

    vp->context = context;
    vp->name = *name;
    vp->config = NGX_CONF_UNSET_UINT;
    vp->check = up->check;
    vp->panic = up->panic_place.line ? (ngx_uint_t) up->panic : 1;
    vp->panic_percent = up->panic_percent;
    vp->place = up->check->place;

    up->pool = vp;

    return vp;
}


ngx_int_t
ngx_vrrp_upstream_share(ngx_conf_t *cf, const char *context,
    ngx_str_t *upstream, ngx_array_t *servers, size_t name)
{
    u_char                     *server;
    ngx_uint_t                  i;
    ngx_vrrp_conf_t            *vcf;
    vrrp_core_str_t            *list;
    vrrp_core_upstream_conf_t  *shared;

    vcf = ngx_vrrp_get_conf(cf->cycle);

    list = ngx_palloc(cf->pool, servers->nelts * sizeof(vrrp_core_str_t));
    shared = ngx_array_push(&vcf->upstreams);

    if (list == NULL || shared == NULL) {
        return NGX_ERROR;
    }

    server = servers->elts;

    for (i = 0; i < servers->nelts; i++) {
        ngx_vrrp_core_str(&list[i], (ngx_str_t *) (server + name));
        server += servers->size;
    }

    shared->context = context;
    ngx_vrrp_core_str(&shared->name, upstream);
    shared->servers = list;
    shared->nservers = servers->nelts;

    vcf->core.upstreams = vcf->upstreams.elts;
    vcf->core.nupstreams = vcf->upstreams.nelts;

    return NGX_OK;
}


ngx_int_t
ngx_vrrp_upstream_add_peers(ngx_vrrp_pool_t *vp, ngx_str_t *server,
    ngx_addr_t *addrs, ngx_uint_t naddrs, ngx_uint_t backup, ngx_uint_t down)
{
    ngx_uint_t        i;
    ngx_vrrp_peer_t  *peer;

    for (i = 0; i < naddrs; i++) {

        peer = ngx_array_push(&vp->peers);
        if (peer == NULL) {
            return NGX_ERROR;
        }

        ngx_memzero(peer, sizeof(ngx_vrrp_peer_t));

        peer->server = *server;
        peer->sockaddr = addrs[i].sockaddr;
        peer->socklen = addrs[i].socklen;
        peer->addr_text = addrs[i].name;
        peer->backup = backup ? 1 : 0;
        peer->down = down ? 1 : 0;
    }

    return NGX_OK;
}


void
ngx_vrrp_upstream_add_name(ngx_vrrp_pool_t *vp, ngx_uint_t down)
{
    vp->changing = 1;

    if (!down) {
        vp->nslots += NGX_VRRP_SLOTS;
    }
}


ngx_int_t
ngx_vrrp_upstream_slots(ngx_conf_t *cf, ngx_vrrp_pool_t *vp)
{
    if (vp->nslots == 0) {
        return NGX_OK;
    }

    vp->slots = ngx_pcalloc(cf->pool, vp->nslots * sizeof(ngx_vrrp_slot_t));

    return vp->slots ? NGX_OK : NGX_ERROR;
}


/* a "vrrp_check_panic" on its own would be without effect */

ngx_int_t
ngx_vrrp_upstream_unchecked(ngx_conf_t *cf, ngx_vrrp_upstream_t *up,
    const char *context, ngx_str_t *name, u_char *file_name, ngx_uint_t line)
{
    if (up->panic_place.line == 0) {
        return ngx_vrrp_checks_add_unchecked(cf, context, name, file_name,
                                             line);
    }

    ngx_log_error(NGX_LOG_EMERG, cf->log, 0,
                  "\"vrrp_check_panic\" needs a \"vrrp_check\" in the same "
                  "upstream in %V:%ui",
                  &up->panic_place.file, up->panic_place.line);

    return NGX_ERROR;
}


void
ngx_vrrp_upstream_foreign(ngx_conf_t *cf, ngx_vrrp_pool_t *vp)
{
    ngx_log_error(NGX_LOG_WARN, cf->log, 0,
                  "the load balancing method of %s upstream \"%V\" is not one "
                  "of nginx: its servers are checked, but those that are down "
                  "still get requests in %V:%ui",
                  vp->context, &vp->name, &vp->place.file, vp->place.line);
}


ngx_vrrp_peer_t *
ngx_vrrp_pool_peer(ngx_vrrp_pool_t *vp, ngx_uint_t n)
{
    ngx_vrrp_peer_t  *peer;

    if (n >= vp->peers.nelts) {
        return &vp->slots[n - vp->peers.nelts].peer;
    }

    peer = vp->peers.elts;

    return &peer[n];
}


ngx_uint_t
ngx_vrrp_same_peer(ngx_vrrp_peer_t *peer, ngx_uint_t backup,
    ngx_str_t *server, struct sockaddr *sockaddr, socklen_t socklen)
{
    return peer->backup == backup
           && peer->server.len == server->len
           && ngx_memcmp(peer->server.data, server->data, server->len) == 0
           && ngx_cmp_sockaddr(peer->sockaddr, peer->socklen, sockaddr,
                               socklen, 1)
              == NGX_OK;
}


/*
 * As ngx_rwlock_rlock(), but bounded: the lock of a worker that has died is
 * never released.
 */

ngx_int_t
ngx_vrrp_upstream_rlock(ngx_atomic_t *lock)
{
    ngx_uint_t         i;
    ngx_atomic_uint_t  readers;

    for (i = 0; i < NGX_VRRP_UPSTREAM_SPINS; i++) {
        readers = *lock;

        if (readers != NGX_VRRP_WLOCKED
            && ngx_atomic_cmp_set(lock, readers, readers + 1))
        {
            return NGX_OK;
        }

        ngx_cpu_pause();
    }

    return NGX_AGAIN;
}


ngx_uint_t
ngx_vrrp_zone_has(ngx_vrrp_pool_t *vp, void *p, size_t size)
{
    size_t      offset;
    ngx_shm_t  *shm;

    if (vp->zone == NULL) {
        return p != NULL;
    }

    shm = &vp->zone->shm;
    offset = (uintptr_t) p - (uintptr_t) shm->addr;

    return offset < shm->size && size <= shm->size - offset;
}


ngx_uint_t
ngx_vrrp_zone_has_struct(ngx_vrrp_pool_t *vp, void *p, size_t size)
{
    return ngx_vrrp_zone_has(vp, p, size)
           && (uintptr_t) p % sizeof(ngx_atomic_t) == 0;
}


ngx_uint_t
ngx_vrrp_zone_follow(ngx_vrrp_pool_t *vp, ngx_uint_t *n, void *p, size_t size)
{
    if (!ngx_vrrp_zone_has_struct(vp, p, size)) {
        return 0;
    }

    return vp->zone == NULL || ++*n <= vp->zone->shm.size / size;
}


ngx_int_t
ngx_vrrp_zone_copy(ngx_vrrp_pool_t *vp, ngx_vrrp_nginx_peer_t *np)
{
    if (np->server.len == 0
        || !ngx_vrrp_zone_has(vp, np->server.data, np->server.len)
        || (size_t) np->socklen > sizeof(ngx_sockaddr_t)
        || !ngx_vrrp_zone_has(vp, np->from, np->socklen))
    {
        return NGX_DECLINED;
    }

    ngx_memzero(&np->sockaddr, sizeof(ngx_sockaddr_t));
    ngx_memcpy(&np->sockaddr, np->from, np->socklen);

    return NGX_OK;
}
