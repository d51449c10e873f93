
/*
 * Files that the notify* directives name, as far as they matter while the
 * configuration is read.
 */


#include "ngx_vrrp_notify_conf.h"


static char *ngx_vrrp_notify_folder(ngx_conf_t *cf, ngx_str_t *path);


char *
ngx_vrrp_notify_ca(ngx_conf_t *cf, ngx_str_t *file)
{
    ngx_fd_t  fd;

    if (ngx_conf_full_name(cf->cycle, file, 1) != NGX_OK) {
        return NGX_CONF_ERROR;
    }

    fd = ngx_open_file(file->data, NGX_FILE_RDONLY|NGX_FILE_NONBLOCK,
                       NGX_FILE_OPEN, 0);

    if (fd == NGX_INVALID_FILE) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, ngx_errno,
                           ngx_open_file_n " \"%V\" of \"ca=\" failed", file);
        return NGX_CONF_ERROR;
    }

    if (ngx_close_file(fd) == NGX_FILE_ERROR) {
        ngx_log_error(NGX_LOG_ALERT, cf->log, ngx_errno,
                      ngx_close_file_n " \"%V\" failed", file);
    }

    return NGX_CONF_OK;
}


char *
ngx_vrrp_notify_fifo(ngx_conf_t *cf, ngx_str_t *path)
{
    ngx_file_info_t  fi;

    if (ngx_conf_full_name(cf->cycle, path, 0) != NGX_OK) {
        return NGX_CONF_ERROR;
    }

    if (ngx_file_info(path->data, &fi) == NGX_FILE_ERROR) {

        if (ngx_errno == NGX_ENOENT) {
            return ngx_vrrp_notify_folder(cf, path);
        }

        ngx_conf_log_error(NGX_LOG_EMERG, cf, ngx_errno,
                           ngx_file_info_n " \"%V\" failed", path);
        return NGX_CONF_ERROR;
    }

    if (!S_ISFIFO(fi.st_mode)) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "\"%V\" is not a FIFO: remove the file, nginx then "
                           "creates the FIFO", path);
        return NGX_CONF_ERROR;
    }

    return NGX_CONF_OK;
}


static char *
ngx_vrrp_notify_folder(ngx_conf_t *cf, ngx_str_t *path)
{
    u_char           *folder, *p;
    ngx_file_info_t   fi;

    folder = ngx_pnalloc(cf->pool, path->len + 1);
    if (folder == NULL) {
        return NGX_CONF_ERROR;
    }

    p = ngx_cpymem(folder, path->data, path->len);

    while (p > folder && p[-1] != '/') {
        p--;
    }

    *p = '\0';

    if (ngx_file_info(folder, &fi) == NGX_FILE_ERROR) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, ngx_errno,
                           "cannot access directory \"%s\" of the FIFO \"%V\"",
                           folder, path);
        return NGX_CONF_ERROR;
    }

    return NGX_CONF_OK;
}
