
/*
 * Descriptors by which the processes of a cycle reach each other.
 */


#ifndef _NGX_VRRP_IPC_H_INCLUDED_
#define _NGX_VRRP_IPC_H_INCLUDED_


#include "ngx_vrrp_module.h"


/* what a process keeps of the master's descriptors */

#define NGX_VRRP_KEEP_WAKE       0x01    /* core.wake_fd */
#define NGX_VRRP_KEEP_SENDER     0x02    /* core.event_fds[0] */
#define NGX_VRRP_KEEP_RECEIVER   0x04    /* core.event_fds[1] */
#define NGX_VRRP_KEEP_OWNERSHIP  0x08    /* see ngx_vrrp_ownership.h */
#define NGX_VRRP_KEEP_DEMAND     0x10    /* core.demand_fd */


/* in the master */
void ngx_vrrp_ipc_open(ngx_cycle_t *cycle);

/* closes the others, but not those of ngx_vrrp_ownership.h */
void ngx_vrrp_ipc_keep(ngx_vrrp_conf_t *vcf, ngx_uint_t keeps,
    ngx_log_t *log);

/* -1: nothing to do; what: for the log */
void ngx_vrrp_close_fd(int *fd, const char *what, ngx_log_t *log);


#endif /* _NGX_VRRP_IPC_H_INCLUDED_ */
