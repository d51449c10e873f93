
/*
 * IP addresses in the configuration.
 */


#ifndef _NGX_VRRP_IP_H_INCLUDED_
#define _NGX_VRRP_IP_H_INCLUDED_


#include "ngx_vrrp_module.h"


/* NULL, or why not */
const char *ngx_vrrp_parse_ip(u_char *data, size_t len, vrrp_core_ip_t *ip);
ngx_uint_t ngx_vrrp_same_ip(const vrrp_core_ip_t *a, const vrrp_core_ip_t *b);
ngx_uint_t ngx_vrrp_link_local(const vrrp_core_ip_t *ip);
/* fills and returns buf, which has INET6_ADDRSTRLEN bytes */
const char *ngx_vrrp_ip_text(const vrrp_core_ip_t *ip, char *buf);

/* 0: it has none */
ngx_uint_t ngx_vrrp_sockaddr_ip(struct sockaddr *sockaddr,
    vrrp_core_ip_t *ip);


#endif /* _NGX_VRRP_IP_H_INCLUDED_ */
