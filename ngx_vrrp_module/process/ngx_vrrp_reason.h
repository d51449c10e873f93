
/*
 * Why a connection has failed.
 */


#ifndef _NGX_VRRP_REASON_H_INCLUDED_
#define _NGX_VRRP_REASON_H_INCLUDED_


#include "ngx_vrrp_module.h"


void ngx_vrrp_reason_init(ngx_log_t *log);
void ngx_vrrp_reason_clear(void);

/* the last message, and the part of it to report; may be changed */
void ngx_vrrp_reason_message(ngx_str_t *reason);
void ngx_vrrp_reason_gist(ngx_str_t *reason);


#endif /* _NGX_VRRP_REASON_H_INCLUDED_ */
