
/*
 * In the workers: a timer of the worker's own event loop notes the time in
 * shared memory.  A worker that hangs, is stopped or is gone stops doing so,
 * and the vrrp process sees it.
 */


#include "ngx_vrrp_module.h"
#include <ngx_event.h>


static void ngx_vrrp_heartbeat_handler(ngx_event_t *ev);


static ngx_event_t       ngx_vrrp_heartbeat_event;
static ngx_connection_t  ngx_vrrp_heartbeat_dumb;


ngx_int_t
ngx_vrrp_heartbeat_init_process(ngx_cycle_t *cycle)
{
    ngx_event_t      *ev;
    ngx_vrrp_conf_t  *vcf;

    vcf = ngx_vrrp_get_conf(cycle);

    if (!vcf->configured || ngx_process != NGX_PROCESS_WORKER) {
        return NGX_OK;
    }

    if (vrrp_core_heartbeat_interval(&vcf->core) == VRRP_CORE_NEVER) {
        return NGX_OK;
    }

    ngx_vrrp_heartbeat_dumb.fd = (ngx_socket_t) -1;

    ev = &ngx_vrrp_heartbeat_event;

    ngx_memzero(ev, sizeof(ngx_event_t));

    ev->handler = ngx_vrrp_heartbeat_handler;
    ev->data = &ngx_vrrp_heartbeat_dumb;
    ev->log = cycle->log;
    ev->cancelable = 1;

    ngx_vrrp_heartbeat_handler(ev);

    return NGX_OK;
}


void
ngx_vrrp_heartbeat_exit_process(ngx_cycle_t *cycle)
{
    ngx_vrrp_conf_t  *vcf;

    vcf = ngx_vrrp_get_conf(cycle);

    if (vcf->configured && ngx_process == NGX_PROCESS_WORKER) {
        vrrp_core_heartbeat_stop(vcf->area, ngx_process_slot);
    }
}


static void
ngx_vrrp_heartbeat_handler(ngx_event_t *ev)
{
    int64_t           interval;
    ngx_vrrp_conf_t  *vcf;

    vcf = ngx_vrrp_get_conf(ngx_cycle);

    if (ngx_exiting || ngx_quit || ngx_terminate) {

        /* accepts nothing any more */

        vrrp_core_heartbeat_stop(vcf->area, ngx_process_slot);
        return;
    }

    vrrp_core_heartbeat(vcf->area, ngx_process_slot, ngx_pid);

    interval = vrrp_core_heartbeat_interval(&vcf->core);

    ngx_add_timer(ev, (ngx_msec_t) (interval / 1000000));
}
