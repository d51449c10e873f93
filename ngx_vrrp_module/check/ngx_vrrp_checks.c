
/*
 * At the end of the configuration: the checks of upstreams and trackers become
 * one list, and every check gets a number.
 */


#include "ngx_vrrp_match_conf.h"
#include "ngx_vrrp_check_conf.h"


static char *ngx_vrrp_checks_number_pools(ngx_cycle_t *cycle,
    ngx_vrrp_conf_t *vcf, ngx_array_t *checks);
static char *ngx_vrrp_checks_peers(ngx_cycle_t *cycle, ngx_vrrp_pool_t *vp,
    ngx_array_t *checks);
static char *ngx_vrrp_checks_peer(ngx_cycle_t *cycle, ngx_vrrp_pool_t *vp,
    ngx_vrrp_peer_t *peer, vrrp_core_check_conf_t *core);
static char *ngx_vrrp_checks_verifiable(ngx_cycle_t *cycle,
    vrrp_core_check_conf_t *core);
static char *ngx_vrrp_checks_number_trackers(ngx_cycle_t *cycle,
    ngx_vrrp_conf_t *vcf, ngx_array_t *checks);
static char *ngx_vrrp_checks_instance(ngx_cycle_t *cycle,
    ngx_vrrp_conf_t *vcf, ngx_uint_t n, ngx_array_t *checks);
static char *ngx_vrrp_checks_tracker(ngx_cycle_t *cycle,
    ngx_vrrp_conf_t *vcf, const vrrp_core_instance_conf_t *ic,
    ngx_vrrp_check_t *check, ngx_array_t *checks);
static ngx_vrrp_check_t *ngx_vrrp_checks_of_member(ngx_vrrp_conf_t *vcf,
    const vrrp_core_instance_conf_t *ic, ngx_vrrp_check_t *check);
static ngx_vrrp_check_t *ngx_vrrp_checks_same(ngx_vrrp_trackers_t *trackers,
    ngx_vrrp_check_t *check);
static ngx_str_t *ngx_vrrp_checks_missing_param(ngx_vrrp_check_t *check,
    ngx_vrrp_check_t *other);
static char *ngx_vrrp_checks_differ(ngx_cycle_t *cycle,
    const vrrp_core_instance_conf_t *ic, ngx_vrrp_check_t *check,
    ngx_str_t *param);
static char *ngx_vrrp_checks_match(ngx_cycle_t *cycle, ngx_vrrp_conf_t *vcf,
    ngx_vrrp_check_t *check);
static const char *ngx_vrrp_checks_mismatch(ngx_vrrp_check_t *check,
    ngx_vrrp_match_t *match);


ngx_int_t
ngx_vrrp_checks_add_pool(ngx_conf_t *cf, ngx_vrrp_pool_t *pool)
{
    ngx_vrrp_conf_t   *vcf;
    ngx_vrrp_pool_t  **vpp;

    vcf = ngx_vrrp_get_conf(cf->cycle);

    vpp = ngx_array_push(&vcf->pools);
    if (vpp == NULL) {
        return NGX_ERROR;
    }

    *vpp = pool;

    return NGX_OK;
}


ngx_int_t
ngx_vrrp_checks_add_unchecked(ngx_conf_t *cf, const char *context,
    ngx_str_t *name, u_char *file_name, ngx_uint_t line)
{
    ngx_vrrp_conf_t       *vcf;
    ngx_vrrp_unchecked_t  *unchecked;

    vcf = ngx_vrrp_get_conf(cf->cycle);

    unchecked = ngx_array_push(&vcf->unchecked);
    if (unchecked == NULL) {
        return NGX_ERROR;
    }

    unchecked->context = context;
    unchecked->name = *name;
    unchecked->place.file.data = file_name;
    unchecked->place.file.len = ngx_strlen(file_name);
    unchecked->place.line = line;

    return NGX_OK;
}


char *
ngx_vrrp_checks_require_vrrp(ngx_cycle_t *cycle, ngx_vrrp_conf_t *vcf)
{
    const char             *directive;
    ngx_vrrp_pool_t       **pools;
    ngx_vrrp_match_t       *matches;
    ngx_vrrp_conf_line_t   *place;

    if (vcf->pools.nelts) {
        pools = vcf->pools.elts;
        directive = "vrrp_check";
        place = &pools[0]->check->place;

    } else if (vcf->matches.nelts) {
        matches = vcf->matches.elts;
        directive = "vrrp_match";
        place = &matches[0].place;

    } else {
        return NGX_CONF_OK;
    }

    return ngx_vrrp_failed_at(cycle, place, "\"%s\" needs a \"vrrp\" block",
                              directive);
}


