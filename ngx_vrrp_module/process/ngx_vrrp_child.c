
/*
 * The start of every helper process in the child: it becomes a process of
 * nginx with only the event loop and the master's channel.
 */


#include "ngx_vrrp_child.h"
#include "ngx_vrrp_ipc.h"
#include "ngx_vrrp_log.h"
#include "ngx_vrrp_ownership.h"
#include <ngx_event.h>
#include <ngx_channel.h>

#include <sys/prctl.h>
#include <sys/resource.h>


/* descriptors beside those that the event loop watches */

#define NGX_VRRP_CHILD_FILES  64

/* milliseconds before a process that could not begin is started again */

#define NGX_VRRP_CHILD_RETRY  1000


static void ngx_vrrp_child_exit(void);
static void ngx_vrrp_child_close_listens(ngx_cycle_t *cycle);
static void ngx_vrrp_child_close_files(ngx_cycle_t *cycle);
static void ngx_vrrp_child_init_signals(ngx_cycle_t *cycle,
    ngx_vrrp_helper_t *helper);
static void ngx_vrrp_child_init_events(ngx_cycle_t *cycle,
    ngx_vrrp_helper_t *helper);
static void ngx_vrrp_child_close_channels(ngx_cycle_t *cycle);
static void ngx_vrrp_child_channel_handler(ngx_event_t *ev);


/* the process that is being started, until it has its event loop */

static ngx_vrrp_helper_t  *ngx_vrrp_child_starting;


/* first of all, still privileged */

void
ngx_vrrp_child_begin(ngx_cycle_t *cycle, ngx_vrrp_helper_t *helper)
{
    /* the master still has the old one, the event modules use the new */

    ngx_cycle = cycle;
    ngx_process = NGX_PROCESS_HELPER;

    ngx_vrrp_child_starting = helper;
    (void) atexit(ngx_vrrp_child_exit);

    if (!(helper->keeps & NGX_VRRP_KEEP_OWNERSHIP)) {
        ngx_vrrp_ownership_close(ngx_vrrp_get_conf(cycle), cycle->log);
    }

    if (cycle->old_cycle) {
        ngx_vrrp_ownership_close_old(cycle->old_cycle, cycle->log);
    }

    if (ngx_log_redirect_stderr(cycle) != NGX_OK) {
        ngx_vrrp_child_fail(cycle, helper);
    }

    ngx_use_stderr = 0;

    ngx_vrrp_log_open_pipes(cycle);

    ngx_vrrp_child_close_listens(cycle);
    ngx_vrrp_child_close_files(cycle);

    ngx_vrrp_ipc_keep(ngx_vrrp_get_conf(cycle), helper->keeps, cycle->log);
}


/*
 * Not with 2, after which the master never restarts it: the missing resource
 * (descriptors, memory) may be available later.  Nor at once, because the
 * master would restart it without a pause.
 */

void
ngx_vrrp_child_fail(ngx_cycle_t *cycle, ngx_vrrp_helper_t *helper)
{
    ngx_log_error(NGX_LOG_ALERT, cycle->log, 0,
                  "vrrp: the %s cannot start, retrying in %d ms",
                  helper->title, NGX_VRRP_CHILD_RETRY);

    ngx_msleep(NGX_VRRP_CHILD_RETRY);

    /* it may have been called by exit() */

    _exit(1);
}


/* nginx's event modules call exit(2) themselves */

static void
ngx_vrrp_child_exit(void)
{
    if (ngx_vrrp_child_starting) {
        ngx_vrrp_child_fail((ngx_cycle_t *) ngx_cycle,
                             ngx_vrrp_child_starting);
    }
}


