
/*
 * ngx_vrrp_fifo.c
 */


#ifndef _NGX_VRRP_FIFO_H_INCLUDED_
#define _NGX_VRRP_FIFO_H_INCLUDED_


#include "ngx_vrrp_module.h"


/* those that are not there */
void ngx_vrrp_make_fifos(ngx_cycle_t *cycle);


#endif /* _NGX_VRRP_FIFO_H_INCLUDED_ */
