
/*
 * The vrrp process: a true child of the master, which respawns it, signals
 * it, replaces it on reload and ends it on quit, like a worker.
 */


#include "ngx_vrrp_module.h"
#include <ngx_event.h>
#include <ngx_channel.h>

#include <sys/prctl.h>


/* not "nginx": "killall -9 nginx" must leave the one that gives the VIP up */

#define NGX_VRRP_COMM  "ngx_vrrp"


static char *ngx_vrrp_process_name(ngx_log_t *log);
static void ngx_vrrp_pass_open_channel(ngx_cycle_t *cycle);
static ngx_int_t ngx_vrrp_prepare_master(ngx_cycle_t *cycle);
static ngx_int_t ngx_vrrp_daemon(ngx_cycle_t *cycle);
static ngx_int_t ngx_vrrp_redirect_stdio(ngx_log_t *log);
static void ngx_vrrp_process_cycle(ngx_cycle_t *cycle, void *data);
static void ngx_vrrp_process_close_listens(ngx_cycle_t *cycle);
static void ngx_vrrp_process_close_files(ngx_cycle_t *cycle);
static void ngx_vrrp_process_init(ngx_cycle_t *cycle);
static void ngx_vrrp_process_init_events(ngx_cycle_t *cycle);
static void ngx_vrrp_process_close_channels(ngx_cycle_t *cycle);
static void ngx_vrrp_process_start_core(ngx_vrrp_process_t *vp,
    const char *reason);
static void ngx_vrrp_process_signals(ngx_vrrp_process_t *vp);
static void ngx_vrrp_channel_handler(ngx_event_t *ev);


static ngx_vrrp_process_t   ngx_vrrp_process_ctx;

/* the vrrp process itself; there is one of them in a process */
ngx_vrrp_process_t         *ngx_vrrp_process = &ngx_vrrp_process_ctx;


/* in the master, from init_module */

ngx_int_t
ngx_vrrp_start_process(ngx_cycle_t *cycle)
{
    char       *name;
    ngx_int_t   respawn;

    if (ngx_is_init_cycle(cycle->old_cycle)) {

        if (ngx_vrrp_prepare_master(cycle) != NGX_OK) {
            return NGX_ERROR;
        }

        respawn = NGX_PROCESS_RESPAWN;

    } else {
        respawn = NGX_PROCESS_JUST_RESPAWN;
    }

    name = ngx_vrrp_process_name(cycle->log);

    if (name == NULL
        || ngx_spawn_process(cycle, ngx_vrrp_process_cycle, NULL, name,
                             respawn)
           == NGX_INVALID_PID)
    {
        ngx_log_error(NGX_LOG_ALERT, cycle->log, 0,
                      "vrrp: could not start the vrrp process, "
                      "nginx serves without VRRP");
        return NGX_OK;
    }

    ngx_vrrp_pass_open_channel(cycle);

    return NGX_OK;
}


/*
 * The master looks at the name when the process ends, and by then a reload
 * may have unloaded the module.
 */

static char *
ngx_vrrp_process_name(ngx_log_t *log)
{
    static char       *name;
    static const char  text[] = "vrrp process";

    if (name == NULL) {
        name = ngx_alloc(sizeof(text), log);
        if (name == NULL) {
            return NULL;
        }

        ngx_memcpy(name, text, sizeof(text));
    }

    return name;
}


/*
 * As ngx_pass_open_channel(), which is static.  When the vrrp process ends,
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
 * init_module of the first cycle runs before main() has become the master:
 * become it now, so that the vrrp process is its child, and catch that
 * child's end from the beginning.
 */

static ngx_int_t
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


/* in the vrrp process */

static void
ngx_vrrp_process_cycle(ngx_cycle_t *cycle, void *data)
{
    ngx_int_t            rc;
    const char          *reason;
    ngx_vrrp_process_t  *vp;

    /* the master still has the old one, the event modules use the new */

    ngx_cycle = cycle;
    ngx_process = NGX_PROCESS_HELPER;

    if (ngx_log_redirect_stderr(cycle) != NGX_OK) {
        exit(2);
    }

    ngx_use_stderr = 0;

    ngx_vrrp_process_close_listens(cycle);
    ngx_vrrp_process_close_files(cycle);

    vp = ngx_vrrp_process;
    vp->log = cycle->log;

    ngx_vrrp_set_scheduling(cycle, vp);

    reason = NULL;
    rc = ngx_vrrp_drop_privileges(cycle, &reason);

    if (rc == NGX_ERROR) {
        /* fatal */
        exit(2);
    }

    ngx_vrrp_process_init(cycle);

    ngx_vrrp_process_start_core(vp, reason);

    for ( ;; ) {
        ngx_vrrp_process_signals(vp);

        if (vrrp_core_finished(vp->core)) {
            break;
        }

        ngx_vrrp_event_arm_timer(vp);

        ngx_process_events_and_timers(cycle);
    }

    vrrp_core_destroy(vp->core);

    ngx_log_error(NGX_LOG_NOTICE, cycle->log, 0, "vrrp process exiting");

    exit(0);
}


