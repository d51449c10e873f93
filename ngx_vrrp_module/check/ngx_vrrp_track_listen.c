
/*
 * "track_nginx listen=on": does nginx accept what connects to the sockets that
 * it listens on?
 */


#include "ngx_vrrp_check_conf.h"
#include "ngx_vrrp_ip.h"


static ngx_uint_t ngx_vrrp_listen_is_checked(ngx_vrrp_conf_t *vcf,
    ngx_listening_t *ls, vrrp_core_ip_t *ip);
static ngx_uint_t ngx_vrrp_listen_is_virtual(ngx_vrrp_conf_t *vcf,
    vrrp_core_ip_t *ip);
static char *ngx_vrrp_listen_tracker(ngx_cycle_t *cycle, ngx_listening_t *ls,
    vrrp_core_ip_t *ip, const vrrp_core_instance_conf_t *ic,
    ngx_vrrp_trackers_t *trackers);


/* two failures in a row are no coincidence on the same machine */

static ngx_vrrp_check_kind_t  ngx_vrrp_listen_kind = {
    { "track_nginx", 0 },
    VRRP_CORE_CHECK_LISTEN, VRRP_CORE_TRACK_CHECK, 0, 2, 1,
    NULL, NULL
};


char *
ngx_vrrp_listen_add(ngx_cycle_t *cycle, ngx_vrrp_conf_t *vcf,
    const vrrp_core_instance_conf_t *ic, ngx_vrrp_trackers_t *trackers)
{
    ngx_uint_t        i, n;
    vrrp_core_ip_t    ip;
    ngx_listening_t  *ls;

    n = 0;
    ls = cycle->listening.elts;

    for (i = 0; i < cycle->listening.nelts; i++) {

        if (!ngx_vrrp_listen_is_checked(vcf, &ls[i], &ip)) {
            continue;
        }

        if (ngx_vrrp_listen_tracker(cycle, &ls[i], &ip, ic, trackers)
            != NGX_CONF_OK)
        {
            return NGX_CONF_ERROR;
        }

        n++;
    }

    if (n == 0) {
        ngx_log_error(NGX_LOG_WARN, cycle->log, 0,
                      "vrrp_instance \"%*s\": \"track_nginx listen=on\" has "
                      "no effect, nginx listens on no TCP port that can be "
                      "checked in %V:%ui",
                      ic->name.len, ic->name.data,
                      &trackers->place.file, trackers->place.line);
    }

    return NGX_CONF_OK;
}


/*
 * A virtual address is not here before this router is master, and what would
 * answer until then is the other node.
 */

static ngx_uint_t
ngx_vrrp_listen_is_checked(ngx_vrrp_conf_t *vcf, ngx_listening_t *ls,
    vrrp_core_ip_t *ip)
{
    if (ls->type != SOCK_STREAM) {
        return 0;
    }

#if (NGX_HAVE_REUSEPORT)

    /* each worker has its own socket there, one address for all */

    if (ls->reuseport && ls->worker != 0) {
        return 0;
    }

#endif

#if (NGX_HAVE_DEFERRED_ACCEPT && defined TCP_DEFER_ACCEPT)

    /* the kernel passes on who has sent something, and nothing is sent */

    if (ls->deferred_accept) {
        return 0;
    }

#endif

    return ngx_vrrp_sockaddr_ip(ls->sockaddr, ip)
           && !ngx_vrrp_listen_is_virtual(vcf, ip);
}


static ngx_uint_t
ngx_vrrp_listen_is_virtual(ngx_vrrp_conf_t *vcf, vrrp_core_ip_t *ip)
{
    size_t  i;

    for (i = 0; i < vcf->core.ninstances; i++) {
        if (ngx_vrrp_is_virtual(&vcf->core.instances[i], ip)) {
            return 1;
        }
    }

    return 0;
}


static char *
ngx_vrrp_listen_tracker(ngx_cycle_t *cycle, ngx_listening_t *ls,
    vrrp_core_ip_t *ip, const vrrp_core_instance_conf_t *ic,
    ngx_vrrp_trackers_t *trackers)
{
    u_char                  *p;
    ngx_vrrp_check_t        *check;
    vrrp_core_check_conf_t  *core;

    check = ngx_array_push(&trackers->list);
    p = ngx_pnalloc(cycle->pool, sizeof("listen ") - 1 + ls->addr_text.len);

    if (check == NULL || p == NULL) {
        return NGX_CONF_ERROR;
    }

    ngx_memzero(check, sizeof(ngx_vrrp_check_t));

    check->kind = &ngx_vrrp_listen_kind;
    check->address = ls->addr_text;
    check->place = trackers->place;
    check->name.data = p;
    check->name.len = ngx_sprintf(p, "listen %V", &ls->addr_text) - p;

    core = &check->core;
    core->kind = check->kind->check;
    core->initial = VRRP_CORE_UNKNOWN;
    core->interval_ns = ic->track_timeout_ns / 2;
    core->timeout_ns = ic->track_timeout_ns / 2;
    core->fall = check->kind->fall;
    core->rise = check->kind->rise;
    core->jitter_percent = 10;
    core->ip = *ip;
    core->port = ngx_inet_get_port(ls->sockaddr);

    check->tracker.kind = check->kind->track;
    check->tracker.fall = core->fall;
    check->tracker.rise = core->rise;
    check->tracker.interval_ns = core->interval_ns;

    ngx_vrrp_core_literal(&check->tracker.type, "track_nginx");
    ngx_vrrp_core_str(&check->tracker.name, &check->name);

    return NGX_CONF_OK;
}
