
/*
 * What the modules of http and stream share that check upstreams: they know
 * their own types, the rest is done here.
 */


#ifndef _NGX_VRRP_UPSTREAM_H_INCLUDED_
#define _NGX_VRRP_UPSTREAM_H_INCLUDED_


#include "ngx_vrrp_checks.h"


/* in peer->down: nginx uses 1 and 8, and whatever is set keeps requests out */

#define NGX_VRRP_PEER_DOWN  0x10000

/* nginx follows names since then, in upstreams with a "zone" */

#define NGX_VRRP_RESOLVE    (nginx_version >= 1027003)


/* the beginning of both modules' configuration of an upstream */

typedef struct {
    ngx_vrrp_check_t        *check;      /* NULL: none */
    ngx_uint_t               panic;
    ngx_uint_t               panic_percent;
    ngx_vrrp_place_t         panic_place;
    ngx_vrrp_pool_t         *pool;
} ngx_vrrp_upstream_t;


/* one round over the peers of a pool */

typedef struct {
    ngx_vrrp_pool_t         *pool;
    ngx_vrrp_conf_t         *conf;
    uint64_t                 changes;
    ngx_uint_t               backup;     /* the list that is walked now */
    ngx_uint_t               next;       /* of pool->peers */
} ngx_vrrp_mark_t;


/*
 * A place for a peer that comes and goes at run time: an address of a "server
 * ... resolve".  Its peer.server is empty while it is free.
 */

struct ngx_vrrp_spare_s {
    ngx_vrrp_peer_t          peer;
    ngx_sockaddr_t           sockaddr;
    u_char                   addr_text[NGX_SOCKADDR_STRLEN];
    u_char                   server[256];

    ngx_pool_t              *pool;       /* what its check is made of */
    unsigned                 seen:1;     /* in this round */
    unsigned                 checked:1;
};


/* ngx_vrrp_upstream.c */

/* the handlers of "vrrp_check" and "vrrp_check_panic" */
char *ngx_vrrp_upstream_check(ngx_conf_t *cf, ngx_command_t *cmd, void *conf);
char *ngx_vrrp_upstream_panic(ngx_conf_t *cf, ngx_command_t *cmd, void *conf);

/* when the upstream has been read; in the second case there is no check */
ngx_vrrp_pool_t *ngx_vrrp_upstream_pool(ngx_conf_t *cf,
    ngx_vrrp_upstream_t *up, const char *context, ngx_str_t *name);
ngx_int_t ngx_vrrp_upstream_unchecked(ngx_conf_t *cf, ngx_vrrp_upstream_t *up,
    const char *context, ngx_str_t *name, u_char *file_name, ngx_uint_t line);

ngx_int_t ngx_vrrp_upstream_add_peers(ngx_vrrp_pool_t *vp, ngx_str_t *server,
    ngx_addr_t *addrs, ngx_uint_t naddrs, ngx_uint_t backup, ngx_uint_t down);

/* a "server ... resolve" */
void ngx_vrrp_upstream_add_name(ngx_vrrp_pool_t *vp, ngx_uint_t down);

/* when all servers are added */
ngx_int_t ngx_vrrp_upstream_spare(ngx_conf_t *cf, ngx_vrrp_pool_t *vp);

/* a balancer that has peers of its own kind */
void ngx_vrrp_upstream_foreign(ngx_conf_t *cf, ngx_vrrp_pool_t *vp);

/* by the number of its check, counted from the pool's first */
ngx_vrrp_peer_t *ngx_vrrp_pool_peer(ngx_vrrp_pool_t *vp, ngx_uint_t n);
ngx_uint_t ngx_vrrp_same_peer(ngx_vrrp_peer_t *peer, ngx_uint_t backup,
    ngx_str_t *server, struct sockaddr *sockaddr, socklen_t socklen);

/* NGX_AGAIN: somebody holds it for long */
ngx_int_t ngx_vrrp_upstream_rlock(ngx_atomic_t *lock);

/* ngx_vrrp_mark.c */

/* in a worker, where peers are not in shared memory, before each request */
void ngx_vrrp_mark_own(ngx_cycle_t *cycle, ngx_vrrp_pool_t *vp);

/* NGX_DECLINED: the table is of a later configuration */
ngx_int_t ngx_vrrp_mark_begin(ngx_vrrp_mark_t *mark, ngx_cycle_t *cycle,
    ngx_vrrp_pool_t *vp);
void ngx_vrrp_mark_peer(ngx_vrrp_mark_t *mark, ngx_str_t *server,
    struct sockaddr *sockaddr, socklen_t socklen, ngx_uint_t *down,
    ngx_uint_t *fails);
void ngx_vrrp_mark_end(ngx_vrrp_mark_t *mark);

/* what a peer that nginx makes of this one begins with */
void ngx_vrrp_mark_template(ngx_vrrp_mark_t *mark, ngx_uint_t *down);

/* a list that changes at run time; NGX_AGAIN: another round follows */
ngx_int_t ngx_vrrp_mark_lock(ngx_vrrp_mark_t *mark, ngx_atomic_t *lock);
void ngx_vrrp_mark_unlock(ngx_vrrp_mark_t *mark, ngx_atomic_t *lock);

/* ngx_vrrp_resolve.c */

/* a peer that may go again; between lock and unlock */
void ngx_vrrp_resolve_see(ngx_vrrp_pool_t *vp, ngx_uint_t backup,
    ngx_str_t *server, struct sockaddr *sockaddr, socklen_t socklen,
    ngx_str_t *addr_text);


#endif /* _NGX_VRRP_UPSTREAM_H_INCLUDED_ */
