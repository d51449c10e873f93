
/*
 * The core module.  What it consists of is in the files above, see
 * ngx_vrrp_module.h.
 */


#include "ngx_vrrp_module.h"


static ngx_core_module_t  ngx_vrrp_module_ctx = {
    ngx_string("vrrp"),
    ngx_vrrp_create_conf,
    ngx_vrrp_conf_init
};


ngx_module_t  ngx_vrrp_module = {
    NGX_MODULE_V1,
    &ngx_vrrp_module_ctx,                  /* module context */
    NULL,                                  /* ngx_vrrp_create_conf() */
    NGX_CORE_MODULE,                       /* module type */
    NULL,                                  /* init master */
    ngx_vrrp_init_module,                  /* init module */
    ngx_vrrp_worker_init_process,          /* init process */
    NULL,                                  /* init thread */
    NULL,                                  /* exit thread */
    ngx_vrrp_worker_exit_process,          /* exit process */
    ngx_vrrp_exit_master,                  /* exit master */
    NGX_MODULE_V1_PADDING
};


void
ngx_vrrp_conf_line(ngx_conf_t *cf, ngx_vrrp_conf_line_t *place)
{
    place->file = cf->conf_file->file.name;
    place->line = cf->conf_file->line;
}
