
/*
 * "vrrp_check" in upstreams of http: which servers are to be checked, and how
 * requests are kept from those that are down.
 */


#include "ngx_vrrp_upstream.h"
#include "ngx_vrrp_check_conf.h"
#include "ngx_vrrp_match_conf.h"

#include <ngx_http.h>


#if (NGX_HTTP_UPSTREAM_ZONE && NGX_VRRP_RESOLVE)
#define NGX_HTTP_VRRP_RESOLVE  1
#endif


typedef struct {
    ngx_vrrp_upstream_t              up;
    ngx_http_upstream_init_peer_pt   init_peer;
    ngx_event_free_peer_pt           free_peer;
} ngx_http_vrrp_upstream_conf_t;


static void *ngx_http_vrrp_upstream_create_conf(ngx_conf_t *cf);
static ngx_int_t ngx_http_vrrp_upstream_init(ngx_conf_t *cf);
static ngx_int_t ngx_http_vrrp_upstream_add_pool(ngx_conf_t *cf,
    ngx_http_upstream_srv_conf_t *uscf, ngx_http_vrrp_upstream_conf_t *vucf);
static ngx_int_t ngx_http_vrrp_upstream_add_servers(ngx_vrrp_pool_t *vp,
    ngx_http_upstream_srv_conf_t *uscf, ngx_uint_t backup);
static void ngx_http_vrrp_upstream_markable(ngx_conf_t *cf,
    ngx_http_upstream_srv_conf_t *uscf, ngx_http_vrrp_upstream_conf_t *vucf);
static ngx_int_t ngx_http_vrrp_upstream_init_peer(ngx_http_request_t *r,
    ngx_http_upstream_srv_conf_t *uscf);
static void ngx_http_vrrp_upstream_free_peer(ngx_peer_connection_t *pc,
    void *data, ngx_uint_t state);
static void ngx_http_vrrp_upstream_try_more(ngx_peer_connection_t *pc,
    ngx_http_upstream_t *u);
static ngx_int_t ngx_http_vrrp_upstream_walk(ngx_vrrp_mark_t *mark);
static void ngx_http_vrrp_upstream_walk_list(ngx_vrrp_mark_t *mark,
    ngx_http_upstream_rr_peers_t *peers);
static ngx_uint_t ngx_http_vrrp_upstream_tries(ngx_vrrp_pool_t *vp,
    ngx_http_upstream_rr_peers_t *peers);
#if (NGX_HTTP_VRRP_RESOLVE)
static ngx_int_t ngx_http_vrrp_upstream_resolved(ngx_vrrp_pool_t *vp);
static void ngx_http_vrrp_upstream_resolved_list(ngx_vrrp_pool_t *vp,
    ngx_http_upstream_rr_peers_t *peers, ngx_uint_t backup);
#endif


static ngx_command_t  ngx_http_vrrp_upstream_commands[] = {

    { ngx_string("vrrp_check"),
      NGX_HTTP_UPS_CONF|NGX_CONF_1MORE,
      ngx_vrrp_upstream_check,
      NGX_HTTP_SRV_CONF_OFFSET,
      0,
      NULL },

    { ngx_string("vrrp_check_panic"),
      NGX_HTTP_UPS_CONF|NGX_CONF_TAKE1,
      ngx_vrrp_upstream_panic,
      NGX_HTTP_SRV_CONF_OFFSET,
      0,
      NULL },

    { ngx_string("vrrp_match"),
      NGX_HTTP_MAIN_CONF|NGX_CONF_BLOCK|NGX_CONF_TAKE1,
      ngx_vrrp_match_block,
      0,
      0,
      NULL },

    { ngx_string("vrrp_check"),
      NGX_HTTP_MAIN_CONF|NGX_HTTP_SRV_CONF|NGX_HTTP_LOC_CONF|NGX_CONF_ANY,
      ngx_vrrp_conf_refuse,
      0,
      0,
      NULL },

    { ngx_string("vrrp_check_panic"),
      NGX_HTTP_MAIN_CONF|NGX_HTTP_SRV_CONF|NGX_HTTP_LOC_CONF|NGX_CONF_ANY,
      ngx_vrrp_conf_refuse,
      0,
      0,
      NULL },

      ngx_null_command
};


static ngx_http_module_t  ngx_http_vrrp_upstream_module_ctx = {
    NULL,                                  /* preconfiguration */
    ngx_http_vrrp_upstream_init,           /* postconfiguration */

    NULL,                                  /* create main configuration */
    NULL,                                  /* init main configuration */

    ngx_http_vrrp_upstream_create_conf,    /* create server configuration */
    NULL,                                  /* merge server configuration */

    NULL,                                  /* create location configuration */
    NULL                                   /* merge location configuration */
};


