
/*
 * Trackers that check a virtual address of the same instance, of either family,
 * or of another member of its sync_group.  It is on this node only while the
 * instance is MASTER: without a weight the tracker fails everywhere before
 * there is a master, so that no node can become one.
 */


#include "ngx_vrrp_check_conf.h"
#include "ngx_vrrp_conf.h"
#include "ngx_vrrp_ip.h"


static ngx_uint_t ngx_vrrp_virtual_enough(ngx_vrrp_conf_t *vcf,
    ngx_vrrp_pool_t *vp, ngx_vrrp_check_t *check,
    const vrrp_core_instance_conf_t *ic, vrrp_core_ip_t *virtual);
static char *ngx_vrrp_virtual_witness(ngx_cycle_t *cycle, ngx_vrrp_conf_t *vcf,
    ngx_vrrp_check_t *check, vrrp_core_ip_t *ip);
static char *ngx_vrrp_virtual_report(ngx_cycle_t *cycle, ngx_vrrp_conf_t *vcf,
    const vrrp_core_instance_conf_t *ic, ngx_vrrp_check_t *check,
    vrrp_core_ip_t *ip);


ngx_uint_t
ngx_vrrp_is_virtual(const vrrp_core_instance_conf_t *ic, vrrp_core_ip_t *ip)
{
    size_t  i;

    for (i = 0; i < ic->naddresses; i++) {
        if (ngx_vrrp_same_ip(&ic->addresses[i].address, ip)) {
            return 1;
        }
    }

    return 0;
}


/* the two families of an instance have one name */

const vrrp_core_instance_conf_t *
ngx_vrrp_moves_virtual(ngx_vrrp_conf_t *vcf,
    const vrrp_core_instance_conf_t *ic, vrrp_core_ip_t *ip)
{
    size_t                            i;
    const vrrp_core_instance_conf_t  *other;

    for (i = 0; i < vcf->core.ninstances; i++) {
        other = &vcf->core.instances[i];

        if (!ngx_vrrp_same_str(&other->name, &ic->name)
            && (ic->sync_group.len == 0
                || !ngx_vrrp_same_str(&other->sync_group, &ic->sync_group)))
        {
            continue;
        }

        if (ngx_vrrp_is_virtual(other, ip)) {
            return other;
        }
    }

    return NULL;
}


char *
ngx_vrrp_track_virtual(ngx_cycle_t *cycle, ngx_vrrp_conf_t *vcf,
    const vrrp_core_instance_conf_t *ic, ngx_vrrp_check_t *check,
    ngx_vrrp_pool_t *vp)
{
    vrrp_core_ip_t  ip;

    if (vp) {
        if (ngx_vrrp_virtual_enough(vcf, vp, check, ic, &ip)) {
            return NGX_CONF_OK;
        }

    } else {
        ip = check->core.ip;

        if (ip.family == 0
            && (check->sockaddr == NULL
                || !ngx_vrrp_sockaddr_ip(check->sockaddr, &ip)))
        {
            return NGX_CONF_OK;
        }

        if (check->tracker.witness) {
            return ngx_vrrp_virtual_witness(cycle, vcf, check, &ip);
        }

        if (ngx_vrrp_moves_virtual(vcf, ic, &ip) == NULL) {
            return NGX_CONF_OK;
        }
    }

    return ngx_vrrp_virtual_report(cycle, vcf, ic, check, &ip);
}


/* of any instance: a MASTER of it would always reach it */

static char *
ngx_vrrp_virtual_witness(ngx_cycle_t *cycle, ngx_vrrp_conf_t *vcf,
    ngx_vrrp_check_t *check, vrrp_core_ip_t *ip)
{
    char                              text[INET6_ADDRSTRLEN];
    size_t                            i;
    const vrrp_core_instance_conf_t  *other;

    for (i = 0; i < vcf->core.ninstances; i++) {
        other = &vcf->core.instances[i];

        if (!ngx_vrrp_is_virtual(other, ip)) {
            continue;
        }

        return ngx_vrrp_failed_at(cycle, &check->place, "\"takeover_check\" "
                                  "asks %s, a virtual address of "
                                  "vrrp_instance \"%*s\", which its MASTER "
                                  "always reaches: use the gateway or another "
                                  "host", ngx_vrrp_ip_text(ip, text),
                                  other->name.len, other->name.data);
    }

    return NGX_CONF_OK;
}


/*
 * Are enough servers left without those at virtual addresses?  Which servers
 * a name will have at run time is not known here.
 */

static ngx_uint_t
ngx_vrrp_virtual_enough(ngx_vrrp_conf_t *vcf, ngx_vrrp_pool_t *vp,
    ngx_vrrp_check_t *check, const vrrp_core_instance_conf_t *ic,
    vrrp_core_ip_t *virtual)
{
    ngx_uint_t        i, n, others, needed;
    vrrp_core_ip_t    ip;
    ngx_vrrp_peer_t  *peers;

    n = 0;
    others = 0;
    peers = vp->peers.elts;

    for (i = 0; i < vp->peers.nelts; i++) {

        if (peers[i].down) {
            continue;
        }

        n++;

        if (ngx_vrrp_sockaddr_ip(peers[i].sockaddr, &ip)
            && ngx_vrrp_moves_virtual(vcf, ic, &ip))
        {
            *virtual = ip;
            continue;
        }

        others++;
    }

    needed = check->tracker.min_up;

    if (check->tracker.min_up_percent) {
        needed = (n * needed + 99) / 100;
    }

    return vp->nslots || others == n || others >= needed;
}


/*
 * With a weight the node is still elected.  A router with priority 255 may
 * have the address as its real address.
 */

static char *
ngx_vrrp_virtual_report(ngx_cycle_t *cycle, ngx_vrrp_conf_t *vcf,
    const vrrp_core_instance_conf_t *ic, ngx_vrrp_check_t *check,
    vrrp_core_ip_t *ip)
{
    char                              text[INET6_ADDRSTRLEN];
    ngx_uint_t                        elected, level, same;
    const vrrp_core_instance_conf_t  *other;

    elected = (check->tracker.weighted || ic->priority == NGX_VRRP_OWNER);
    level = elected ? NGX_LOG_WARN : NGX_LOG_EMERG;
    other = ngx_vrrp_moves_virtual(vcf, ic, ip);
    same = ngx_vrrp_same_str(&other->name, &ic->name);

    ngx_log_error(level, cycle->log, 0,
                  "%*s \"%V\" checks %s, a virtual address of %s "
                  "vrrp_instance \"%*s\"%s: %s, use 127.0.0.1 or another "
                  "address of this node in %V:%ui",
                  check->tracker.type.len, check->tracker.type.data,
                  &check->name, ngx_vrrp_ip_text(ip, text),
                  same ? "the same" : "the",
                  other->name.len, other->name.data,
                  same ? "" : " in the same sync_group",
                  elected ? "on a BACKUP the other node answers"
                          : "no node could become MASTER",
                  &check->place.file, check->place.line);

    return elected ? NGX_CONF_OK : NGX_CONF_ERROR;
}
