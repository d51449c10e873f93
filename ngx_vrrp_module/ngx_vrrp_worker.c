
/*
 * In the workers: two timers of the worker's own event loop.  One notes the
 * time in shared memory; a worker that hangs, is stopped or is gone stops
 * doing so, and the vrrp process sees it.  The other one holds a quit back
 * while clients still come here, because the address has not moved yet.  And
 * a worker whose master died quits, so that the next nginx finds the ports
 * free.
 */


#include "ngx_vrrp_lifecycle.h"
#include "ngx_vrrp_event.h"
#include "ngx_vrrp_ipc.h"
#include "ngx_vrrp_ownership.h"
#include "ngx_vrrp_upstream.h"

#include <sys/syscall.h>


/* milliseconds between two looks at whether the address has moved */

#define NGX_VRRP_QUIT_LOOK    5

/* and at whether the master lives, where there is no pidfd */

#define NGX_VRRP_MASTER_LOOK  250


static void ngx_vrrp_worker_alone(ngx_cycle_t *cycle);
static void ngx_vrrp_heartbeat_handler(ngx_event_t *ev);
static void ngx_vrrp_worker_watch_master(ngx_cycle_t *cycle);
static void ngx_vrrp_worker_poll_handler(ngx_event_t *ev);
static void ngx_vrrp_worker_master_handler(ngx_event_t *rev);
static void ngx_vrrp_worker_orphaned(ngx_log_t *log);
static void ngx_vrrp_worker_forget_master(void);
static void ngx_vrrp_worker_wrap_channel(ngx_event_t *ev);
static void ngx_vrrp_worker_channel_handler(ngx_event_t *rev);
static void ngx_vrrp_worker_hold_quit(void);
static void ngx_vrrp_worker_quit_handler(ngx_event_t *ev);


static ngx_event_t           ngx_vrrp_heartbeat_event;
static ngx_event_t           ngx_vrrp_worker_wrap_event;
static ngx_event_t           ngx_vrrp_worker_quit_event;
static ngx_event_t           ngx_vrrp_worker_poll_event;
static ngx_connection_t      ngx_vrrp_worker_dumb;

static ngx_event_handler_pt  ngx_vrrp_worker_next_channel_handler;
static ngx_msec_t            ngx_vrrp_worker_quit_at;

static int                   ngx_vrrp_worker_master = -1;  /* pidfd */


ngx_int_t
ngx_vrrp_worker_init_process(ngx_cycle_t *cycle)
{
    ngx_uint_t        keeps;
    ngx_vrrp_conf_t  *vcf;

    vcf = ngx_vrrp_get_conf(cycle);

    ngx_vrrp_ownership_close(vcf, cycle->log);

    if (vcf->memory) {
        vrrp_core_memory_protect(vcf->memory);
    }

    /* for those who wake the vrrp process */

    keeps = (vcf->control && ngx_process == NGX_PROCESS_WORKER)
            ? NGX_VRRP_KEEP_WAKE : 0;

    ngx_vrrp_ipc_keep(vcf, keeps, cycle->log);

    if (vcf->memory == NULL || ngx_process != NGX_PROCESS_WORKER) {
        return NGX_OK;
    }

    ngx_vrrp_worker_dumb.fd = (ngx_socket_t) -1;

    /* back from a binary upgrade: after WINCH, HUP starts workers only */

    if (vrrp_core_process_ended(vcf->memory, vcf->core.generation)) {
        ngx_vrrp_worker_alone(cycle);
    }

    /*
     * The first beat comes before the first accept(), but the master opened
     * the listening sockets before it started any worker: a client that
     * comes in between waits in a backlog, and is not refused.
     */

    if (vrrp_core_heartbeat_interval(&vcf->core) != VRRP_CORE_NEVER) {
        ngx_vrrp_worker_init_event(&ngx_vrrp_heartbeat_event,
                                   ngx_vrrp_heartbeat_handler, cycle->log);
        ngx_vrrp_heartbeat_handler(&ngx_vrrp_heartbeat_event);
    }

    /* the channel gets its connection after the modules' init_process */

    ngx_vrrp_worker_init_event(&ngx_vrrp_worker_wrap_event,
                               ngx_vrrp_worker_wrap_channel, cycle->log);
    ngx_add_timer(&ngx_vrrp_worker_wrap_event, 0);

    ngx_vrrp_worker_init_event(&ngx_vrrp_worker_quit_event,
                               ngx_vrrp_worker_quit_handler, cycle->log);

    ngx_vrrp_worker_watch_master(cycle);

    ngx_vrrp_recv_init();

    return ngx_vrrp_drain_init_process(cycle);
}