ngx_module_t  ngx_http_vrrp_upstream_module = {
    NGX_MODULE_V1,
    &ngx_http_vrrp_upstream_module_ctx,    /* module context */
    ngx_http_vrrp_upstream_commands,       /* module directives */
    NGX_HTTP_MODULE,                       /* module type */
    NULL,                                  /* init master */
    NULL,                                  /* init module */
    NULL,                                  /* init process */
    NULL,                                  /* init thread */
    NULL,                                  /* exit thread */
    NULL,                                  /* exit process */
    NULL,                                  /* exit master */
    NGX_MODULE_V1_PADDING
};


static void *
ngx_http_vrrp_upstream_create_conf(ngx_conf_t *cf)
{
    return ngx_pcalloc(cf->pool, sizeof(ngx_http_vrrp_upstream_conf_t));
}


/* all balancers have made their peers by now */

static ngx_int_t
ngx_http_vrrp_upstream_init(ngx_conf_t *cf)
{
    ngx_int_t                        rc;
    ngx_uint_t                       i;
    ngx_http_upstream_srv_conf_t   **uscfp;
    ngx_http_upstream_main_conf_t   *umcf;
    ngx_http_vrrp_upstream_conf_t   *vucf;

    umcf = ngx_http_conf_get_module_main_conf(cf, ngx_http_upstream_module);
    uscfp = umcf->upstreams.elts;

    for (i = 0; i < umcf->upstreams.nelts; i++) {

        if (uscfp[i]->srv_conf == NULL) {
            /* made by "proxy_pass" of an address */
            continue;
        }

        vucf = ngx_http_conf_upstream_srv_conf(uscfp[i],
                                               ngx_http_vrrp_upstream_module);

        rc = vucf->up.check
             ? ngx_http_vrrp_upstream_add_pool(cf, uscfp[i], vucf)
             : ngx_vrrp_upstream_unchecked(cf, &vucf->up, "http",
                                           &uscfp[i]->host,
                                           uscfp[i]->file_name,
                                           uscfp[i]->line);

        if (rc != NGX_OK
            || ngx_vrrp_upstream_share(cf, "http", &uscfp[i]->host,
                                       uscfp[i]->servers,
                                       offsetof(ngx_http_upstream_server_t,
                                                name))
               != NGX_OK)
        {
            return NGX_ERROR;
        }
    }

    return NGX_OK;
}


static ngx_int_t
ngx_http_vrrp_upstream_add_pool(ngx_conf_t *cf,
    ngx_http_upstream_srv_conf_t *uscf, ngx_http_vrrp_upstream_conf_t *vucf)
{
    ngx_vrrp_pool_t  *vp;

    vp = ngx_vrrp_upstream_pool(cf, &vucf->up, "http", &uscf->host);

    if (vp == NULL
        || ngx_http_vrrp_upstream_add_servers(vp, uscf, 0) != NGX_OK
        || ngx_http_vrrp_upstream_add_servers(vp, uscf, 1) != NGX_OK
        || ngx_vrrp_upstream_slots(cf, vp) != NGX_OK)
    {
        return NGX_ERROR;
    }

    vp->upstream = uscf;

#if (NGX_HTTP_UPSTREAM_ZONE)
    vp->zone = uscf->shm_zone;
#endif

#if (NGX_HTTP_VRRP_RESOLVE)
    vp->resolved = ngx_http_vrrp_upstream_resolved;
#endif

    ngx_http_vrrp_upstream_markable(cf, uscf, vucf);

    return ngx_vrrp_checks_add_pool(cf, vp);
}


static ngx_int_t
ngx_http_vrrp_upstream_add_servers(ngx_vrrp_pool_t *vp,
    ngx_http_upstream_srv_conf_t *uscf, ngx_uint_t backup)
{
    ngx_uint_t                   i;
    ngx_http_upstream_server_t  *server;

    server = uscf->servers->elts;

    for (i = 0; i < uscf->servers->nelts; i++) {

        if (server[i].backup != backup) {
            continue;
        }

#if (NGX_HTTP_VRRP_RESOLVE)
        if (server[i].host.len) {
            ngx_vrrp_upstream_add_name(vp, server[i].down);
            continue;
        }
#endif

        if (ngx_vrrp_upstream_add_peers(vp, &server[i].name, server[i].addrs,
                                        server[i].naddrs, backup,
                                        server[i].down)
            != NGX_OK)
        {
            return NGX_ERROR;
        }
    }

    return NGX_OK;
}


