
/*
 * What the files share that have to do with our processes.
 */


#ifndef _NGX_VRRP_PROCESS_H_INCLUDED_
#define _NGX_VRRP_PROCESS_H_INCLUDED_


#include "ngx_vrrp_module.h"


/* a helper process: a child of the master, beside the workers */

typedef struct {
    char                *title;          /* "vrrp process" */
    char                *comm;           /* what ps and killall see */
    ngx_spawn_proc_pt    cycle;
    char                *name;           /* the title, for the master */
} ngx_vrrp_helper_t;


/* ngx_vrrp_master.c */

ngx_int_t ngx_vrrp_prepare_master(ngx_cycle_t *cycle);
ngx_int_t ngx_vrrp_spawn_helper(ngx_cycle_t *cycle, ngx_vrrp_helper_t *helper);

/* ngx_vrrp_helper.c */

void ngx_vrrp_helper_begin(ngx_cycle_t *cycle);
void ngx_vrrp_helper_init(ngx_cycle_t *cycle, ngx_vrrp_helper_t *helper,
    ngx_uint_t connection_n);

/* ngx_vrrp_process.c */

typedef struct {
    vrrp_core_t         *core;
    ngx_fd_t             timer;          /* timerfd */
    int64_t              deadline;       /* what the timer is armed with */
    ngx_int_t            realtime_priority;  /* in force, 0: none */
    ngx_uint_t           mlock;              /* in force */
    ngx_log_t           *log;
} ngx_vrrp_process_t;

extern ngx_vrrp_process_t  *ngx_vrrp_process;

void ngx_vrrp_start_process(ngx_cycle_t *cycle);

/* ngx_vrrp_privileges.c */

ngx_int_t ngx_vrrp_drop_privileges(ngx_cycle_t *cycle, const char **reason);

/* ngx_vrrp_scheduling.c */

void ngx_vrrp_set_scheduling(ngx_cycle_t *cycle, ngx_vrrp_process_t *vp);

/* ngx_vrrp_event.c */

ngx_int_t ngx_vrrp_event_open_timer(ngx_vrrp_process_t *vp);
void ngx_vrrp_event_arm_timer(ngx_vrrp_process_t *vp);
ngx_int_t ngx_vrrp_event_add(int fd, ngx_event_handler_pt handler,
    void *data);
int ngx_vrrp_event_watch(void *data, int fd);
void ngx_vrrp_event_unwatch(void *data, int fd);


#endif /* _NGX_VRRP_PROCESS_H_INCLUDED_ */