static void
ngx_vrrp_worker_alone(ngx_cycle_t *cycle)
{
    if (ngx_worker == 0) {
        ngx_log_error(NGX_LOG_ERR, cycle->log, 0,
                      "vrrp: nginx restarted its workers but not the vrrp "
                      "process; VRRP and health checks are disabled until "
                      "nginx is reloaded and no other nginx binary runs");
    }

    ngx_vrrp_mark_none(cycle);
}


void
ngx_vrrp_worker_exit_process(ngx_cycle_t *cycle)
{
    ngx_vrrp_conf_t  *vcf;

    vcf = ngx_vrrp_get_conf(cycle);

    if (vcf->memory && ngx_process == NGX_PROCESS_WORKER) {
        vrrp_core_heartbeat_stop(vcf->memory, ngx_process_slot);
        ngx_vrrp_worker_forget_master();
    }
}


void
ngx_vrrp_worker_init_event(ngx_event_t *ev, ngx_event_handler_pt handler,
    ngx_log_t *log)
{
    ngx_memzero(ev, sizeof(ngx_event_t));

    ev->handler = handler;
    ev->data = &ngx_vrrp_worker_dumb;
    ev->log = log;
    ev->cancelable = 1;
}


static void
ngx_vrrp_heartbeat_handler(ngx_event_t *ev)
{
    int64_t           interval;
    ngx_vrrp_conf_t  *vcf;

    vcf = ngx_vrrp_get_conf(ngx_cycle);

    if (ngx_exiting || ngx_quit || ngx_terminate) {

        /* accepts nothing any more */

        vrrp_core_heartbeat_stop(vcf->memory, ngx_process_slot);
        return;
    }

    vrrp_core_heartbeat(vcf->memory, ngx_process_slot, ngx_pid);

    interval = vrrp_core_heartbeat_interval(&vcf->core);

    ngx_add_timer(ev, (ngx_msec_t) (interval / 1000000));
}


/*
 * The end of the channel does not show that the master died: other workers
 * have copies of its other end.
 */

static void
ngx_vrrp_worker_watch_master(ngx_cycle_t *cycle)
{
    int  fd;

    fd = syscall(SYS_pidfd_open, ngx_parent, 0);

    if (fd == -1 && ngx_errno == NGX_ESRCH) {

        /* it died while this worker process started */

        ngx_vrrp_worker_orphaned(cycle->log);
        return;
    }

    if (fd == -1) {

        /* Linux before 5.3, or a seccomp filter: asked for now and then */

        ngx_log_error(NGX_LOG_INFO, cycle->log, ngx_errno,
                      "vrrp: pidfd_open() of the master process %P failed, "
                      "its death is detected within %d ms",
                      ngx_parent, NGX_VRRP_MASTER_LOOK);

        ngx_vrrp_worker_init_event(&ngx_vrrp_worker_poll_event,
                                   ngx_vrrp_worker_poll_handler, cycle->log);
        ngx_vrrp_worker_poll_handler(&ngx_vrrp_worker_poll_event);
        return;
    }

    if (ngx_vrrp_event_add(fd, ngx_vrrp_worker_master_handler, NULL)
        != NGX_OK)
    {
        (void) close(fd);
        return;
    }

    ngx_vrrp_worker_master = fd;
}