/* round robin is what all of nginx's balancers are made from */

static void
ngx_http_vrrp_upstream_markable(ngx_conf_t *cf,
    ngx_http_upstream_srv_conf_t *uscf, ngx_http_vrrp_upstream_conf_t *vucf)
{
    ngx_vrrp_pool_t               *vp;
    ngx_http_upstream_rr_peers_t  *peers;

    vp = vucf->up.pool;
    peers = uscf->peer.data;

    if (peers == NULL || peers->name != &uscf->host) {
        ngx_vrrp_upstream_foreign(cf, vp);
        return;
    }

    vp->walk = ngx_http_vrrp_upstream_walk;

    vucf->init_peer = uscf->peer.init;
    uscf->peer.init = ngx_http_vrrp_upstream_init_peer;
}


/*
 * The structures of peer.data belong to the balancer, and other modules look
 * into them: only peer.free is replaced, which is the same for all requests of
 * an upstream.
 */

static ngx_int_t
ngx_http_vrrp_upstream_init_peer(ngx_http_request_t *r,
    ngx_http_upstream_srv_conf_t *uscf)
{
    ngx_int_t                       rc;
    ngx_peer_connection_t          *pc;
    ngx_http_vrrp_upstream_conf_t  *vucf;

    vucf = ngx_http_conf_upstream_srv_conf(uscf,
                                           ngx_http_vrrp_upstream_module);

    ngx_vrrp_mark_request(vucf->up.pool);

    rc = vucf->init_peer(r, uscf);

    if (rc != NGX_OK) {
        return rc;
    }

    pc = &r->upstream->peer;

    if (vucf->free_peer == NULL) {
        vucf->free_peer = pc->free;
    }

    if (pc->free == vucf->free_peer) {
        pc->free = ngx_http_vrrp_upstream_free_peer;
    }

    return NGX_OK;
}


static void
ngx_http_vrrp_upstream_free_peer(ngx_peer_connection_t *pc, void *data,
    ngx_uint_t state)
{
    ngx_vrrp_pool_t                *vp;
    ngx_http_upstream_t            *u;
    ngx_http_vrrp_upstream_conf_t  *vucf;

    u = (ngx_http_upstream_t *)
            ((u_char *) pc - offsetof(ngx_http_upstream_t, peer));

    vucf = ngx_http_conf_upstream_srv_conf(u->upstream,
                                           ngx_http_vrrp_upstream_module);

    vp = vucf->up.pool;

    vucf->free_peer(pc, data, ngx_vrrp_mark_state(vp, pc, state));

    if (state & NGX_PEER_FAILED) {
        /* the next server is chosen now */
        ngx_vrrp_mark_request(vp);
        ngx_http_vrrp_upstream_try_more(pc, u);
    }
}


/*
 * Servers that were marked when the request began were not counted for it.
 * Where a mark is off since then, because the server has recovered or too few
 * are left, it may be the only one that can answer.
 */

static void
ngx_http_vrrp_upstream_try_more(ngx_peer_connection_t *pc,
    ngx_http_upstream_t *u)
{
    ngx_uint_t                     n;
    ngx_http_request_t            *r;
    ngx_http_log_ctx_t            *ctx;
    ngx_http_upstream_rr_peers_t  *peers;

    ctx = pc->log->data;
    r = ctx->current_request;

    if (pc->tries || u->conf->next_upstream_tries
        || r == NULL || r->upstream != u || r->upstream_states == NULL)
    {
        return;
    }

    n = 0;

    for (peers = u->upstream->peer.data; peers; peers = peers->next) {
        n += peers->tries;
    }

    if (r->upstream_states->nelts < n) {
        pc->tries = 1;
    }
}


/* peer.data is the zone's, once nginx has made the zone */

static ngx_int_t
ngx_http_vrrp_upstream_walk(ngx_vrrp_mark_t *mark)
{
    ngx_uint_t                     i;
    ngx_vrrp_pool_t               *vp;
    ngx_http_upstream_rr_peers_t  *peers;
    ngx_http_upstream_srv_conf_t  *uscf;

    vp = mark->pool;
    uscf = vp->upstream;
    peers = uscf->peer.data;

    for (i = 0; i < NGX_VRRP_PEER_LISTS; i++) {

        if (!ngx_vrrp_zone_has_struct(vp, peers, sizeof(*peers))) {
            break;
        }

        mark->backup = i;

#if (NGX_HTTP_UPSTREAM_ZONE)
        if (ngx_vrrp_mark_lock(mark, &peers->rwlock) != NGX_OK) {
            return NGX_AGAIN;
        }
#endif

        ngx_http_vrrp_upstream_walk_list(mark, peers);

#if (NGX_HTTP_UPSTREAM_ZONE)
        ngx_vrrp_mark_unlock(mark, &peers->rwlock);
#endif

        peers = peers->next;
    }

    return NGX_OK;
}