char *
ngx_vrrp_checks_build(ngx_cycle_t *cycle, ngx_vrrp_conf_t *vcf)
{
    ngx_array_t  checks;

    if (ngx_array_init(&checks, cycle->pool, 16,
                       sizeof(vrrp_core_check_conf_t))
        != NGX_OK)
    {
        return NGX_CONF_ERROR;
    }

    if (ngx_vrrp_checks_number_pools(cycle, vcf, &checks) != NGX_CONF_OK
        || ngx_vrrp_checks_number_trackers(cycle, vcf, &checks)
           != NGX_CONF_OK)
    {
        return NGX_CONF_ERROR;
    }

    vcf->core.checks = checks.elts;
    vcf->core.nchecks = checks.nelts;

    return NGX_CONF_OK;
}


static char *
ngx_vrrp_checks_number_pools(ngx_cycle_t *cycle, ngx_vrrp_conf_t *vcf,
    ngx_array_t *checks)
{
    ngx_uint_t         i;
    ngx_vrrp_pool_t  **vpp;

    vpp = vcf->pools.elts;

    for (i = 0; i < vcf->pools.nelts; i++) {

        if (ngx_vrrp_checks_match(cycle, vcf, vpp[i]->check) != NGX_CONF_OK
            || ngx_vrrp_checks_peers(cycle, vpp[i], checks) != NGX_CONF_OK)
        {
            return NGX_CONF_ERROR;
        }
    }

    return NGX_CONF_OK;
}


/* the number of a peer's check is first_check and its place in the pool */

static char *
ngx_vrrp_checks_peers(ngx_cycle_t *cycle, ngx_vrrp_pool_t *vp,
    ngx_array_t *checks)
{
    ngx_uint_t               i;
    ngx_vrrp_peer_t         *peers;
    vrrp_core_check_conf_t  *core;

    vp->first_check = checks->nelts;
    vp->nchecks = vp->peers.nelts + vp->nslots;

    if (vp->nchecks == 0) {
        return NGX_CONF_OK;
    }

    core = ngx_array_push_n(checks, vp->nchecks);
    if (core == NULL) {
        return NGX_CONF_ERROR;
    }

    ngx_memzero(core, vp->nchecks * sizeof(vrrp_core_check_conf_t));

    peers = vp->peers.elts;

    for (i = 0; i < vp->nchecks; i++) {

        if (i >= vp->peers.nelts) {
            core[i].kind = VRRP_CORE_CHECK_NONE;
            continue;
        }

        if (ngx_vrrp_checks_peer(cycle, vp, &peers[i], &core[i])
            != NGX_CONF_OK)
        {
            return NGX_CONF_ERROR;
        }
    }

    return NGX_CONF_OK;
}


static char *
ngx_vrrp_checks_peer(ngx_cycle_t *cycle, ngx_vrrp_pool_t *vp,
    ngx_vrrp_peer_t *peer, vrrp_core_check_conf_t *core)
{
    ngx_vrrp_conf_line_t  *place;

    place = &vp->check->place;

    if (vp->check->port && peer->sockaddr->sa_family == AF_UNIX) {
        return ngx_vrrp_failed_at(cycle, place, "\"port=%ui\" cannot be used: "
                                  "server \"%V\" of upstream \"%V\" has no "
                                  "port",
                                  (ngx_uint_t) vp->check->port, &peer->server,
                                  &vp->name);
    }

    if (ngx_vrrp_target_peer(cycle->pool, vp, peer, core) != NGX_OK) {
        return NGX_CONF_ERROR;
    }

    if (peer->down) {
        core->kind = VRRP_CORE_CHECK_NONE;
        return NGX_CONF_OK;
    }

    return ngx_vrrp_checks_verifiable(cycle, core);
}


/* a certificate is for a name */

static char *
ngx_vrrp_checks_verifiable(ngx_cycle_t *cycle, vrrp_core_check_conf_t *core)
{
    ngx_vrrp_conf_line_t  *place;
    ngx_vrrp_target_t     *target;

    target = core->target;

    if (target == NULL || !target->check->verify || target->sni.len) {
        return NGX_CONF_OK;
    }

    place = &target->check->place;

    return ngx_vrrp_failed_at(cycle, place, "\"verify=on\" needs the name in "
                              "the certificate of \"%*s\": set \"sni=\" or "
                              "\"host=\"", core->name.len, core->name.data);
}


