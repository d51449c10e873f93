
/*
 * Descriptors by which the processes of a cycle reach each other: an eventfd
 * that wakes the vrrp process, another one that wakes the checker process, and
 * the socket pair through which both send events to the notifier process.  The
 * master has them as long as the cycle lives, for processes that are started
 * again.
 */


#include "ngx_vrrp_ipc.h"

#include <sys/eventfd.h>
#include <sys/socket.h>


/* bytes: so much may have happened before the notifier process looks */

#define NGX_VRRP_EVENT_BUFFER  (4 * 1024 * 1024)


static void ngx_vrrp_ipc_open_wake(ngx_vrrp_conf_t *vcf, ngx_log_t *log);
static void ngx_vrrp_ipc_open_demand(ngx_vrrp_conf_t *vcf, ngx_log_t *log);
static ngx_int_t ngx_vrrp_ipc_open_events(ngx_vrrp_conf_t *vcf,
    ngx_log_t *log);
static void ngx_vrrp_ipc_cleanup(void *data);


void
ngx_vrrp_ipc_open(ngx_cycle_t *cycle)
{
    ngx_vrrp_conf_t     *vcf;
    ngx_pool_cleanup_t  *cln;

    vcf = ngx_vrrp_get_conf(cycle);

    cln = ngx_pool_cleanup_add(cycle->pool, 0);

    if (cln) {
        cln->handler = ngx_vrrp_ipc_cleanup;
        cln->data = vcf;

        ngx_vrrp_ipc_open_wake(vcf, cycle->log);
        ngx_vrrp_ipc_open_demand(vcf, cycle->log);
    }

    if (vcf->core.nchannels
        && (cln == NULL
            || ngx_vrrp_ipc_open_events(vcf, cycle->log) != NGX_OK))
    {
        ngx_log_error(NGX_LOG_ALERT, cycle->log, 0,
                      "vrrp: notifications are disabled");
    }
}


/*
 * Without it, what checks find out, and what operators ask for, is noticed
 * later.
 */

static void
ngx_vrrp_ipc_open_wake(ngx_vrrp_conf_t *vcf, ngx_log_t *log)
{
    if (vcf->core.nchecks == 0 && !vcf->control) {
        return;
    }

    vcf->core.wake_fd = eventfd(0, EFD_NONBLOCK|EFD_CLOEXEC);

    if (vcf->core.wake_fd == -1) {
        ngx_log_error(NGX_LOG_ALERT, log, ngx_errno, "eventfd() failed");
    }
}


/* without it, checks on demand are made at their interval only */

static void
ngx_vrrp_ipc_open_demand(ngx_vrrp_conf_t *vcf, ngx_log_t *log)
{
    size_t  i;

    for (i = 0; i < vcf->core.nchecks; i++) {

        if (!vcf->core.checks[i].on_demand) {
            continue;
        }

        vcf->core.demand_fd = eventfd(0, EFD_NONBLOCK|EFD_CLOEXEC);

        if (vcf->core.demand_fd == -1) {
            ngx_log_error(NGX_LOG_ALERT, log, ngx_errno, "eventfd() failed");
        }

        return;
    }
}


static ngx_int_t
ngx_vrrp_ipc_open_events(ngx_vrrp_conf_t *vcf, ngx_log_t *log)
{
    int  size, *fds;

    fds = vcf->core.event_fds;
    size = NGX_VRRP_EVENT_BUFFER;

    if (socketpair(AF_UNIX, SOCK_SEQPACKET|SOCK_NONBLOCK|SOCK_CLOEXEC, 0, fds)
        == -1)
    {
        ngx_log_error(NGX_LOG_ALERT, log, ngx_errno, "socketpair() failed");

        fds[0] = -1;
        fds[1] = -1;
        return NGX_ERROR;
    }

    /* beyond what the system allows others, where the master is root */

    if (setsockopt(fds[0], SOL_SOCKET, SO_SNDBUFFORCE, &size, sizeof(int))
        == -1
        && setsockopt(fds[0], SOL_SOCKET, SO_SNDBUF, &size, sizeof(int)) == -1)
    {
        ngx_log_error(NGX_LOG_ALERT, log, ngx_errno,
                      "setsockopt(SO_SNDBUF) failed");
    }

    return NGX_OK;
}


static void
ngx_vrrp_ipc_cleanup(void *data)
{
    ngx_vrrp_ipc_keep(data, 0, ngx_cycle->log);
}


void
ngx_vrrp_ipc_keep(ngx_vrrp_conf_t *vcf, ngx_uint_t keeps, ngx_log_t *log)
{
    if (!(keeps & NGX_VRRP_KEEP_WAKE)) {
        ngx_vrrp_close_fd(&vcf->core.wake_fd, "eventfd for wake-ups", log);
    }

    if (!(keeps & NGX_VRRP_KEEP_DEMAND)) {
        ngx_vrrp_close_fd(&vcf->core.demand_fd, "eventfd for checks", log);
    }

    if (!(keeps & NGX_VRRP_KEEP_SENDER)) {
        ngx_vrrp_close_fd(&vcf->core.event_fds[0], "socket for events", log);
    }

    if (!(keeps & NGX_VRRP_KEEP_RECEIVER)) {
        ngx_vrrp_close_fd(&vcf->core.event_fds[1], "socket for events", log);
    }
}


void
ngx_vrrp_close_fd(int *fd, const char *what, ngx_log_t *log)
{
    if (*fd == -1) {
        return;
    }

    if (close(*fd) == -1) {
        ngx_log_error(NGX_LOG_ALERT, log, ngx_errno,
                      "close() of the %s failed", what);
    }

    *fd = -1;
}
