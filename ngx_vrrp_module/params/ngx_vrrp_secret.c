
/*
 * Secrets in files: the header explains which process reads them, and when.
 */


#include "ngx_vrrp_secret.h"
#include "ngx_vrrp_params.h"


static ngx_int_t ngx_vrrp_secret_line(ngx_vrrp_secret_t *secret, size_t len);
static ngx_int_t ngx_vrrp_secret_failed(ngx_vrrp_secret_t *secret,
    const char *call);
static void ngx_vrrp_secret_rights(ngx_conf_t *cf, const char *param,
    ngx_str_t *file, ngx_file_info_t *fi);


ngx_int_t
ngx_vrrp_secret_read(const char *file, ngx_vrrp_secret_t *secret)
{
    ssize_t    n;
    ngx_fd_t   fd;
    ngx_int_t  rc;

    fd = ngx_open_file(file, NGX_FILE_RDONLY|NGX_FILE_NONBLOCK|O_CLOEXEC,
                       NGX_FILE_OPEN, 0);

    if (fd == NGX_INVALID_FILE) {
        return ngx_vrrp_secret_failed(secret, ngx_open_file_n);
    }

    n = ngx_read_fd(fd, secret->buf, sizeof(secret->buf));

    if (n == -1) {
        rc = ngx_vrrp_secret_failed(secret, ngx_read_fd_n);

    } else if (ngx_fd_info(fd, &secret->file) == NGX_FILE_ERROR) {
        rc = ngx_vrrp_secret_failed(secret, ngx_fd_info_n);

    } else {
        rc = ngx_vrrp_secret_line(secret, n);
    }

    (void) ngx_close_file(fd);

    return rc;
}


static ngx_int_t
ngx_vrrp_secret_line(ngx_vrrp_secret_t *secret, size_t len)
{
    const char       *wrong;
    vrrp_core_str_t   text, line;

    text.data = (char *) secret->buf;
    text.len = len;

    wrong = vrrp_core_secret(&text, &line);

    if (wrong) {
        (void) ngx_cpystrn(secret->wrong, (u_char *) wrong,
                           sizeof(secret->wrong));
        return NGX_ERROR;
    }

    secret->line.data = (u_char *) line.data;
    secret->line.len = line.len;

    return NGX_OK;
}


static ngx_int_t
ngx_vrrp_secret_failed(ngx_vrrp_secret_t *secret, const char *call)
{
    u_char     *p, *last;
    ngx_err_t   err;

    err = ngx_errno;
    last = secret->wrong + sizeof(secret->wrong) - 1;

    p = ngx_slprintf(secret->wrong, last, "cannot be read: %s failed", call);
    *ngx_log_errno(p, last, err) = '\0';

    return NGX_ERROR;
}


ngx_int_t
ngx_vrrp_secret_check(ngx_conf_t *cf, const char *param, ngx_str_t *file)
{
    return ngx_vrrp_secret_check_line(cf, param, file, NULL);
}


ngx_int_t
ngx_vrrp_secret_check_line(ngx_conf_t *cf, const char *param, ngx_str_t *file,
    const char *(*wrong)(ngx_str_t *line))
{
    ngx_int_t          len;
    const char        *text;
    ngx_vrrp_secret_t  secret;

    if (ngx_conf_full_name(cf->cycle, file, 1) != NGX_OK) {
        return NGX_ERROR;
    }

    len = NGX_ERROR;

    if (ngx_vrrp_secret_read((char *) file->data, &secret) == NGX_OK) {
        text = wrong ? wrong(&secret.line) : NULL;

        if (text == NULL) {
            len = secret.line.len;
            ngx_vrrp_secret_rights(cf, param, file, &secret.file);

        } else {
            ngx_conf_log_error(NGX_LOG_EMERG, cf, 0, "the key in \"%s%V\" %s",
                               param, file, text);
        }

    } else {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0, "\"%s%V\" %s",
                           param, file, secret.wrong);
    }

    ngx_vrrp_secret_wipe(&secret);

    return len;
}


/* a "user" directive that comes later is not known here */

static void
ngx_vrrp_secret_rights(ngx_conf_t *cf, const char *param, ngx_str_t *file,
    ngx_file_info_t *fi)
{
    ngx_core_conf_t  *ccf;

    ccf = (ngx_core_conf_t *) ngx_get_conf(cf->cycle->conf_ctx,
                                           ngx_core_module);

    if (fi->st_mode & S_IROTH) {
        ngx_conf_log_error(NGX_LOG_WARN, cf, 0,
                           "\"%s%V\" is world-readable, run \"chmod 600 %V\"",
                           param, file, file);
        return;
    }

    if (geteuid() != 0 || ccf->user == (ngx_uid_t) NGX_CONF_UNSET_UINT) {
        return;
    }

    if ((fi->st_uid == ccf->user && ccf->user != 0)
        || (fi->st_gid == ccf->group && (fi->st_mode & S_IRGRP)))
    {
        ngx_conf_log_error(NGX_LOG_WARN, cf, 0,
                           "\"%s%V\" is readable by the worker processes "
                           "(user \"%s\"), only root needs to read it",
                           param, file, ccf->username);
    }
}
