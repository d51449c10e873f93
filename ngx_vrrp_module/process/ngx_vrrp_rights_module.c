
/*
 * The first of all modules: a worker process that was not started as root has
 * inherited what the master has for the vrrp process.  It is taken away
 * before any other module makes a thread, for a thread keeps what it has.
 */


#include "ngx_vrrp_privileges.h"


static ngx_int_t ngx_vrrp_rights_init_process(ngx_cycle_t *cycle);


static ngx_core_module_t  ngx_vrrp_rights_module_ctx = {
    ngx_string("vrrp_rights"),
    NULL,
    NULL
};


/* "config" has it come before all others */

ngx_module_t  ngx_vrrp_rights_module = {
    NGX_MODULE_V1,
    &ngx_vrrp_rights_module_ctx,           /* module context */
    NULL,                                  /* module directives */
    NGX_CORE_MODULE,                       /* module type */
    NULL,                                  /* init master */
    NULL,                                  /* init module */
    ngx_vrrp_rights_init_process,          /* init process */
    NULL,                                  /* init thread */
    NULL,                                  /* exit thread */
    NULL,                                  /* exit process */
    NULL,                                  /* exit master */
    NGX_MODULE_V1_PADDING
};


static ngx_int_t
ngx_vrrp_rights_init_process(ngx_cycle_t *cycle)
{
    if (ngx_vrrp_get_conf(cycle)->configured) {
        ngx_vrrp_worker_privileges(cycle);
    }

    return NGX_OK;
}
