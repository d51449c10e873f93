
/*
 * Shared by the files for our processes.
 */


#ifndef _NGX_VRRP_PROCESS_H_INCLUDED_
#define _NGX_VRRP_PROCESS_H_INCLUDED_


#include "ngx_vrrp_module.h"
#include <ngx_event.h>


/* the use of events in a process: its end of core.event_fds */

typedef enum {
    NGX_VRRP_EVENTS_NONE = 0,
    NGX_VRRP_EVENTS_SENT,
    NGX_VRRP_EVENTS_RECEIVED
} ngx_vrrp_events_e;


/* a helper process: a child of the master, beside the workers */

typedef struct {
    char                *title;          /* "vrrp process" */
    char                *comm;           /* the name in ps and killall */
    ngx_spawn_proc_pt    cycle;
    ngx_vrrp_events_e    events;
    ngx_uint_t           owns;           /* needs core.ownership_fd, names */
    char                *name;           /* the title, for the master */
} ngx_vrrp_helper_t;


/* ngx_vrrp_master.c */

ngx_int_t ngx_vrrp_prepare_master(ngx_cycle_t *cycle);
ngx_int_t ngx_vrrp_spawn_helper(ngx_cycle_t *cycle, ngx_vrrp_helper_t *helper);

/*
 * core.wake_fd lives in the master as long as the cycle, in the helper
 * processes, and with "vrrp_control" in workers; others close their copy.
 */
void ngx_vrrp_open_wake(ngx_cycle_t *cycle);
void ngx_vrrp_close_wake(ngx_vrrp_conf_t *vcf, ngx_log_t *log);

/* ngx_vrrp_ownership.c */

/*
 * core.ownership_fd, core.ownership_wake_fd and core.name_fds live in the
 * master as long as the cycle, and in the vrrp process.
 */
ngx_int_t ngx_vrrp_ownership_inherit(ngx_cycle_t *cycle,
    ngx_vrrp_conf_t *vcf);
ngx_int_t ngx_vrrp_ownership_open(ngx_cycle_t *cycle);
void ngx_vrrp_ownership_close(ngx_vrrp_conf_t *vcf, ngx_log_t *log);
void ngx_vrrp_ownership_close_old(ngx_cycle_t *old_cycle, ngx_log_t *log);

/* ngx_vrrp_names.c: "list" is text, ",5,6" */

void ngx_vrrp_names_open(ngx_cycle_t *cycle, u_char *list);
u_char *ngx_vrrp_names_print(ngx_vrrp_conf_t *vcf, u_char *p);
void ngx_vrrp_names_close(ngx_vrrp_conf_t *vcf, ngx_log_t *log);
void ngx_vrrp_names_close_list(u_char *list, ngx_log_t *log);

/* ngx_vrrp_event_fds.c */

/* core.event_fds, which live like core.wake_fd */
void ngx_vrrp_open_event_fds(ngx_cycle_t *cycle);

/* both ends are closed, except the end that the process needs */
void ngx_vrrp_keep_event_fds(ngx_vrrp_conf_t *vcf, ngx_vrrp_events_e events,
    ngx_log_t *log);

/* in the master: those of "notify_fifo" that are not there */
void ngx_vrrp_make_fifos(ngx_cycle_t *cycle);

/* ngx_vrrp_helper.c */

/* ends a helper process that cannot do its job now; the master respawns it */
void ngx_vrrp_helper_fail(ngx_cycle_t *cycle, ngx_vrrp_helper_t *helper);

/* while it is privileged; n: descriptors that the event loop watches */
void ngx_vrrp_helper_raise_limit(ngx_cycle_t *cycle, ngx_uint_t n);

void ngx_vrrp_helper_begin(ngx_cycle_t *cycle, ngx_vrrp_helper_t *helper);
void ngx_vrrp_helper_init(ngx_cycle_t *cycle, ngx_vrrp_helper_t *helper,
    ngx_uint_t connection_n);

/* ngx_vrrp_event.c */

/*
 * The event loop of a process for the core: it waits for descriptors and for
 * one deadline.  The caller sets the first part.
 */

typedef struct {
    ngx_log_t           *log;
    void                *data;
    int64_t            (*deadline)(void *data);
    void               (*on_timer)(void *data);
    void               (*on_readable)(void *data, int fd);

    ngx_fd_t             timer;          /* timerfd */
    int64_t              armed;          /* the value of the timer */
    int64_t              put_off_from;   /* when a later one is worth a call */
    ngx_uint_t           expired;
    ngx_event_t          due;
} ngx_vrrp_loop_t;