static void
ngx_vrrp_worker_poll_handler(ngx_event_t *ev)
{
    if (getppid() == ngx_parent) {
        ngx_add_timer(ev, NGX_VRRP_MASTER_LOOK);
        return;
    }

    ngx_vrrp_worker_orphaned(ev->log);

    if (!ngx_exiting) {
        ngx_vrrp_worker_hold_quit();
    }
}


static void
ngx_vrrp_worker_master_handler(ngx_event_t *rev)
{
    ngx_uint_t         timedout;
    ngx_connection_t  *c;

    c = rev->data;
    timedout = c->close;

    ngx_vrrp_worker_forget_master();

    if (timedout) {
        /* worker_shutdown_timeout: nginx calls the handlers of all */
        return;
    }

    ngx_vrrp_worker_orphaned(ngx_cycle->log);

    if (!ngx_exiting) {
        ngx_vrrp_worker_hold_quit();
    }
}


static void
ngx_vrrp_worker_orphaned(ngx_log_t *log)
{
    ngx_log_error(NGX_LOG_NOTICE, log, 0,
                  "vrrp: the master process died, "
                  "worker process is shutting down");

    ngx_quit = 1;
}


static void
ngx_vrrp_worker_forget_master(void)
{
    if (ngx_vrrp_worker_master == -1) {
        return;
    }

    ngx_vrrp_event_unwatch(NULL, ngx_vrrp_worker_master);

    (void) close(ngx_vrrp_worker_master);

    ngx_vrrp_worker_master = -1;
}


static void
ngx_vrrp_worker_wrap_channel(ngx_event_t *ev)
{
    ngx_uint_t         i;
    ngx_connection_t  *c;

    c = ngx_cycle->connections;

    for (i = 0; i < ngx_cycle->connection_n; i++) {

        if (c[i].fd != ngx_channel || !c[i].read->channel) {
            continue;
        }

        ngx_vrrp_worker_next_channel_handler = c[i].read->handler;
        c[i].read->handler = ngx_vrrp_worker_channel_handler;

        return;
    }
}


static void
ngx_vrrp_worker_channel_handler(ngx_event_t *rev)
{
    ngx_vrrp_worker_next_channel_handler(rev);

    if (ngx_quit && !ngx_exiting) {
        ngx_vrrp_worker_hold_quit();
    }
}


/*
 * Make before break: the listening sockets stay open until the address has
 * moved.  On reload, and where the address is not held, nothing waits.
 */

static void
ngx_vrrp_worker_hold_quit(void)
{
    ngx_vrrp_conf_t  *vcf;

    vcf = ngx_vrrp_get_conf(ngx_cycle);

    if (ngx_vrrp_worker_quit_event.timer_set) {

        /* it is being held back already */

        ngx_quit = 0;
        return;
    }

    if (vcf->release_timeout == 0
        || !vrrp_core_worker_needed(vcf->memory, vcf->core.generation))
    {
        return;
    }

    ngx_quit = 0;

    ngx_vrrp_worker_quit_at = ngx_current_msec
                              + (ngx_msec_t) vcf->release_timeout;

    ngx_add_timer(&ngx_vrrp_worker_quit_event, NGX_VRRP_QUIT_LOOK);
}


static void
ngx_vrrp_worker_quit_handler(ngx_event_t *ev)
{
    ngx_vrrp_conf_t  *vcf;

    vcf = ngx_vrrp_get_conf(ngx_cycle);

    if (vrrp_core_worker_needed(vcf->memory, vcf->core.generation)
        && (ngx_msec_int_t) (ngx_vrrp_worker_quit_at - ngx_current_msec) > 0)
    {
        ngx_add_timer(ev, NGX_VRRP_QUIT_LOOK);
        return;
    }

    ngx_quit = 1;
}
