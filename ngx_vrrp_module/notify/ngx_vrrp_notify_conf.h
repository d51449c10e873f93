
/*
 * Shared by the files that read the notify* directives.
 */


#ifndef _NGX_VRRP_NOTIFY_CONF_H_INCLUDED_
#define _NGX_VRRP_NOTIFY_CONF_H_INCLUDED_


#include "ngx_vrrp_conf.h"
#include "ngx_vrrp_params.h"


/* directives with parameters */

#define NGX_VRRP_NOTIFY_MASTER    0x0001
#define NGX_VRRP_NOTIFY_BACKUP    0x0002
#define NGX_VRRP_NOTIFY_FAULT     0x0004
#define NGX_VRRP_NOTIFY_STOP      0x0008
#define NGX_VRRP_NOTIFY           0x0010
#define NGX_VRRP_NOTIFY_FIFO      0x0020
#define NGX_VRRP_NOTIFY_EMAIL     0x0040
#define NGX_VRRP_NOTIFY_HTTP      0x0080
#define NGX_VRRP_NOTIFY_HTTPS     0x0100
#define NGX_VRRP_NOTIFY_DELETED   0x0200
#define NGX_VRRP_NOTIFY_RX_LOWER  0x0400

#define NGX_VRRP_NOTIFY_SCRIPTS                                               \
    (NGX_VRRP_NOTIFY_MASTER|NGX_VRRP_NOTIFY_BACKUP|NGX_VRRP_NOTIFY_FAULT      \
     |NGX_VRRP_NOTIFY_STOP|NGX_VRRP_NOTIFY_DELETED|NGX_VRRP_NOTIFY_RX_LOWER   \
     |NGX_VRRP_NOTIFY)

#define NGX_VRRP_NOTIFY_WEBHOOKS  (NGX_VRRP_NOTIFY_HTTP|NGX_VRRP_NOTIFY_HTTPS)


/* those that keepalived's scripts know */

#define NGX_VRRP_SCRIPT_STATES                                                \
    (VRRP_CORE_TO_MASTER|VRRP_CORE_TO_BACKUP|VRRP_CORE_TO_FAULT               \
     |VRRP_CORE_TO_STOP|VRRP_CORE_TO_DELETED)


/* numbers are NGX_CONF_UNSET where none was given; times are milliseconds */

typedef struct {
    int64_t                  events;     /* a set */
    int64_t                  timeout;
    int64_t                  expire;
    int64_t                  verify;
    int64_t                  starttls;
    int64_t                  format;     /* its number in the core */

    ngx_str_t                user;
    ngx_str_t                password_file;
    ngx_str_t                secret_file;
    ngx_str_t                prefix;
    ngx_str_t                helo;
    ngx_str_t                ca;
    ngx_str_t                to;
    ngx_str_t                from;
    ngx_str_t                smtp;
} ngx_vrrp_notify_params_t;


/* one of these directives */

typedef struct {
    vrrp_core_notify_conf_t  core;
    ngx_vrrp_program_t       program;    /* of a script */
    ngx_str_t                key;        /* the same twice is a mistake */
    ngx_vrrp_conf_line_t     place;
} ngx_vrrp_channel_t;


/* ngx_vrrp_notify_conf.c */

/* post of "notify" and of those for one state or event */

typedef struct {
    ngx_uint_t           directive;      /* NGX_VRRP_NOTIFY_* */
    ngx_uint_t           states;         /* VRRP_CORE_TO_* */
    ngx_uint_t           events;         /* 0: changes of state */
} ngx_vrrp_notify_script_t;

char *ngx_vrrp_conf_notify(ngx_conf_t *cf, ngx_command_t *cmd, void *conf);
char *ngx_vrrp_conf_notify_fifo(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf);
char *ngx_vrrp_conf_notify_email(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf);
char *ngx_vrrp_conf_notify_webhook(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf);

/* from init_conf: fills vcf->core.channels */
char *ngx_vrrp_notify_build(ngx_cycle_t *cycle, ngx_vrrp_conf_t *vcf);

/* ngx_vrrp_notify_params.c */

char *ngx_vrrp_notify_params(ngx_conf_t *cf, ngx_vrrp_notify_params_t *params,
    ngx_uint_t directive, ngx_str_t *args, ngx_uint_t nargs);

/* ngx_vrrp_notify_url.c */

/*
 * 0: it begins with the plain scheme, as "http" is; 1: with that for TLS, as
 * "https".  NGX_ERROR: an error that has been logged; what: how it is called.
 * uri: a path may follow the host.
 */
ngx_int_t ngx_vrrp_notify_url(ngx_conf_t *cf, const char *what,
    ngx_str_t *url, const char *plain, ngx_uint_t uri);

/* the part that may be shown: scheme, host and port */
void ngx_vrrp_notify_origin(ngx_str_t *url, ngx_str_t *origin);

/* ngx_vrrp_notify_files.c */

/* may it be opened?  Its full name takes the place of the name. */
char *ngx_vrrp_notify_ca(ngx_conf_t *cf, ngx_str_t *file);

/* is it a FIFO, or nothing yet?  The same. */
char *ngx_vrrp_notify_fifo(ngx_conf_t *cf, ngx_str_t *path);


#endif /* _NGX_VRRP_NOTIFY_CONF_H_INCLUDED_ */