void
ngx_vrrp_child_raise_limit(ngx_cycle_t *cycle, ngx_vrrp_helper_t *helper)
{
    ngx_uint_t     n;
    struct rlimit  rlmt;

    n = helper->connections(ngx_vrrp_get_conf(cycle)) + NGX_VRRP_CHILD_FILES;

    if (getrlimit(RLIMIT_NOFILE, &rlmt) == -1) {
        ngx_log_error(NGX_LOG_ALERT, cycle->log, ngx_errno,
                      "getrlimit(RLIMIT_NOFILE) failed");
        return;
    }

    if (rlmt.rlim_cur >= (rlim_t) n) {
        return;
    }

    rlmt.rlim_cur = n;
    rlmt.rlim_max = ngx_max(rlmt.rlim_max, (rlim_t) n);

    if (setrlimit(RLIMIT_NOFILE, &rlmt) == -1) {
        ngx_log_error(NGX_LOG_WARN, cycle->log, ngx_errno,
                      "vrrp: setrlimit(RLIMIT_NOFILE, %ui) failed, "
                      "the process may lack file descriptors", n);
    }
}


/* when privileges are dropped */

void
ngx_vrrp_child_init(ngx_cycle_t *cycle, ngx_vrrp_helper_t *helper)
{
    ngx_setproctitle(helper->title);

    if (prctl(PR_SET_NAME, helper->comm, 0, 0, 0) == -1) {
        ngx_log_error(NGX_LOG_ALERT, cycle->log, ngx_errno,
                      "prctl(PR_SET_NAME) failed");
    }

    ngx_vrrp_child_init_signals(cycle, helper);
    ngx_vrrp_child_init_events(cycle, helper);
    ngx_vrrp_child_close_channels(cycle);

    if (ngx_add_channel_event(cycle, ngx_channel, NGX_READ_EVENT,
                              ngx_vrrp_child_channel_handler)
        == NGX_ERROR)
    {
        ngx_vrrp_child_fail(cycle, helper);
    }

    ngx_vrrp_child_starting = NULL;
}


/* the fork copied also what ngx_init_cycle() closes after init_module */

static void
ngx_vrrp_child_close_listens(ngx_cycle_t *cycle)
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


/* of the old cycle: its logs would not be reopened when they are rotated */

static void
ngx_vrrp_child_close_files(ngx_cycle_t *cycle)
{
    ngx_fd_t          fd;
    ngx_uint_t        i;
    ngx_list_part_t  *part;
    ngx_open_file_t  *file;
    ngx_vrrp_conf_t  *ovcf;

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

    /* NULL: the module was not loaded then */

    ovcf = ngx_vrrp_get_conf(cycle->old_cycle);

    if (ovcf) {
        ngx_vrrp_ipc_keep(ovcf, 0, cycle->log);
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
ngx_vrrp_child_init_signals(ngx_cycle_t *cycle, ngx_vrrp_helper_t *helper)
{
    sigset_t  set;

    if (ngx_init_signals(cycle->log) != NGX_OK) {
        ngx_vrrp_child_fail(cycle, helper);
    }

    sigemptyset(&set);

    if (sigprocmask(SIG_SETMASK, &set, NULL) == -1) {
        ngx_log_error(NGX_LOG_ALERT, cycle->log, ngx_errno,
                      "sigprocmask() failed");
    }
}


/* the event loop only: no other module has business in this process */

static void
ngx_vrrp_child_init_events(ngx_cycle_t *cycle, ngx_vrrp_helper_t *helper)
{
    ngx_uint_t  i;

    cycle->connection_n = helper->connections(ngx_vrrp_get_conf(cycle));

    for (i = 0; cycle->modules[i]; i++) {

        if (cycle->modules[i]->type != NGX_EVENT_MODULE
            || cycle->modules[i]->init_process == NULL)
        {
            continue;
        }

        if (cycle->modules[i]->init_process(cycle) == NGX_ERROR) {
            ngx_vrrp_child_fail(cycle, helper);
        }
    }

    ngx_use_accept_mutex = 0;
}


/* both ends of the others': this process talks to no sibling */

static void
ngx_vrrp_child_close_channels(ngx_cycle_t *cycle)
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


/* the master's orders; nginx's own handler is static */

static void
ngx_vrrp_child_channel_handler(ngx_event_t *ev)
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
