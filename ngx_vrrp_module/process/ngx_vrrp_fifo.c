
/*
 * In the master: creates the FIFOs of "notify_fifo", to which the notifier
 * process writes.
 */


#include "ngx_vrrp_fifo.h"

#include <sys/stat.h>


static void ngx_vrrp_make_fifo(ngx_cycle_t *cycle,
    const vrrp_core_str_t *path);
static void ngx_vrrp_give_fifo(ngx_cycle_t *cycle,
    const vrrp_core_str_t *path, int fd);


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
