
/*
 * Which upstream "track_upstream" is about: known when all has been read.
 */


#include "ngx_vrrp_check_conf.h"


typedef struct {
    const char              *context;    /* NULL: http or stream */
    ngx_str_t                name;

    /* the upstreams found */
    ngx_vrrp_pool_t         *pool;
    ngx_vrrp_unchecked_t    *unchecked;
    ngx_uint_t               n;
} ngx_vrrp_pool_search_t;


static void ngx_vrrp_pool_search(ngx_vrrp_conf_t *vcf,
    ngx_vrrp_pool_search_t *search);
static ngx_uint_t ngx_vrrp_pool_prefixed(ngx_vrrp_pool_search_t *search,
    const char *context);
static ngx_uint_t ngx_vrrp_pool_is(ngx_vrrp_pool_search_t *search,
    const char *context, ngx_str_t *name);
static char *ngx_vrrp_pool_missing(ngx_cycle_t *cycle,
    ngx_vrrp_pool_search_t *search, ngx_vrrp_check_t *check);
static char *ngx_vrrp_pool_enough(ngx_cycle_t *cycle, ngx_vrrp_pool_t *vp,
    ngx_vrrp_check_t *check);


char *
ngx_vrrp_track_find_pool(ngx_cycle_t *cycle, ngx_vrrp_conf_t *vcf,
    const vrrp_core_instance_conf_t *ic, ngx_vrrp_check_t *check)
{
    ngx_vrrp_pool_search_t  search;

    ngx_memzero(&search, sizeof(ngx_vrrp_pool_search_t));

    search.name = check->name;

    if (!ngx_vrrp_pool_prefixed(&search, "http")) {
        (void) ngx_vrrp_pool_prefixed(&search, "stream");
    }

    ngx_vrrp_pool_search(vcf, &search);

    if (search.n > 1) {
        return ngx_vrrp_failed_at(cycle, &check->place, "track_upstream \"%V\" "
                                  "is ambiguous, http and stream both have "
                                  "this upstream: use \"http:%V\" or "
                                  "\"stream:%V\"",
                                  &search.name, &search.name, &search.name);
    }

    if (search.pool == NULL) {
        return ngx_vrrp_pool_missing(cycle, &search, check);
    }

    check->tracker.first_check = search.pool->first_check;
    check->tracker.nchecks = search.pool->nchecks;

    if (ngx_vrrp_pool_enough(cycle, search.pool, check) != NGX_CONF_OK) {
        return NGX_CONF_ERROR;
    }

    return ngx_vrrp_track_virtual(cycle, vcf, ic, check, search.pool);
}


static void
ngx_vrrp_pool_search(ngx_vrrp_conf_t *vcf, ngx_vrrp_pool_search_t *search)
{
    ngx_uint_t              i;
    ngx_vrrp_pool_t       **pools;
    ngx_vrrp_unchecked_t   *unchecked;

    pools = vcf->pools.elts;

    for (i = 0; i < vcf->pools.nelts; i++) {
        if (ngx_vrrp_pool_is(search, pools[i]->context, &pools[i]->name)) {
            search->pool = pools[i];
            search->n++;
        }
    }

    unchecked = vcf->unchecked.elts;

    for (i = 0; i < vcf->unchecked.nelts; i++) {
        if (ngx_vrrp_pool_is(search, unchecked[i].context,
                             &unchecked[i].name))
        {
            search->unchecked = &unchecked[i];
            search->n++;
        }
    }
}


/* takes "http:" or "stream:" off */

static ngx_uint_t
ngx_vrrp_pool_prefixed(ngx_vrrp_pool_search_t *search, const char *context)
{
    size_t  len;

    len = ngx_strlen(context);

    if (ngx_strncmp(search->name.data, context, len) != 0
        || search->name.data[len] != ':')
    {
        return 0;
    }

    search->context = context;
    search->name.data += len + 1;
    search->name.len -= len + 1;

    return 1;
}


static ngx_uint_t
ngx_vrrp_pool_is(ngx_vrrp_pool_search_t *search, const char *context,
    ngx_str_t *name)
{
    if (search->context && ngx_strcmp(search->context, context) != 0) {
        return 0;
    }

    /* as nginx compares them */

    return search->name.len == name->len
           && ngx_strncasecmp(search->name.data, name->data, name->len) == 0;
}


static char *
ngx_vrrp_pool_missing(ngx_cycle_t *cycle, ngx_vrrp_pool_search_t *search,
    ngx_vrrp_check_t *check)
{
    if (search->unchecked == NULL) {
        return ngx_vrrp_failed_at(cycle, &check->place, "unknown upstream "
                                  "\"%V\" in \"track_upstream\"",
                                  &check->name);
    }

    return ngx_vrrp_failed_at(cycle, &check->place, "track_upstream \"%V\" "
                              "needs a \"vrrp_check\" in that upstream at "
                              "%V:%ui, as in \"vrrp_check tcp;\"",
                              &check->name, &search->unchecked->place.file,
                              search->unchecked->place.line);
}


/* servers that are "down" for good are never up; others may come later */

static char *
ngx_vrrp_pool_enough(ngx_cycle_t *cycle, ngx_vrrp_pool_t *vp,
    ngx_vrrp_check_t *check)
{
    int64_t           n;
    ngx_uint_t        i;
    ngx_vrrp_peer_t  *peers;

    if (check->tracker.min_up_percent || vp->nslots) {
        return NGX_CONF_OK;
    }

    n = 0;
    peers = vp->peers.elts;

    for (i = 0; i < vp->peers.nelts; i++) {
        n += !peers[i].down;
    }

    if (check->tracker.min_up <= n) {
        return NGX_CONF_OK;
    }

    return ngx_vrrp_failed_at(cycle, &check->place, "track_upstream \"%V\": "
                              "\"min_up=%L\" is more than the %L servers of "
                              "this upstream",
                              &check->name, check->tracker.min_up, n);
}