ngx_int_t ngx_vrrp_event_open_timer(ngx_vrrp_loop_t *loop);
void ngx_vrrp_event_arm_timer(ngx_vrrp_loop_t *loop);
void ngx_vrrp_event_wait(ngx_cycle_t *cycle);
ngx_int_t ngx_vrrp_event_add(int fd, ngx_event_handler_pt handler,
    void *data);

/* ops of the core; data is the loop */
int ngx_vrrp_event_watch(void *data, int fd);
void ngx_vrrp_event_unwatch(void *data, int fd);

/* ngx_vrrp_log.c */

/* the same */
void ngx_vrrp_log(void *data, vrrp_core_log_level_e level, const char *text,
    size_t len);

/* while the process is privileged: no log that is a pipe is waited for */
void ngx_vrrp_log_open_pipes(ngx_cycle_t *cycle);

void ngx_vrrp_log_reopen(ngx_cycle_t *cycle);

/* ngx_vrrp_hmac.c */

/* an op of the notifier; data is the loop */
int ngx_vrrp_hmac_sha256(void *data, const char *key, size_t key_len,
    const char *text, size_t len, uint8_t digest[32]);

/* ngx_vrrp_process.c */

typedef struct {
    vrrp_core_t         *core;
    ngx_int_t            realtime_priority;  /* in force, 0: none */
    ngx_uint_t           mlock;              /* in force */
    ngx_uint_t           began_as_root;
    ngx_vrrp_loop_t      loop;
} ngx_vrrp_process_t;

void ngx_vrrp_start_process(ngx_cycle_t *cycle);

/* ngx_vrrp_checker.c, ngx_vrrp_runner.c */

extern ngx_vrrp_helper_t  ngx_vrrp_runner_helper;

void ngx_vrrp_start_checkers(ngx_cycle_t *cycle);
ngx_uint_t ngx_vrrp_checker_connections(ngx_cycle_t *cycle);
void ngx_vrrp_checker_run(ngx_cycle_t *cycle, ngx_vrrp_helper_t *helper,
    vrrp_checker_role_e role, int icmp4, int icmp6);

/* ngx_vrrp_notifier.c */

void ngx_vrrp_start_notifier(ngx_cycle_t *cycle);

/* ngx_vrrp_connection.c: connections of the checker */

/* NGX_ERROR: out of memory */
ngx_int_t ngx_vrrp_connection_init(ngx_cycle_t *cycle,
    vrrp_checker_t *checker);

/* ops of the checker */
void ngx_vrrp_connection_open(void *data, size_t check);
void ngx_vrrp_connection_send(void *data, size_t check, const char *bytes,
    size_t len);
void ngx_vrrp_connection_close(void *data, size_t check);

/* ngx_vrrp_reason.c */

void ngx_vrrp_reason_init(ngx_log_t *log);
void ngx_vrrp_reason_clear(void);

/* the last message, and the part of it to report; may be changed */
void ngx_vrrp_reason_message(ngx_str_t *reason);
void ngx_vrrp_reason_gist(ngx_str_t *reason);

/* ngx_vrrp_privileges.c */

/*
 * NGX_ERROR: the process cannot shed what it must not have.  NGX_DECLINED: it
 * lacks what it needs.
 */
ngx_int_t ngx_vrrp_process_privileges(ngx_cycle_t *cycle,
    const char **reason);
ngx_int_t ngx_vrrp_checker_privileges(ngx_cycle_t *cycle);
ngx_int_t ngx_vrrp_runner_privileges(ngx_cycle_t *cycle);
ngx_int_t ngx_vrrp_notifier_privileges(ngx_cycle_t *cycle);

/* of a worker process, which needs nothing of that */
void ngx_vrrp_worker_privileges(ngx_cycle_t *cycle);

/* of a process that lacks what it takes to run scripts of other users */
void ngx_vrrp_report_scripts(ngx_cycle_t *cycle);

/* ngx_vrrp_scheduling.c */

void ngx_vrrp_set_scheduling(ngx_cycle_t *cycle, ngx_vrrp_process_t *vp);


#endif /* _NGX_VRRP_PROCESS_H_INCLUDED_ */
