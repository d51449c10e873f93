
/*
 * "track_bfd": a session of BFD with a router.  Trackers of several instances
 * share a session, if it is the same.
 */


#include "ngx_vrrp_check_conf.h"
#include "ngx_vrrp_conf.h"
#include "ngx_vrrp_ip.h"


static ngx_uint_t ngx_vrrp_bfd_same_session(const vrrp_core_bfd_conf_t *a,
    const vrrp_core_bfd_conf_t *b);
static ngx_uint_t ngx_vrrp_bfd_same_values(const vrrp_core_bfd_conf_t *a,
    const vrrp_core_bfd_conf_t *b);
static char *ngx_vrrp_bfd_others(ngx_cycle_t *cycle, ngx_vrrp_conf_t *vcf,
    const vrrp_core_instance_conf_t *ic, ngx_vrrp_check_t *check);


char *
ngx_vrrp_track_bfd(ngx_conf_t *cf, ngx_vrrp_check_t *check)
{
    char                   text[INET6_ADDRSTRLEN];
    ngx_str_t             *value;
    const char            *reason;
    vrrp_core_bfd_conf_t  *bfd;

    value = cf->args->elts;
    bfd = &check->tracker.bfd;

    reason = ngx_vrrp_parse_ip(value[1].data, value[1].len, &bfd->peer);

    if (reason) {
        return ngx_vrrp_conf_invalid(cf, &value[0], &value[1], reason);
    }

    if (bfd->multihop && ngx_vrrp_link_local(&bfd->peer)) {
        return ngx_vrrp_failed(cf, "\"multihop\" cannot be used with the "
                               "link-local address %s: no router forwards its "
                               "packets",
                               ngx_vrrp_ip_text(&bfd->peer, text));
    }

    if (check->local.len
        && ngx_vrrp_parse_ip(check->local.data, check->local.len, &bfd->local))
    {
        return ngx_vrrp_failed(cf, "invalid parameter \"local=%V\": must be "
                               "an IPv4 or IPv6 address of this node",
                               &check->local);
    }

    if (bfd->local.family && bfd->local.family != bfd->peer.family) {
        return ngx_vrrp_failed(cf, "\"local=%s\" is IPv%d, but the peer "
                               "\"%V\" is IPv%d",
                               ngx_vrrp_ip_text(&bfd->local, text),
                               (int) bfd->local.family, &value[1],
                               (int) bfd->peer.family);
    }

    if (ngx_vrrp_same_ip(&bfd->local, &bfd->peer)) {
        return ngx_vrrp_failed(cf, "\"local=%s\" is the address of the peer",
                               ngx_vrrp_ip_text(&bfd->local, text));
    }

    return NGX_CONF_OK;
}


/* a virtual address comes and goes, and its packets with it */

char *
ngx_vrrp_track_bfd_build(ngx_cycle_t *cycle, ngx_vrrp_conf_t *vcf,
    const vrrp_core_instance_conf_t *ic, ngx_vrrp_check_t *check)
{
    char                              text[INET6_ADDRSTRLEN];
    vrrp_core_bfd_conf_t             *bfd;
    const vrrp_core_instance_conf_t  *other;

    bfd = &check->tracker.bfd;
    other = ngx_vrrp_moves_virtual(vcf, ic, &bfd->peer);

    if (other) {
        return ngx_vrrp_failed_at(cycle, &check->place, "track_bfd \"%V\" is a "
                                  "virtual address of vrrp_instance \"%*s\", "
                                  "must be an address of a single router",
                                  &check->name, other->name.len,
                                  other->name.data);
    }

    other = ngx_vrrp_moves_virtual(vcf, ic, &bfd->local);

    if (other) {
        return ngx_vrrp_failed_at(cycle, &check->place, "\"local=%s\" is a "
                                  "virtual address of vrrp_instance \"%*s\", "
                                  "must be an address that this node always "
                                  "has",
                                  ngx_vrrp_ip_text(&bfd->local, text),
                                  other->name.len, other->name.data);
    }

    if (ngx_vrrp_link_local(&bfd->peer) && bfd->peer.family == 6) {
        bfd->interface = ic->interface;
    }

    return ngx_vrrp_bfd_others(cycle, vcf, ic, check);
}


static ngx_uint_t
ngx_vrrp_bfd_same_session(const vrrp_core_bfd_conf_t *a,
    const vrrp_core_bfd_conf_t *b)
{
    return ngx_vrrp_same_ip(&a->peer, &b->peer)
           && ngx_vrrp_same_ip(&a->local, &b->local)
           && a->multihop == b->multihop
           && ngx_vrrp_same_str(&a->interface, &b->interface);
}


static ngx_uint_t
ngx_vrrp_bfd_same_values(const vrrp_core_bfd_conf_t *a,
    const vrrp_core_bfd_conf_t *b)
{
    return a->passive == b->passive
           && a->min_tx_ns == b->min_tx_ns
           && a->min_rx_ns == b->min_rx_ns
           && a->multiplier == b->multiplier;
}


/* trackers of the instances before this one */

static char *
ngx_vrrp_bfd_others(ngx_cycle_t *cycle, ngx_vrrp_conf_t *vcf,
    const vrrp_core_instance_conf_t *ic, ngx_vrrp_check_t *check)
{
    ngx_uint_t                        i, j;
    const vrrp_core_tracker_conf_t   *other;
    const vrrp_core_instance_conf_t  *others;

    others = vcf->core.instances;

    for (i = 0; &others[i] != ic; i++) {

        for (j = 0; j < others[i].ntrackers; j++) {

            other = &others[i].trackers[j];

            if (other->kind != VRRP_CORE_TRACK_BFD
                || !ngx_vrrp_bfd_same_session(&other->bfd,
                                              &check->tracker.bfd))
            {
                continue;
            }

            if (ngx_vrrp_bfd_same_values(&other->bfd, &check->tracker.bfd)) {
                return NGX_CONF_OK;
            }

            return ngx_vrrp_failed_at(cycle, &check->place, "track_bfd \"%V\" "
                                      "has other parameters in vrrp_instance "
                                      "\"%*s\": it is the same session, whose "
                                      "\"passive\", \"min_tx\", \"min_rx\" and "
                                      "\"multiplier\" must be equal",
                                      &check->name, others[i].name.len,
                                      others[i].name.data);
        }
    }

    if (++vcf->nbfd > VRRP_CORE_MAX_BFD_SESSIONS) {
        return ngx_vrrp_failed_at(cycle, &check->place, "too many BFD "
                                  "sessions, at most %d are supported",
                                  VRRP_CORE_MAX_BFD_SESSIONS);
    }

    return NGX_CONF_OK;
}
