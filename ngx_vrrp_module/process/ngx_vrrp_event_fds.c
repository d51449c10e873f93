
/*
 * The socket pair through which the vrrp and checker processes send events to
 * the notifier process, and the FIFOs to which it writes.
 */


#include "ngx_vrrp_process.h"

#include <sys/socket.h>
#include <sys/stat.h>


/* bytes: so much may have happened before the notifier process looks */

#define NGX_VRRP_EVENT_BUFFER  (4 * 1024 * 1024)


static ngx_int_t ngx_vrrp_event_fds_create(ngx_vrrp_conf_t *vcf,
    ngx_log_t *log);
static void ngx_vrrp_event_fds_cleanup(void *data);
static void ngx_vrrp_event_fds_close(ngx_vrrp_conf_t *vcf, ngx_uint_t end,
    ngx_log_t *log);
static void ngx_vrrp_make_fifo(ngx_cycle_t *cycle,
    const vrrp_core_str_t *path);
static void ngx_vrrp_give_fifo(ngx_cycle_t *cycle,
    const vrrp_core_str_t *path, int fd);


/* the master has both ends, for processes that are started again */

void
ngx_vrrp_open_event_fds(ngx_cycle_t *cycle)
{
    ngx_vrrp_conf_t     *vcf;
    ngx_pool_cleanup_t  *cln;

    vcf = ngx_vrrp_get_conf(cycle);

    if (vcf->core.nchannels == 0) {
        return;
    }

    cln = ngx_pool_cleanup_add(cycle->pool, 0);

    if (cln == NULL || ngx_vrrp_event_fds_create(vcf, cycle->log) != NGX_OK) {
        ngx_log_error(NGX_LOG_ALERT, cycle->log, 0,
                      "vrrp: notifications are disabled");
        return;
    }

    cln->handler = ngx_vrrp_event_fds_cleanup;
    cln->data = vcf;
}


static ngx_int_t
ngx_vrrp_event_fds_create(ngx_vrrp_conf_t *vcf, ngx_log_t *log)
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
ngx_vrrp_event_fds_cleanup(void *data)
{
    ngx_vrrp_keep_event_fds(data, NGX_VRRP_EVENTS_NONE, ngx_cycle->log);
}


void
ngx_vrrp_keep_event_fds(ngx_vrrp_conf_t *vcf, ngx_vrrp_events_e events,
    ngx_log_t *log)
{
    if (events != NGX_VRRP_EVENTS_SENT) {
        ngx_vrrp_event_fds_close(vcf, 0, log);
    }

    if (events != NGX_VRRP_EVENTS_RECEIVED) {
        ngx_vrrp_event_fds_close(vcf, 1, log);
    }
}


static void
ngx_vrrp_event_fds_close(ngx_vrrp_conf_t *vcf, ngx_uint_t end, ngx_log_t *log)
{
    int  *fd;

    fd = &vcf->core.event_fds[end];

    if (*fd == -1) {
        return;
    }

    if (close(*fd) == -1) {
        ngx_log_error(NGX_LOG_ALERT, log, ngx_errno,
                      "close() of the socket for events failed");
    }

    *fd = -1;
}


void
ngx_vrrp_make_fifos(ngx_cycle_t *cycle)
{
    size_t            i;
    ngx_vrrp_conf_t  *vcf;

    vcf = ngx_vrrp_get_conf(cycle);

    for (i = 0; i < vcf->core.nchannels; i++) {
        if (vcf->core.channels[i].kind == VRRP_CORE_NOTIFY_FIFO) {
            ngx_vrrp_make_fifo(cycle, &vcf->core.channels[i].path);
        }
    }
}


/* an existing FIFO keeps its owner and its mode */

static void
ngx_vrrp_make_fifo(ngx_cycle_t *cycle, const vrrp_core_str_t *path)
{
    int  fd;

    if (mkfifo(path->data, S_IRUSR|S_IWUSR) == -1) {

        if (ngx_errno != NGX_EEXIST) {
            ngx_log_error(NGX_LOG_ERR, cycle->log, ngx_errno,
                          "vrrp: mkfifo(\"%s\") failed, its events wait until "
                          "the FIFO exists", path->data);
        }

        return;
    }

    if (geteuid() != 0) {
        return;
    }

    fd = open(path->data, O_PATH|O_NOFOLLOW|O_CLOEXEC);

    if (fd == -1) {
        ngx_log_error(NGX_LOG_ERR, cycle->log, ngx_errno,
                      "vrrp: open(\"%s\") of the new FIFO failed, root "
                      "remains its owner", path->data);
        return;
    }

    ngx_vrrp_give_fifo(cycle, path, fd);

    if (close(fd) == -1) {
        ngx_log_error(NGX_LOG_ALERT, cycle->log, ngx_errno,
                      "close() of the FIFO \"%s\" failed", path->data);
    }
}


/*
 * A user with write access to its directory can replace the FIFO meanwhile, so
 * that the name does not prove its identity.
 */

static void
ngx_vrrp_give_fifo(ngx_cycle_t *cycle, const vrrp_core_str_t *path, int fd)
{
    ngx_core_conf_t  *ccf;
    ngx_file_info_t   fi;

    if (ngx_fd_info(fd, &fi) == NGX_FILE_ERROR) {
        ngx_log_error(NGX_LOG_ERR, cycle->log, ngx_errno,
                      "vrrp: fstat(\"%s\") failed, root remains its owner",
                      path->data);
        return;
    }

    if (!S_ISFIFO(fi.st_mode) || fi.st_uid != 0 || fi.st_nlink != 1) {
        ngx_log_error(NGX_LOG_ERR, cycle->log, 0,
                      "vrrp: \"%s\" is not the FIFO that nginx created, "
                      "another program replaced it; its owner is not changed",
                      path->data);
        return;
    }

    ccf = (ngx_core_conf_t *) ngx_get_conf(cycle->conf_ctx, ngx_core_module);

    if (fchownat(fd, "", ccf->user, ccf->group, AT_EMPTY_PATH) == -1) {
        ngx_log_error(NGX_LOG_ERR, cycle->log, ngx_errno,
                      "vrrp: fchownat(\"%s\", %d, %d) failed",
                      path->data, ccf->user, ccf->group);
    }
}
