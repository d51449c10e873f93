
/*
 * Connections of the checker process.
 */


#ifndef _NGX_VRRP_CONNECTION_H_INCLUDED_
#define _NGX_VRRP_CONNECTION_H_INCLUDED_


#include "ngx_vrrp_module.h"


/* NGX_ERROR: out of memory */
ngx_int_t ngx_vrrp_connection_init(ngx_cycle_t *cycle,
    vrrp_process_t *checker);

/* ops of the checker */
void ngx_vrrp_connection_open(void *data, size_t check);
void ngx_vrrp_connection_send(void *data, size_t check, const char *bytes,
    size_t len);
void ngx_vrrp_connection_close(void *data, size_t check);


#endif /* _NGX_VRRP_CONNECTION_H_INCLUDED_ */
