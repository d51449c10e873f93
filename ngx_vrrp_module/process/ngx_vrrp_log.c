
/*
 * The core's messages in nginx's error log, and logs that are pipes.
 */


#include "ngx_vrrp_log.h"
#include "ngx_vrrp_event.h"


static void ngx_vrrp_log_open_pipe(ngx_fd_t fd);


/* in the order of vrrp_core_log_level_e */

static ngx_uint_t  ngx_vrrp_log_levels[] = {
    NGX_LOG_ALERT,
    NGX_LOG_CRIT,
    NGX_LOG_ERR,
    NGX_LOG_WARN,
    NGX_LOG_NOTICE,
    NGX_LOG_INFO,
    NGX_LOG_DEBUG
};


void
ngx_vrrp_log(void *data, vrrp_core_log_level_e level, const char *text,
    size_t len)
{
    ngx_vrrp_loop_t *loop = data;

    ngx_time_update();

    ngx_log_error(ngx_vrrp_log_levels[level], loop->log, 0,
                  "vrrp: %*s", len, text);
}


/*
 * nginx waits while a log takes no more.  A disk gets over that, but a pipe
 * stays full for as long as its reader stops: then a process of ours would no
 * longer advertise, and lose the virtual addresses, while workers go on as
 * long as they log nothing.  So our processes open pipes again, for themselves
 * and without waiting: what a full pipe does not take is lost.
 */

void
ngx_vrrp_log_open_pipes(ngx_cycle_t *cycle)
{
    ngx_uint_t        i;
    ngx_list_part_t  *part;
    ngx_open_file_t  *file;

    for (part = &cycle->open_files.part; part; part = part->next) {
        file = part->elts;

        for (i = 0; i < part->nelts; i++) {

            if (file[i].fd != NGX_INVALID_FILE && file[i].fd != ngx_stderr) {
                ngx_vrrp_log_open_pipe(file[i].fd);
            }
        }
    }

    ngx_vrrp_log_open_pipe(ngx_stderr);
}


/* other processes share the description of the old one, and may wait */

static void
ngx_vrrp_log_open_pipe(ngx_fd_t fd)
{
    u_char           path[sizeof("/proc/self/fd/") + NGX_INT_T_LEN];
    ngx_fd_t         pipe;
    ngx_file_info_t  fi;

    if (ngx_fd_info(fd, &fi) == NGX_FILE_ERROR || !S_ISFIFO(fi.st_mode)) {
        return;
    }

    *ngx_sprintf(path, "/proc/self/fd/%d", fd) = '\0';

    pipe = open((char *) path, O_WRONLY|O_APPEND|O_NONBLOCK|O_CLOEXEC);

    if (pipe == NGX_INVALID_FILE) {
        return;
    }

    (void) dup3(pipe, fd, (fd == ngx_stderr) ? 0 : O_CLOEXEC);
    (void) close(pipe);
}


/* after SIGUSR1: of every process of ours */

void
ngx_vrrp_log_reopen(ngx_cycle_t *cycle)
{
    ngx_log_error(NGX_LOG_NOTICE, cycle->log, 0, "reopening logs");

    ngx_reopen_files(cycle, -1);
    ngx_vrrp_log_open_pipes(cycle);
}