static char *
ngx_vrrp_checks_number_trackers(ngx_cycle_t *cycle, ngx_vrrp_conf_t *vcf,
    ngx_array_t *checks)
{
    ngx_uint_t  i;

    for (i = 0; i < vcf->trackers.nelts; i++) {
        if (ngx_vrrp_checks_instance(cycle, vcf, i, checks) != NGX_CONF_OK) {
            return NGX_CONF_ERROR;
        }
    }

    return NGX_CONF_OK;
}


static char *
ngx_vrrp_checks_instance(ngx_cycle_t *cycle, ngx_vrrp_conf_t *vcf,
    ngx_uint_t n, ngx_array_t *checks)
{
    ngx_uint_t                  i;
    ngx_vrrp_check_t           *list;
    ngx_vrrp_trackers_t        *trackers;
    vrrp_core_tracker_conf_t   *core;
    vrrp_core_instance_conf_t  *ic;

    trackers = (ngx_vrrp_trackers_t *) vcf->trackers.elts + n;
    ic = (vrrp_core_instance_conf_t *) &vcf->core.instances[n];

    if (trackers->listen
        && ngx_vrrp_listen_add(cycle, vcf, ic, trackers) != NGX_CONF_OK)
    {
        return NGX_CONF_ERROR;
    }

    core = ngx_palloc(cycle->pool, (trackers->list.nelts + 1)
                                   * sizeof(vrrp_core_tracker_conf_t));
    if (core == NULL) {
        return NGX_CONF_ERROR;
    }

    list = trackers->list.elts;

    for (i = 0; i < trackers->list.nelts; i++) {

        if (ngx_vrrp_checks_tracker(cycle, vcf, ic, &list[i], checks)
            != NGX_CONF_OK)
        {
            return NGX_CONF_ERROR;
        }

        core[i] = list[i].tracker;
    }

    ic->trackers = core;
    ic->ntrackers = trackers->list.nelts;

    return NGX_CONF_OK;
}


static char *
ngx_vrrp_checks_tracker(ngx_cycle_t *cycle, ngx_vrrp_conf_t *vcf,
    const vrrp_core_instance_conf_t *ic, ngx_vrrp_check_t *check,
    ngx_array_t *checks)
{
    ngx_str_t               *param;
    ngx_vrrp_check_t        *other;
    vrrp_core_check_conf_t  *core;

    if (check->kind->build
        && check->kind->build(cycle, vcf, ic, check) != NGX_CONF_OK)
    {
        return NGX_CONF_ERROR;
    }

    other = ngx_vrrp_checks_of_member(vcf, ic, check);

    if (other) {
        param = ngx_vrrp_checks_missing_param(check, other);

        if (param == NULL) {
            param = ngx_vrrp_checks_missing_param(other, check);
        }

        if (param) {
            return ngx_vrrp_checks_differ(cycle, ic, check, param);
        }
    }

    if (check->core.kind == VRRP_CORE_CHECK_NONE) {
        return NGX_CONF_OK;
    }

    if (ngx_vrrp_checks_match(cycle, vcf, check) != NGX_CONF_OK
        || ngx_vrrp_track_virtual(cycle, vcf, ic, check, NULL) != NGX_CONF_OK)
    {
        return NGX_CONF_ERROR;
    }

    check->tracker.nchecks = 1;

    if (other) {
        check->tracker.first_check = other->tracker.first_check;
        return NGX_CONF_OK;
    }

    check->tracker.first_check = checks->nelts;

    core = ngx_array_push(checks);

    if (core == NULL
        || ngx_vrrp_target_tracker(cycle->pool, &ic->name, check, core)
           != NGX_OK)
    {
        return NGX_CONF_ERROR;
    }

    return ngx_vrrp_checks_verifiable(cycle, core);
}


/*
 * The same tracker of a member of the same group before this one: it counts
 * once, and one check is enough.  A witness has no parameters, so all instances
 * share it.
 */

