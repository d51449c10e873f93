
/*
 * Files that the notify* directives name, as far as they matter while the
 * configuration is read.
 */


#include "ngx_vrrp_notify_conf.h"


#define NGX_VRRP_SECRET_LEN  1024


static ssize_t ngx_vrrp_notify_read(ngx_conf_t *cf, const char *word,
    ngx_str_t *file, u_char *buf, size_t size);
static void ngx_vrrp_notify_secrecy(ngx_conf_t *cf, const char *word,
    ngx_str_t *file, ngx_fd_t fd);
static char *ngx_vrrp_notify_folder(ngx_conf_t *cf, ngx_str_t *path);


char *
ngx_vrrp_notify_secret(ngx_conf_t *cf, const char *word, ngx_str_t *file,
    vrrp_core_str_t *secret)
{
    size_t      size;
    u_char     *buf;
    ssize_t     n;
    ngx_str_t   line;

    size = NGX_VRRP_SECRET_LEN + sizeof(CRLF);
    buf = ngx_pnalloc(cf->pool, size);

    if (buf == NULL || ngx_conf_full_name(cf->cycle, file, 1) != NGX_OK) {
        return NGX_CONF_ERROR;
    }

    n = ngx_vrrp_notify_read(cf, word, file, buf, size);

    if (n == NGX_ERROR) {
        return NGX_CONF_ERROR;
    }

    line.data = buf;
    line.len = n;

    if (line.len && line.data[line.len - 1] == LF) {
        line.len--;
    }

    if (line.len && line.data[line.len - 1] == CR) {
        line.len--;
    }

    if (line.len == 0) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0, "\"%s%V\" is empty",
                           word, file);
        return NGX_CONF_ERROR;
    }

    if (line.len > NGX_VRRP_SECRET_LEN || !ngx_vrrp_valid_line(&line)) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "\"%s%V\" must have one line of text, of up to "
                           "%d bytes", word, file, NGX_VRRP_SECRET_LEN);
        return NGX_CONF_ERROR;
    }

    ngx_vrrp_core_str(secret, &line);

    return NGX_CONF_OK;
}


static ssize_t
ngx_vrrp_notify_read(ngx_conf_t *cf, const char *word, ngx_str_t *file,
    u_char *buf, size_t size)
{
    ssize_t   n;
    ngx_fd_t  fd;

    fd = ngx_open_file(file->data, NGX_FILE_RDONLY|NGX_FILE_NONBLOCK,
                       NGX_FILE_OPEN, 0);

    if (fd == NGX_INVALID_FILE) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, ngx_errno,
                           ngx_open_file_n " \"%V\" of \"%s\" failed",
                           file, word);
        return NGX_ERROR;
    }

    n = ngx_read_fd(fd, buf, size);

    if (n == -1) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, ngx_errno,
                           ngx_read_fd_n " \"%V\" of \"%s\" failed",
                           file, word);
        n = NGX_ERROR;

    } else {
        ngx_vrrp_notify_secrecy(cf, word, file, fd);
    }

    if (ngx_close_file(fd) == NGX_FILE_ERROR) {
        ngx_log_error(NGX_LOG_ALERT, cf->log, ngx_errno,
                      ngx_close_file_n " \"%V\" failed", file);
    }

    return n;
}


static void
ngx_vrrp_notify_secrecy(ngx_conf_t *cf, const char *word, ngx_str_t *file,
    ngx_fd_t fd)
{
    ngx_file_info_t  fi;

    if (ngx_fd_info(fd, &fi) != NGX_FILE_ERROR && (fi.st_mode & S_IROTH)) {
        ngx_conf_log_error(NGX_LOG_WARN, cf, 0,
                           "\"%s%V\" is no secret, everybody may read it: "
                           "only root has to", word, file);
    }
}


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
                           "\"%V\" is not a FIFO: remove it, nginx makes "
                           "one, or make it with mkfifo", path);
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
                           "there is no folder \"%s\" for the FIFO \"%V\"",
                           folder, path);
        return NGX_CONF_ERROR;
    }

    return NGX_CONF_OK;
}
