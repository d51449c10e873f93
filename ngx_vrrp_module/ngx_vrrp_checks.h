
/*
 * Shared by the files for checks: those that read them from the configuration,
 * the processes that make them, and the upstreams whose peers are marked.
 */


#ifndef _NGX_VRRP_CHECKS_H_INCLUDED_
#define _NGX_VRRP_CHECKS_H_INCLUDED_


#include "ngx_vrrp_module.h"

#if (NGX_SSL)
#include <ngx_event.h>
#endif


typedef struct ngx_vrrp_check_kind_s  ngx_vrrp_check_kind_t;
typedef struct ngx_vrrp_pool_s        ngx_vrrp_pool_t;
typedef struct ngx_vrrp_slot_s        ngx_vrrp_slot_t;
typedef struct ngx_vrrp_mark_s        ngx_vrrp_mark_t;


/* a "vrrp_match" block */

typedef struct {
    vrrp_core_match_conf_t   core;

    unsigned                 http:1;     /* status, header, body */
    unsigned                 body:1;
    unsigned                 text:1;     /* send, expect */

    ngx_vrrp_conf_line_t     place;
} ngx_vrrp_match_t;


/* a program to run: its path and arguments, and its user */

typedef struct {
    ngx_str_t                line;       /* as it was written */
    vrrp_core_str_t         *words;      /* each ends with a zero */
    size_t                   nwords;
    ngx_uint_t               nginx_user; /* nginx's "user" */
    uint32_t                 uid;
    uint32_t                 gid;
} ngx_vrrp_program_t;


/*
 * "vrrp_check", "track_http" or another of them, as it was written.  core is
 * complete except its identity and target.
 */

typedef struct {
    ngx_vrrp_check_kind_t   *kind;
    vrrp_core_check_conf_t   core;

    int64_t                  port;       /* 0: the server's own */
    int64_t                  mandatory;

    ngx_str_t                match;      /* found when all has been read */
    ngx_str_t                status;

    ngx_uint_t               tls;
    int64_t                  verify;
    ngx_str_t                sni;        /* empty: the host */
    ngx_str_t                ca;
    ngx_str_t                certificate;
    ngx_str_t                certificate_key;
#if (NGX_SSL)
    ngx_ssl_t               *ssl;        /* NULL without tls */
#endif

    /* track_*; without the numbers of checks */
    vrrp_core_tracker_conf_t tracker;
    ngx_str_t                name;       /* its first argument */
    ngx_str_t               *params;     /* the others, as written */
    ngx_uint_t               nparams;

    /* the subject of its check, and its target, if it has one */
    ngx_str_t                address;
    struct sockaddr         *sockaddr;
    socklen_t                socklen;

    ngx_str_t                user;
    ngx_vrrp_program_t       program;    /* of a script */

    ngx_str_t                local;      /* of a BFD session */

    ngx_vrrp_conf_line_t     place;
} ngx_vrrp_check_t;


/* the trackers of a vrrp_instance */

typedef struct {
    ngx_array_t              list;       /* of ngx_vrrp_check_t */
    int64_t                  listen;     /* "track_nginx listen=on" */
    ngx_vrrp_conf_line_t     place;      /* the instance's end */
} ngx_vrrp_trackers_t;


/* core.target of a check: the address to connect to */

typedef struct {
    ngx_vrrp_check_t        *check;

    struct sockaddr         *sockaddr;   /* with the port to check */
    socklen_t                socklen;
    ngx_str_t                addr_text;
    ngx_str_t                sni;        /* with a zero; empty: none */

    ngx_vrrp_pool_t         *pool;       /* NULL: of a tracker */
} ngx_vrrp_target_t;


/* an upstream block without "vrrp_check" */

typedef struct {
    const char              *context;
    ngx_str_t                name;
    ngx_vrrp_conf_line_t     place;
} ngx_vrrp_unchecked_t;


/* a peer of an upstream, in the order in which nginx makes its peers */

typedef struct {
    ngx_str_t                server;     /* as it was written */
    struct sockaddr         *sockaddr;   /* as requests use it */
    socklen_t                socklen;
    ngx_str_t                addr_text;
    unsigned                 backup:1;
    unsigned                 down:1;     /* by the configuration: no check */
} ngx_vrrp_peer_t;


/* an upstream with a "vrrp_check" */

struct ngx_vrrp_pool_s {
    const char              *context;    /* "http", "stream" */
    ngx_str_t                name;
    ngx_vrrp_check_t        *check;
    ngx_array_t              peers;      /* of ngx_vrrp_peer_t */

    ngx_vrrp_slot_t         *slots;      /* reserved: peers come and go */
    ngx_uint_t               nslots;
    ngx_uint_t               changing;   /* nginx changes its lists of peers */

    /* "vrrp_check_panic": with fewer peers up none is marked; 0: off */
    ngx_uint_t               panic;
    ngx_uint_t               panic_percent;  /* it is in % */

    /* its checks in vrrp_core_conf_t, one for each peer and slot */
    size_t                   first_check;
    size_t                   nchecks;

    void                    *upstream;   /* http's or stream's srv conf */

    /*
     * Calls mark->visit() for every peer that nginx has in its lists.  NULL:
     * these peers cannot be marked.  NGX_AGAIN: a list is locked.
     */
    ngx_int_t              (*walk)(ngx_vrrp_mark_t *mark);

    /*
     * With slots: ngx_vrrp_resolve_see() for each peer that may go again.
     * NGX_DECLINED: none has come or gone, NGX_AGAIN: the list is locked.
     */
    ngx_int_t              (*resolved)(ngx_vrrp_pool_t *pool);
    ngx_uint_t               config;     /* changes that were seen */
    ngx_uint_t               again;      /* the last round met a lock */
    ngx_uint_t               unchecked;  /* peers without a slot */
    ngx_uint_t               warned;     /* of that */

    ngx_shm_zone_t          *zone;       /* with the peers, or NULL */
    uint64_t                 applied;    /* changes that they are marked with */
    int64_t                  recovered;  /* the last recovery among them */
    ngx_uint_t               down;       /* of them, by their checks */
    ngx_uint_t               open;       /* in a panic: all are let through */
    ngx_uint_t               unattended; /* no more checks */

    ngx_vrrp_conf_line_t     place;
};


#endif /* _NGX_VRRP_CHECKS_H_INCLUDED_ */
