
/*
 * The start of a helper process in the child.
 */


#ifndef _NGX_VRRP_CHILD_H_INCLUDED_
#define _NGX_VRRP_CHILD_H_INCLUDED_


#include "ngx_vrrp_helper.h"


/* first of all, still privileged */
void ngx_vrrp_child_begin(ngx_cycle_t *cycle, ngx_vrrp_helper_t *helper);

/* while it is privileged: for the descriptors that it watches */
void ngx_vrrp_child_raise_limit(ngx_cycle_t *cycle, ngx_vrrp_helper_t *helper);

/* when privileges are dropped */
void ngx_vrrp_child_init(ngx_cycle_t *cycle, ngx_vrrp_helper_t *helper);

/* ends a helper process that cannot do its job now; the master respawns it */
void ngx_vrrp_child_fail(ngx_cycle_t *cycle, ngx_vrrp_helper_t *helper);


#endif /* _NGX_VRRP_CHILD_H_INCLUDED_ */
