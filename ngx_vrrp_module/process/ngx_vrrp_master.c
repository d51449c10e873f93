
/*
 * In the master: the preconditions for a helper process as its child.
 */


#include "ngx_vrrp_master.h"


#if (NGX_VRRP_PIDFILE_POOL)
#define ngx_vrrp_create_pidfile(name, cycle)                                  \
    ngx_create_pidfile(name, (cycle)->pool, (cycle)->log)
#else
#define ngx_vrrp_create_pidfile(name, cycle)                                  \
    ngx_create_pidfile(name, (cycle)->log)
#endif


static ngx_int_t ngx_vrrp_daemon(ngx_cycle_t *cycle);
static ngx_int_t ngx_vrrp_redirect_stdio(ngx_log_t *log);


/*
 * init_module of the first cycle runs before main() has become the master:
 * become it now, so that our processes are its children, and catch their end
 * from the beginning.
 */

ngx_int_t
ngx_vrrp_prepare_master(ngx_cycle_t *cycle)
{
    sigset_t          set;
    ngx_core_conf_t  *ccf;

    ccf = (ngx_core_conf_t *) ngx_get_conf(cycle->conf_ctx, ngx_core_module);

    if (ccf->daemon && !ngx_inherited) {

        if (ngx_vrrp_daemon(cycle) != NGX_OK) {
            return NGX_ERROR;
        }

        ngx_daemonized = 1;
        ccf->daemon = 0;
    }

    if (ngx_init_signals(cycle->log) != NGX_OK) {
        return NGX_ERROR;
    }

    /*
     * They stay pending until the master's cycle waits for signals.  What is
     * sent as soon as there is a pid file would else be noticed only with the
     * signal after it.
     */

    sigemptyset(&set);
    sigaddset(&set, SIGCHLD);
    sigaddset(&set, SIGINT);
    sigaddset(&set, ngx_signal_value(NGX_RECONFIGURE_SIGNAL));
    sigaddset(&set, ngx_signal_value(NGX_REOPEN_SIGNAL));
    sigaddset(&set, ngx_signal_value(NGX_NOACCEPT_SIGNAL));
    sigaddset(&set, ngx_signal_value(NGX_TERMINATE_SIGNAL));
    sigaddset(&set, ngx_signal_value(NGX_SHUTDOWN_SIGNAL));
    sigaddset(&set, ngx_signal_value(NGX_CHANGEBIN_SIGNAL));

    if (sigprocmask(SIG_BLOCK, &set, NULL) == -1) {
        ngx_log_error(NGX_LOG_ALERT, cycle->log, ngx_errno,
                      "sigprocmask() failed");
    }

    return NGX_OK;
}


/*
 * As ngx_daemon(), which cannot be called here: Debian's returns in the
 * parent too.  The parent leaves when the pid file is written, so that
 * service managers find it.
 */

static ngx_int_t
ngx_vrrp_daemon(ngx_cycle_t *cycle)
{
    ngx_pid_t         pid;
    ngx_core_conf_t  *ccf;

    pid = fork();

    if (pid == -1) {
        ngx_log_error(NGX_LOG_EMERG, cycle->log, ngx_errno, "fork() failed");
        return NGX_ERROR;
    }

    if (pid > 0) {
        ccf = (ngx_core_conf_t *) ngx_get_conf(cycle->conf_ctx,
                                               ngx_core_module);
        ngx_pid = pid;

        if (ngx_vrrp_create_pidfile(&ccf->pid, cycle) != NGX_OK) {
            exit(1);
        }

        exit(0);
    }

    ngx_parent = ngx_pid;
    ngx_pid = ngx_getpid();

    if (setsid() == -1) {
        ngx_log_error(NGX_LOG_EMERG, cycle->log, ngx_errno, "setsid() failed");
        return NGX_ERROR;
    }

    umask(0);

    return ngx_vrrp_redirect_stdio(cycle->log);
}


static ngx_int_t
ngx_vrrp_redirect_stdio(ngx_log_t *log)
{
    ngx_fd_t  fd;

    fd = open("/dev/null", O_RDWR);

    if (fd == -1) {
        ngx_log_error(NGX_LOG_EMERG, log, ngx_errno,
                      "open(\"/dev/null\") failed");
        return NGX_ERROR;
    }

    if (dup2(fd, STDIN_FILENO) == -1 || dup2(fd, STDOUT_FILENO) == -1) {
        ngx_log_error(NGX_LOG_EMERG, log, ngx_errno,
                      "dup2(\"/dev/null\") failed");
        return NGX_ERROR;
    }

    if (fd > STDERR_FILENO && close(fd) == -1) {
        ngx_log_error(NGX_LOG_EMERG, log, ngx_errno, "close() failed");
        return NGX_ERROR;
    }

    return NGX_OK;
}
