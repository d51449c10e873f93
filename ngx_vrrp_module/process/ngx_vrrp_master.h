
/*
 * ngx_vrrp_master.c
 */


#ifndef _NGX_VRRP_MASTER_H_INCLUDED_
#define _NGX_VRRP_MASTER_H_INCLUDED_


#include "ngx_vrrp_module.h"


/* NGX_ERROR: nginx cannot start */
ngx_int_t ngx_vrrp_prepare_master(ngx_cycle_t *cycle);


#endif /* _NGX_VRRP_MASTER_H_INCLUDED_ */
