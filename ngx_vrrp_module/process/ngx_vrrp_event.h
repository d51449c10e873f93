
/*
 * nginx's event loop for the core: it waits for descriptors and for one
 * deadline.
 */


#ifndef _NGX_VRRP_EVENT_H_INCLUDED_
#define _NGX_VRRP_EVENT_H_INCLUDED_


#include "ngx_vrrp_module.h"
#include <ngx_event.h>


/* on the path of each advertisement: they lie beside those of the core */

#define ngx_vrrp_hot  __attribute__((hot))


typedef struct {
    ngx_log_t           *log;
    vrrp_process_t      *process;

    ngx_fd_t             timer;          /* timerfd */
    int64_t              armed;          /* the value of the timer */
    int64_t              put_off_from;   /* when a later one is worth a call */
    ngx_uint_t           expired;
    ngx_event_t          due;
} ngx_vrrp_loop_t;


/* ngx_vrrp_hmac.c; data: the ngx_vrrp_loop_t */
int ngx_vrrp_hmac_sha256(void *data, const char *key, size_t key_len,
    const char *text, size_t len, uint8_t digest[32]);

ngx_int_t ngx_vrrp_event_open_timer(ngx_vrrp_loop_t *loop);
void ngx_vrrp_event_arm_timer(ngx_vrrp_loop_t *loop) ngx_vrrp_hot;
void ngx_vrrp_event_wait(ngx_cycle_t *cycle) ngx_vrrp_hot;
ngx_int_t ngx_vrrp_event_add(int fd, ngx_event_handler_pt handler,
    void *data);

/* ops of the core; data is the loop */
int ngx_vrrp_event_watch(void *data, int fd);
void ngx_vrrp_event_unwatch(void *data, int fd);


#endif /* _NGX_VRRP_EVENT_H_INCLUDED_ */
