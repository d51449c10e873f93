
/*
 * In the master: the preconditions for a helper process as its child, and the
 * start of such a process.
 */


#include "ngx_vrrp_process.h"
#include <ngx_channel.h>

#include <sys/eventfd.h>


static ngx_int_t ngx_vrrp_daemon(ngx_cycle_t *cycle);
static ngx_int_t ngx_vrrp_redirect_stdio(ngx_log_t *log);
static char *ngx_vrrp_helper_name(ngx_vrrp_helper_t *helper, ngx_log_t *log);
static void ngx_vrrp_pass_open_channel(ngx_cycle_t *cycle);
static void ngx_vrrp_wake_cleanup(void *data);


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

        if (ngx_create_pidfile(&ccf->pid, cycle->log) != NGX_OK) {
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


/* respawned like a worker, and replaced like one on reload */

ngx_int_t
ngx_vrrp_spawn_helper(ngx_cycle_t *cycle, ngx_vrrp_helper_t *helper)
{
    char       *name;
    ngx_int_t   respawn;

    respawn = ngx_is_init_cycle(cycle->old_cycle) ? NGX_PROCESS_RESPAWN
                                                  : NGX_PROCESS_JUST_RESPAWN;

    name = ngx_vrrp_helper_name(helper, cycle->log);

    if (name == NULL
        || ngx_spawn_process(cycle, helper->cycle, NULL, name, respawn)
           == NGX_INVALID_PID)
    {
        return NGX_ERROR;
    }

    ngx_vrrp_pass_open_channel(cycle);

    return NGX_OK;
}


/*
 * The master looks at the name when the process ends, and by then a reload
 * may have unloaded the module.
 */

static char *
ngx_vrrp_helper_name(ngx_vrrp_helper_t *helper, ngx_log_t *log)
{
    size_t  size;

    if (helper->name == NULL) {
        size = ngx_strlen(helper->title) + 1;

        helper->name = ngx_alloc(size, log);
        if (helper->name == NULL) {
            return NULL;
        }

        ngx_memcpy(helper->name, helper->title, size);
    }

    return helper->name;
}


/*
 * As ngx_pass_open_channel(), which is static.  When a helper process ends,
 * the master has all others close their end of its channel: old workers that
 * had never got one would close whatever has that number.
 */

static void
ngx_vrrp_pass_open_channel(ngx_cycle_t *cycle)
{
    ngx_int_t      i;
    ngx_channel_t  ch;

    ngx_memzero(&ch, sizeof(ngx_channel_t));

    ch.command = NGX_CMD_OPEN_CHANNEL;
    ch.pid = ngx_processes[ngx_process_slot].pid;
    ch.slot = ngx_process_slot;
    ch.fd = ngx_processes[ngx_process_slot].channel[0];

    for (i = 0; i < ngx_last_process; i++) {

        if (i == ngx_process_slot
            || ngx_processes[i].pid == -1
            || ngx_processes[i].channel[0] == -1)
        {
            continue;
        }

        ngx_write_channel(ngx_processes[i].channel[0], &ch,
                          sizeof(ngx_channel_t), cycle->log);
    }
}


/*
 * The master has it for processes that are started again.  Without it, what
 * checks find out, and what operators ask for, is noticed later.
 */

void
ngx_vrrp_open_wake(ngx_cycle_t *cycle)
{
    ngx_vrrp_conf_t     *vcf;
    ngx_pool_cleanup_t  *cln;

    vcf = ngx_vrrp_get_conf(cycle);

    if (vcf->core.nchecks == 0 && !vcf->control) {
        return;
    }

    cln = ngx_pool_cleanup_add(cycle->pool, 0);
    if (cln == NULL) {
        return;
    }

    vcf->core.wake_fd = eventfd(0, EFD_NONBLOCK|EFD_CLOEXEC);

    if (vcf->core.wake_fd == -1) {
        ngx_log_error(NGX_LOG_ALERT, cycle->log, ngx_errno,
                      "eventfd() failed");
        return;
    }

    cln->handler = ngx_vrrp_wake_cleanup;
    cln->data = vcf;
}


static void
ngx_vrrp_wake_cleanup(void *data)
{
    ngx_vrrp_close_wake(data, ngx_cycle->log);
}


void
ngx_vrrp_close_wake(ngx_vrrp_conf_t *vcf, ngx_log_t *log)
{
    if (vcf->core.wake_fd == -1) {
        return;
    }

    if (close(vcf->core.wake_fd) == -1) {
        ngx_log_error(NGX_LOG_ALERT, log, ngx_errno,
                      "close() eventfd failed");
    }

    vcf->core.wake_fd = -1;
}
