
/*
 * Shared by the modules of http and stream that check upstreams: they have
 * their own types, the rest is done here.
 */


#ifndef _NGX_VRRP_UPSTREAM_H_INCLUDED_
#define _NGX_VRRP_UPSTREAM_H_INCLUDED_


#include "ngx_vrrp_checks.h"

#include <ngx_event.h>
#include <ngx_event_connect.h>


/*
 * In peer->down, of which nginx uses 1 and 8, and whatever is set keeps
 * requests out.  A panic lets those through that are down by their checks, but
 * none that has not passed one yet, where that is "mandatory".
 */

#define NGX_VRRP_PEER_DOWN     0x10000
#define NGX_VRRP_PEER_UNKNOWN  0x20000
#define NGX_VRRP_PEER_MARKS    (NGX_VRRP_PEER_DOWN|NGX_VRRP_PEER_UNKNOWN)

/* the servers of an upstream, and those for "backup" */

#define NGX_VRRP_PEER_LISTS    2

/* attempts to count the peers without a mark, while others set marks */

#define NGX_VRRP_MARK_ROUNDS   100

/* nginx follows names, in upstreams with a "zone", and counts changes there */

#ifdef NGX_VRRP_PEERS_CHANGES
#define NGX_VRRP_RESOLVE       1
#endif


/* the beginning of both modules' configuration of an upstream */

typedef struct {
    ngx_vrrp_check_t        *check;      /* NULL: none */
    int64_t                  panic;
    int64_t                  panic_percent;
    ngx_vrrp_conf_line_t     panic_place;
    ngx_vrrp_pool_t         *pool;
} ngx_vrrp_upstream_t;


/*
 * A peer of nginx's, of http or stream.  Workers can write to the zone that it
 * is in, so what must not change is copied, except the octets of server.
 */

typedef struct {
    ngx_str_t                server;
    struct sockaddr         *from;       /* of sockaddr */
    ngx_sockaddr_t           sockaddr;
    socklen_t                socklen;
    ngx_uint_t              *down;
    ngx_uint_t              *fails;
    ngx_uint_t               out;        /* by max_fails */
} ngx_vrrp_nginx_peer_t;


/*
 * Before ngx_vrrp_zone_copy().  single: nginx does not count the failures of
 * the only one that it has.
 */

#define ngx_vrrp_nginx_peer(np, peers, peer)                                  \
    (np)->server = (peer)->server;                                            \
    (np)->from = (peer)->sockaddr;                                            \
    (np)->socklen = (peer)->socklen;                                          \
    (np)->down = &(peer)->down;                                               \
    (np)->fails = &(peer)->fails;                                             \
    (np)->out = (!(peers)->single                                             \
                 && (peer)->max_fails                                         \
                 && (peer)->fails >= (peer)->max_fails                        \
                 && ngx_time() - (peer)->checked <= (peer)->fail_timeout)


/* one walk over the peers of a pool */

struct ngx_vrrp_mark_s {
    ngx_vrrp_pool_t         *pool;
    ngx_vrrp_conf_t         *conf;
    void                   (*visit)(ngx_vrrp_mark_t *mark,
                                    ngx_vrrp_nginx_peer_t *np);
    ngx_uint_t               writes;     /* visit() changes marks */

    uint64_t                 changes;
    int64_t                  recovered;
    ngx_uint_t               backup;     /* the list that is walked now */
    ngx_uint_t               next;       /* of pool->peers */

    /* how many are down by their checks, out by max_fails, and left */
    ngx_uint_t               down;
    ngx_uint_t               out;
    ngx_uint_t               left;
};


/*
 * A place for a peer that comes and goes at run time: an address of a "server
 * ... resolve".  Its peer.server is empty while it is free.
 */

struct ngx_vrrp_slot_s {
    ngx_vrrp_peer_t          peer;
    ngx_sockaddr_t           sockaddr;
    u_char                   addr_text[NGX_SOCKADDR_STRLEN];
    u_char                   server[256];

