
/*
 * A secret is the only line of a file.  The process that uses it reads it
 * while it is still root; whoever reads the configuration only looks whether
 * that will be possible, so that no copy is in the master, whose memory all
 * workers inherit.
 */


#ifndef _NGX_VRRP_SECRET_H_INCLUDED_
#define _NGX_VRRP_SECRET_H_INCLUDED_


#include "ngx_vrrp_module.h"


#define NGX_VRRP_SECRET_LEN  1024


typedef struct {
    u_char           buf[NGX_VRRP_SECRET_LEN + sizeof(CRLF)];
    ngx_str_t        line;           /* in the buffer */
    ngx_file_info_t  file;
    u_char           wrong[256];     /* "cannot be read: ..." */
} ngx_vrrp_secret_t;


/* NGX_ERROR: see secret->wrong.  The caller wipes it in any case. */
ngx_int_t ngx_vrrp_secret_read(const char *file, ngx_vrrp_secret_t *secret);

#define ngx_vrrp_secret_wipe(secret)                                          \
    ngx_explicit_memzero(secret, sizeof(ngx_vrrp_secret_t))

/*
 * While the configuration is read: how long the secret is, or NGX_ERROR, which
 * has been logged.  The full name of the file takes the place of its name.
 */
ngx_int_t ngx_vrrp_secret_check(ngx_conf_t *cf, const char *param,
    ngx_str_t *file);

/* the same; wrong: what is wrong with the line, or NULL */
ngx_int_t ngx_vrrp_secret_check_line(ngx_conf_t *cf, const char *param,
    ngx_str_t *file, const char *(*wrong)(ngx_str_t *line));


#endif /* _NGX_VRRP_SECRET_H_INCLUDED_ */
