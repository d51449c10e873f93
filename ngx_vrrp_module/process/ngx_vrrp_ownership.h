
/*
 * The memory that says which vrrp process owns a router: core.ownership_fd,
 * core.ownership_wake_fd and core.name_fds.  They live in the master as long as
 * the cycle, and in the vrrp process.
 */


#ifndef _NGX_VRRP_OWNERSHIP_H_INCLUDED_
#define _NGX_VRRP_OWNERSHIP_H_INCLUDED_


#include "ngx_vrrp_module.h"


ngx_int_t ngx_vrrp_ownership_inherit(ngx_cycle_t *cycle,
    ngx_vrrp_conf_t *vcf);

/* NGX_ERROR: no vrrp process can be started */
ngx_int_t ngx_vrrp_ownership_open(ngx_cycle_t *cycle);

void ngx_vrrp_ownership_close(ngx_vrrp_conf_t *vcf, ngx_log_t *log);
void ngx_vrrp_ownership_close_old(ngx_cycle_t *old_cycle, ngx_log_t *log);


#endif /* _NGX_VRRP_OWNERSHIP_H_INCLUDED_ */