static ngx_vrrp_check_t *
ngx_vrrp_checks_of_member(ngx_vrrp_conf_t *vcf,
    const vrrp_core_instance_conf_t *ic, ngx_vrrp_check_t *check)
{
    ngx_uint_t                        i;
    ngx_vrrp_check_t                 *other;
    ngx_vrrp_trackers_t              *trackers;
    const vrrp_core_instance_conf_t  *others;

    trackers = vcf->trackers.elts;
    others = vcf->core.instances;

    for (i = 0; &others[i] != ic; i++) {

        if (!check->tracker.witness
            && (ic->sync_group.len == 0
                || !ngx_vrrp_same_str(&others[i].sync_group,
                                      &ic->sync_group)))
        {
            continue;
        }

        other = ngx_vrrp_checks_same(&trackers[i], check);
        if (other) {
            return other;
        }
    }

    return NULL;
}


/* "gateway" is one of each family, a link-local address one of each link */

static ngx_vrrp_check_t *
ngx_vrrp_checks_same(ngx_vrrp_trackers_t *trackers, ngx_vrrp_check_t *check)
{
    ngx_uint_t         i;
    ngx_vrrp_check_t  *list;

    list = trackers->list.elts;

    for (i = 0; i < trackers->list.nelts; i++) {
        if (ngx_vrrp_same_str(&list[i].tracker.type, &check->tracker.type)
            && ngx_vrrp_same_str(&list[i].tracker.name, &check->tracker.name)
            && ngx_vrrp_same_str(&list[i].tracker.bfd.interface,
                                 &check->tracker.bfd.interface)
            && list[i].core.ip.family == check->core.ip.family)
        {
            return &list[i];
        }
    }

    return NULL;
}


/* of check, in any order; "weight=" is compared for itself */

static ngx_str_t *
ngx_vrrp_checks_missing_param(ngx_vrrp_check_t *check,
    ngx_vrrp_check_t *other)
{
    ngx_uint_t  i, j;
    ngx_str_t  *a, *b;

    for (i = 0; i < check->nparams; i++) {
        a = &check->params[i];

        if (ngx_strncmp(a->data, "weight=", sizeof("weight=") - 1) == 0) {
            continue;
        }

        for (j = 0; j < other->nparams; j++) {
            b = &other->params[j];

            if (a->len == b->len
                && ngx_memcmp(a->data, b->data, a->len) == 0)
            {
                break;
            }
        }

        if (j == other->nparams) {
            return a;
        }
    }

    return NULL;
}


static char *
ngx_vrrp_checks_differ(ngx_cycle_t *cycle,
    const vrrp_core_instance_conf_t *ic, ngx_vrrp_check_t *check,
    ngx_str_t *param)
{
    return ngx_vrrp_failed_at(cycle, &check->place, "vrrp_instance \"%*s\": "
                              "\"%V\" of %*s \"%V\" is not in all members of "
                              "sync_group \"%*s\": the tracker counts once, "
                              "so its parameters must be the same",
                              ic->name.len, ic->name.data, param,
                              check->tracker.type.len,
                              check->tracker.type.data, &check->name,
                              ic->sync_group.len, ic->sync_group.data);
}


/* "match=" may stand before the block that it names */

static char *
ngx_vrrp_checks_match(ngx_cycle_t *cycle, ngx_vrrp_conf_t *vcf,
    ngx_vrrp_check_t *check)
{
    const char        *mismatch;
    ngx_vrrp_match_t  *match;

    if (check->match.len == 0) {
        return NGX_CONF_OK;
    }

    match = ngx_vrrp_match_find(vcf, &check->match);

    if (match == NULL) {
        return ngx_vrrp_failed_at(cycle, &check->place, "unknown vrrp_match "
                                  "\"%V\"", &check->match);
    }

    mismatch = ngx_vrrp_checks_mismatch(check, match);

    if (mismatch) {
        return ngx_vrrp_failed_at(cycle, &check->place, "vrrp_match \"%V\" %s",
                                  &check->match, mismatch);
    }

    check->core.match = &match->core;

    return NGX_CONF_OK;
}


/* NULL, or why the check cannot use it */

static const char *
ngx_vrrp_checks_mismatch(ngx_vrrp_check_t *check, ngx_vrrp_match_t *match)
{
    if (check->core.kind == VRRP_CORE_CHECK_SEND_EXPECT) {
        return match->http ? "is for HTTP, but a send-expect check "
                             "needs \"send\" or \"expect\"" : NULL;
    }

    if (match->text) {
        return "is for send-expect, but an HTTP check "
               "needs \"status\", \"header\" or \"body\"";
    }

    if (match->body && check->core.method.data[0] == 'H') {
        return "tests the body, but a response to HEAD has no body";
    }

    return NULL;
}
