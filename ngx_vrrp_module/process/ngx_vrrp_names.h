
/*
 * Names of virtual routers; "list" is text, ",5,6".
 */


#ifndef _NGX_VRRP_NAMES_H_INCLUDED_
#define _NGX_VRRP_NAMES_H_INCLUDED_


#include "ngx_vrrp_module.h"


void ngx_vrrp_names_open(ngx_cycle_t *cycle, u_char *list);
u_char *ngx_vrrp_names_print(ngx_vrrp_conf_t *vcf, u_char *p);
void ngx_vrrp_names_close(ngx_vrrp_conf_t *vcf, ngx_log_t *log);
void ngx_vrrp_names_end(ngx_vrrp_conf_t *vcf);
void ngx_vrrp_names_close_list(u_char *list, ngx_log_t *log);


#endif /* _NGX_VRRP_NAMES_H_INCLUDED_ */
