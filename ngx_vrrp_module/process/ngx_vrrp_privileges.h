
/*
 * The rights of the processes.
 */


#ifndef _NGX_VRRP_PRIVILEGES_H_INCLUDED_
#define _NGX_VRRP_PRIVILEGES_H_INCLUDED_


#include "ngx_vrrp_module.h"


/*
 * NGX_ERROR: the process cannot shed what it must not have.  NGX_DECLINED: it
 * lacks what it needs.
 */
ngx_int_t ngx_vrrp_router_privileges(ngx_cycle_t *cycle, const char **reason);
ngx_int_t ngx_vrrp_checker_privileges(ngx_cycle_t *cycle);
ngx_int_t ngx_vrrp_runner_privileges(ngx_cycle_t *cycle);
ngx_int_t ngx_vrrp_notifier_privileges(ngx_cycle_t *cycle);

/* of a worker process, which needs nothing of that */
void ngx_vrrp_worker_privileges(ngx_cycle_t *cycle);

/* of a process that lacks what it takes to run scripts of other users */
void ngx_vrrp_report_scripts(ngx_cycle_t *cycle);


#endif /* _NGX_VRRP_PRIVILEGES_H_INCLUDED_ */