static void
ngx_http_vrrp_upstream_walk_list(ngx_vrrp_mark_t *mark,
    ngx_http_upstream_rr_peers_t *peers)
{
    ngx_uint_t                    i, n, tries;
    ngx_vrrp_pool_t              *vp;
    ngx_vrrp_nginx_peer_t         np;
    ngx_http_upstream_rr_peer_t  *peer;

    vp = mark->pool;

#if (NGX_HTTP_VRRP_RESOLVE)
    n = 0;

    for (peer = peers->resolve;
         ngx_vrrp_zone_follow(vp, &n, peer, sizeof(*peer));
         peer = peer->next)
    {
        ngx_vrrp_mark_template(mark, &peer->down);
    }
#endif

    n = 0;

    for (peer = peers->peer;
         ngx_vrrp_zone_follow(vp, &n, peer, sizeof(*peer));
         peer = peer->next)
    {
        ngx_vrrp_nginx_peer(&np, peers, peer);

        if (ngx_vrrp_zone_copy(vp, &np) == NGX_OK) {
            mark->visit(mark, &np);
        }
    }

    if (!mark->writes) {
        return;
    }

    /* another process may do the same: the last to write has seen all marks */

    for (i = 0; i < NGX_VRRP_MARK_ROUNDS; i++) {

        tries = ngx_http_vrrp_upstream_tries(vp, peers);

        if (tries == peers->tries) {
            break;
        }

        peers->tries = tries;
        ngx_memory_barrier();
    }
}


static ngx_uint_t
ngx_http_vrrp_upstream_tries(ngx_vrrp_pool_t *vp,
    ngx_http_upstream_rr_peers_t *peers)
{
    ngx_uint_t                    n, tries;
    ngx_http_upstream_rr_peer_t  *peer;

    n = 0;
    tries = 0;

    for (peer = peers->peer;
         ngx_vrrp_zone_follow(vp, &n, peer, sizeof(*peer));
         peer = peer->next)
    {
        tries += (*(volatile ngx_uint_t *) &peer->down == 0);
    }

    return tries;
}


#if (NGX_HTTP_VRRP_RESOLVE)

/* only read: requests that run compare it with what they have seen */

static ngx_int_t
ngx_http_vrrp_upstream_resolved(ngx_vrrp_pool_t *vp)
{
    ngx_uint_t                     i, config, *seen;
    ngx_http_upstream_rr_peers_t  *peers;
    ngx_http_upstream_srv_conf_t  *uscf;

    uscf = vp->upstream;
    peers = uscf->peer.data;
    seen = peers->NGX_VRRP_PEERS_CHANGES;

    if (!ngx_vrrp_zone_has_struct(vp, seen, sizeof(ngx_uint_t))) {
        return NGX_DECLINED;
    }

    config = *(volatile ngx_uint_t *) seen;

    if (config == vp->config) {
        return NGX_DECLINED;
    }

    for (i = 0; i < NGX_VRRP_PEER_LISTS; i++) {

        if (!ngx_vrrp_zone_has_struct(vp, peers, sizeof(*peers))) {
            break;
        }

        if (ngx_vrrp_upstream_rlock(&peers->rwlock) != NGX_OK) {
            return NGX_AGAIN;
        }

        ngx_http_vrrp_upstream_resolved_list(vp, peers, i);

        ngx_rwlock_unlock(&peers->rwlock);

        peers = peers->next;
    }

    vp->config = config;

    return NGX_OK;
}


static void
ngx_http_vrrp_upstream_resolved_list(ngx_vrrp_pool_t *vp,
    ngx_http_upstream_rr_peers_t *peers, ngx_uint_t backup)
{
    ngx_uint_t                    n;
    ngx_vrrp_nginx_peer_t         np;
    ngx_http_upstream_rr_peer_t  *peer;

    n = 0;

    for (peer = peers->peer;
         ngx_vrrp_zone_follow(vp, &n, peer, sizeof(*peer));
         peer = peer->next)
    {
        if (peer->host == NULL || (peer->down & ~NGX_VRRP_PEER_MARKS)) {
            continue;
        }

        ngx_vrrp_nginx_peer(&np, peers, peer);

        if (ngx_vrrp_zone_copy(vp, &np) == NGX_OK) {
            ngx_vrrp_resolve_see(vp, backup, &np);
        }
    }
}

#endif