    ngx_pool_t              *pool;       /* the parts of its check */
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

/* for other nodes; name: of each server, the offset of its ngx_str_t */
ngx_int_t ngx_vrrp_upstream_share(ngx_conf_t *cf, const char *context,
    ngx_str_t *upstream, ngx_array_t *servers, size_t name);

ngx_int_t ngx_vrrp_upstream_add_peers(ngx_vrrp_pool_t *vp, ngx_str_t *server,
    ngx_addr_t *addrs, ngx_uint_t naddrs, ngx_uint_t backup, ngx_uint_t down);

/* a "server ... resolve" */
void ngx_vrrp_upstream_add_name(ngx_vrrp_pool_t *vp, ngx_uint_t down);

/* when all servers are added */
ngx_int_t ngx_vrrp_upstream_slots(ngx_conf_t *cf, ngx_vrrp_pool_t *vp);

/* a balancer with its own type of peers */
void ngx_vrrp_upstream_foreign(ngx_conf_t *cf, ngx_vrrp_pool_t *vp);

/* by the number of its check, counted from the pool's first */
ngx_vrrp_peer_t *ngx_vrrp_pool_peer(ngx_vrrp_pool_t *vp, ngx_uint_t n);
ngx_uint_t ngx_vrrp_same_peer(ngx_vrrp_peer_t *peer, ngx_uint_t backup,
    ngx_str_t *server, struct sockaddr *sockaddr, socklen_t socklen);

/* NGX_AGAIN: it is held for a long time */
ngx_int_t ngx_vrrp_upstream_rlock(ngx_atomic_t *lock);

/*
 * What pointers in a zone may refer to: only the zone itself.  The second one
 * is for a structure, which is aligned.  The third one is for a member of a
 * list, with *n counting from zero: no list has more members than the zone has
 * room for.
 */
ngx_uint_t ngx_vrrp_zone_has(ngx_vrrp_pool_t *vp, void *p, size_t size);
ngx_uint_t ngx_vrrp_zone_has_struct(ngx_vrrp_pool_t *vp, void *p,
    size_t size);
ngx_uint_t ngx_vrrp_zone_follow(ngx_vrrp_pool_t *vp, ngx_uint_t *n, void *p,
    size_t size);

/* NGX_DECLINED: this is no peer */
ngx_int_t ngx_vrrp_zone_copy(ngx_vrrp_pool_t *vp, ngx_vrrp_nginx_peer_t *np);

/* ngx_vrrp_mark.c: marks peers down and up */

/*
 * Gives every peer the mark that the table says: in the master before it
 * forks, in the process that checks, and without a "zone" also in workers.
 */
void ngx_vrrp_mark_pool(ngx_cycle_t *cycle, ngx_vrrp_pool_t *vp);
void ngx_vrrp_mark_pools(ngx_cycle_t *cycle);

/* in the process that checks: looks again while a server is down */
void ngx_vrrp_mark_watch(ngx_cycle_t *cycle);

/* in a worker: nobody checks any more, so nobody is known to be down */
void ngx_vrrp_mark_none(ngx_cycle_t *cycle);

/*
 * In a worker, before each request and after a failure: marks peers that are
 * its own, and lets requests through where too few servers are left.
 */
void ngx_vrrp_mark_request(ngx_vrrp_pool_t *vp);

/*
 * In a worker, for the state that nginx's balancer gets when a connection
 * ends: one that began before its server recovered has not failed.
 */
ngx_uint_t ngx_vrrp_mark_state(ngx_vrrp_pool_t *vp, ngx_peer_connection_t *pc,
    ngx_uint_t state);

/* for a walk */

/* *down: the marks for peers that nginx makes from this one */
void ngx_vrrp_mark_template(ngx_vrrp_mark_t *mark, ngx_uint_t *down);

/* a list that changes at run time; NGX_AGAIN: another round follows */
ngx_int_t ngx_vrrp_mark_lock(ngx_vrrp_mark_t *mark, ngx_atomic_t *lock);
void ngx_vrrp_mark_unlock(ngx_vrrp_mark_t *mark, ngx_atomic_t *lock);

/* ngx_vrrp_resolve.c: peers that come and go at run time */

/* in the master, before the table of this generation is laid out */
void ngx_vrrp_resolve_begin(ngx_cycle_t *cycle);

/* in the process that checks, before there is a checker, and when it runs */
void ngx_vrrp_resolve_resume(ngx_cycle_t *cycle);
void ngx_vrrp_resolve_start(ngx_cycle_t *cycle, vrrp_process_t *checker);

/* a peer that may go again; between lock and unlock */
void ngx_vrrp_resolve_see(ngx_vrrp_pool_t *vp, ngx_uint_t backup,
    ngx_vrrp_nginx_peer_t *np);


#endif /* _NGX_VRRP_UPSTREAM_H_INCLUDED_ */
