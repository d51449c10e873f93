
/*
 * The error log in helper processes.
 */


#ifndef _NGX_VRRP_LOG_H_INCLUDED_
#define _NGX_VRRP_LOG_H_INCLUDED_


#include "ngx_vrrp_module.h"


/* an op of the core; data is the loop */
void ngx_vrrp_log(void *data, vrrp_core_log_level_e level, const char *text,
    size_t len);

/* while the process is privileged: no log that is a pipe is waited for */
void ngx_vrrp_log_open_pipes(ngx_cycle_t *cycle);

void ngx_vrrp_log_reopen(ngx_cycle_t *cycle);


#endif /* _NGX_VRRP_LOG_H_INCLUDED_ */
