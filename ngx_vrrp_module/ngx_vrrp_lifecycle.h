
/*
 * What a cycle and a worker of nginx have besides helper processes.
 */


#ifndef _NGX_VRRP_LIFECYCLE_H_INCLUDED_
#define _NGX_VRRP_LIFECYCLE_H_INCLUDED_


#include "ngx_vrrp_module.h"


/* ngx_vrrp_freebind.c */

ngx_int_t ngx_vrrp_freebind_open(ngx_cycle_t *cycle, ngx_vrrp_conf_t *vcf);
void ngx_vrrp_freebind_commit(ngx_cycle_t *cycle);

/* ngx_vrrp_memory.c */

ngx_int_t ngx_vrrp_memory_create(ngx_cycle_t *cycle);

/* ngx_vrrp_drain.c: in a worker */

ngx_int_t ngx_vrrp_drain_init_process(ngx_cycle_t *cycle);

/* ngx_vrrp_worker.c: a timer that does not keep a worker from ending */

void ngx_vrrp_worker_init_event(ngx_event_t *ev, ngx_event_handler_pt handler,
    ngx_log_t *log);

/* ngx_vrrp_recv.c: in a worker */

void ngx_vrrp_recv_init(void);


#endif /* _NGX_VRRP_LIFECYCLE_H_INCLUDED_ */
