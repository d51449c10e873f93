
/*
 * The realtime priority and the locked memory of the vrrp process.
 */


#ifndef _NGX_VRRP_SCHEDULING_H_INCLUDED_
#define _NGX_VRRP_SCHEDULING_H_INCLUDED_


#include "ngx_vrrp_module.h"


/* while it is privileged; facts: what is in force */
void ngx_vrrp_set_scheduling(ngx_cycle_t *cycle, vrrp_router_facts_t *facts);


#endif /* _NGX_VRRP_SCHEDULING_H_INCLUDED_ */
