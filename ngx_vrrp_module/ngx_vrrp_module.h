
/*
 * What the C files of the module share.
 */


#ifndef _NGX_VRRP_MODULE_H_INCLUDED_
#define _NGX_VRRP_MODULE_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>

#include "core/capi.h"


/* a place in the configuration, for messages after it has been read */

typedef struct {
    ngx_str_t            file;
    ngx_uint_t           line;
} ngx_vrrp_place_t;


/* the whole configuration of a cycle; filled with zeros when created */

typedef struct {
    ngx_uint_t           configured;     /* there is a "vrrp" block */
    ngx_vrrp_place_t     block;

    ngx_uint_t           status;         /* there is a "vrrp_status" */
    ngx_vrrp_place_t     status_place;

    vrrp_core_conf_t     core;           /* lives in cycle->pool */

    ngx_shm_zone_t      *shm_zone;
    size_t               area_size;
    void                *area;           /* in shm_zone, see capi.h */
} ngx_vrrp_conf_t;


#define ngx_vrrp_get_conf(cycle)                                              \
    ((ngx_vrrp_conf_t *) ngx_get_conf((cycle)->conf_ctx, ngx_vrrp_module))


/* ngx_vrrp_conf.c */

/* commands of ngx_vrrp_module: "vrrp" and all directives inside its blocks */
extern ngx_command_t  ngx_vrrp_commands[];

char *ngx_vrrp_conf_block(ngx_conf_t *cf, ngx_command_t *cmd, void *conf);
char *ngx_vrrp_conf_init(ngx_cycle_t *cycle, void *conf);
void ngx_vrrp_conf_place(ngx_conf_t *cf, ngx_vrrp_place_t *place);

/* ngx_vrrp_shm.c */

char *ngx_vrrp_shm_add(ngx_conf_t *cf, ngx_vrrp_conf_t *vcf);


extern ngx_module_t  ngx_vrrp_module;


#endif /* _NGX_VRRP_MODULE_H_INCLUDED_ */