/* the fork copied also what ngx_init_cycle() closes after init_module */

static void
ngx_vrrp_process_close_listens(ngx_cycle_t *cycle)
{
    ngx_uint_t        i;
    ngx_listening_t  *ls;

    ngx_close_listening_sockets(cycle);

    if (cycle->old_cycle == NULL) {
        return;
    }

    ls = cycle->old_cycle->listening.elts;
    for (i = 0; i < cycle->old_cycle->listening.nelts; i++) {

        if (ls[i].remain || ls[i].fd == (ngx_socket_t) -1) {
            continue;
        }

        if (ngx_close_socket(ls[i].fd) == -1) {
            ngx_log_error(NGX_LOG_EMERG, cycle->log, ngx_socket_errno,
                          ngx_close_socket_n " %V failed", &ls[i].addr_text);
        }
    }
}


/* logs of the old cycle: nobody would reopen them when they are rotated */

static void
ngx_vrrp_process_close_files(ngx_cycle_t *cycle)
{
    ngx_fd_t          fd;
    ngx_uint_t        i;
    ngx_list_part_t  *part;
    ngx_open_file_t  *file;

    if (cycle->old_cycle == NULL) {
        return;
    }

    if (ngx_is_init_cycle(cycle->old_cycle)) {

        /* the built-in log, which main() closes in the master */

        fd = cycle->old_cycle->log->file->fd;

        if (fd != ngx_stderr && ngx_close_file(fd) == NGX_FILE_ERROR) {
            ngx_log_error(NGX_LOG_ALERT, cycle->log, ngx_errno,
                          ngx_close_file_n " built-in log failed");
        }

        return;
    }

    for (part = &cycle->old_cycle->open_files.part; part; part = part->next) {
        file = part->elts;

        for (i = 0; i < part->nelts; i++) {

            if (file[i].fd == NGX_INVALID_FILE || file[i].fd == ngx_stderr) {
                continue;
            }

            if (ngx_close_file(file[i].fd) == NGX_FILE_ERROR) {
                ngx_log_error(NGX_LOG_ALERT, cycle->log, ngx_errno,
                              ngx_close_file_n " \"%s\" failed",
                              file[i].name.data);
            }
        }
    }
}


static void
ngx_vrrp_process_init(ngx_cycle_t *cycle)
{
    sigset_t  set;

    ngx_setproctitle("vrrp process");

    if (prctl(PR_SET_NAME, NGX_VRRP_COMM, 0, 0, 0) == -1) {
        ngx_log_error(NGX_LOG_ALERT, cycle->log, ngx_errno,
                      "prctl(PR_SET_NAME) failed");
    }

    if (ngx_init_signals(cycle->log) != NGX_OK) {
        /* fatal */
        exit(2);
    }

    sigemptyset(&set);

    if (sigprocmask(SIG_SETMASK, &set, NULL) == -1) {
        ngx_log_error(NGX_LOG_ALERT, cycle->log, ngx_errno,
                      "sigprocmask() failed");
    }

    ngx_vrrp_process_init_events(cycle);
    ngx_vrrp_process_close_channels(cycle);

    if (ngx_add_channel_event(cycle, ngx_channel, NGX_READ_EVENT,
                              ngx_vrrp_channel_handler)
        == NGX_ERROR)
    {
        /* fatal */
        exit(2);
    }
}


/* the event loop only: no other module has business in this process */

static void
ngx_vrrp_process_init_events(ngx_cycle_t *cycle)
{
    ngx_uint_t        i;
    ngx_core_conf_t  *ccf;
    ngx_vrrp_conf_t  *vcf;

    ccf = (ngx_core_conf_t *) ngx_get_conf(cycle->conf_ctx, ngx_core_module);
    vcf = ngx_vrrp_get_conf(cycle);

    /*
     * Per instance a socket, a claim and a few who wait for it; per worker a
     * pidfd, and one more while a reload replaces it; netlink, timer, channel.
     */

    cycle->connection_n = 32 + 8 * vcf->core.ninstances
                          + 4 * ccf->worker_processes;

    for (i = 0; cycle->modules[i]; i++) {

        if (cycle->modules[i]->type != NGX_EVENT_MODULE
            || cycle->modules[i]->init_process == NULL)
        {
            continue;
        }

        if (cycle->modules[i]->init_process(cycle) == NGX_ERROR) {
            /* fatal */
            exit(2);
        }
    }

    ngx_use_accept_mutex = 0;
}


/* both ends of the others': this process talks to no sibling */

static void
ngx_vrrp_process_close_channels(ngx_cycle_t *cycle)
{
    ngx_int_t  n;

    for (n = 0; n < ngx_last_process; n++) {

        if (n == ngx_process_slot
            || ngx_processes[n].pid == -1
            || ngx_processes[n].channel[1] == -1)
        {
            continue;
        }

        ngx_close_channel(ngx_processes[n].channel, cycle->log);
    }

    if (close(ngx_processes[ngx_process_slot].channel[0]) == -1) {
        ngx_log_error(NGX_LOG_ALERT, cycle->log, ngx_errno,
                      "close() channel failed");
    }
}


/* reason: why VRRP is impossible, or NULL */

static void
ngx_vrrp_process_start_core(ngx_vrrp_process_t *vp, const char *reason)
{
    vrrp_core_ops_t   ops;
    ngx_vrrp_conf_t  *vcf;

    vcf = ngx_vrrp_get_conf(ngx_cycle);

    ops.pid = ngx_pid;
    ops.realtime_priority = (int) vp->realtime_priority;
    ops.mlock = (int) vp->mlock;
    ops.data = vp->log;
    ops.log = ngx_vrrp_log;
    ops.watch = ngx_vrrp_event_watch;
    ops.unwatch = ngx_vrrp_event_unwatch;

    vp->core = vrrp_core_create(&vcf->core, &ops, vcf->area);

    if (vp->core == NULL || ngx_vrrp_event_open_timer(vp) != NGX_OK) {
        ngx_log_error(NGX_LOG_ALERT, vp->log, 0,
                      "vrrp: not taking part in VRRP, nginx goes on serving");
        /* fatal */
        exit(2);
    }

    if (reason == NULL) {
        (void) vrrp_core_start(vp->core, ngx_parent);
        return;
    }

    ngx_log_error(NGX_LOG_ERR, vp->log, 0,
                  "vrrp: %s; not taking part in VRRP, nginx goes on serving",
                  reason);

    (void) vrrp_core_stand_aside(vp->core, ngx_parent, reason);
}


static void
ngx_vrrp_process_signals(ngx_vrrp_process_t *vp)
{
    if (ngx_terminate) {
        ngx_terminate = 0;
        vrrp_core_stop(vp->core, "nginx is terminating", 0);
    }

    if (ngx_quit) {
        ngx_quit = 0;
        vrrp_core_quit(vp->core);
    }

    if (ngx_reopen) {
        ngx_reopen = 0;
        ngx_log_error(NGX_LOG_NOTICE, vp->log, 0, "reopening logs");
        ngx_reopen_files((ngx_cycle_t *) ngx_cycle, -1);
    }
}


/* the master's orders; nginx's own handler is static */

static void
ngx_vrrp_channel_handler(ngx_event_t *ev)
{
    ngx_int_t          n;
    ngx_channel_t      ch;
    ngx_connection_t  *c;

    if (ev->timedout) {
        ev->timedout = 0;
        return;
    }

    c = ev->data;

    for ( ;; ) {

        n = ngx_read_channel(c->fd, &ch, sizeof(ngx_channel_t), ev->log);

        if (n == NGX_ERROR) {

            if (ngx_event_flags & NGX_USE_EPOLL_EVENT) {
                ngx_del_conn(c, 0);
            }

            ngx_close_connection(c);
            return;
        }

        if (n == NGX_AGAIN) {
            return;
        }

        switch (ch.command) {

        case NGX_CMD_QUIT:
            ngx_quit = 1;
            break;

        case NGX_CMD_TERMINATE:
            ngx_terminate = 1;
            break;

        case NGX_CMD_REOPEN:
            ngx_reopen = 1;
            break;

        case NGX_CMD_OPEN_CHANNEL:

            /* a channel to a new sibling */

            if (ch.fd != -1 && close(ch.fd) == -1) {
                ngx_log_error(NGX_LOG_ALERT, ev->log, ngx_errno,
                              "close() channel failed");
            }

            break;

        default: /* NGX_CMD_CLOSE_CHANNEL: all are closed */
            break;
        }
    }
}
