
/*
 * The memory that the processes of this nginx share.  It is no zone of nginx:
 * when a child dies, nginx's master follows a pointer in the header of each
 * zone, where a worker may have written anything.
 */


#include "ngx_vrrp_lifecycle.h"


#define NGX_VRRP_MEMORY_NOTES  512


static vrrp_core_memory_t *ngx_vrrp_memory_before(ngx_cycle_t *cycle);
static void ngx_vrrp_memory_cleanup(void *data);


/*
 * In the master, from init_module: the children inherit it.  A reload keeps
 * what fits; the rest lives on in the processes that have it.
 */

ngx_int_t
ngx_vrrp_memory_create(ngx_cycle_t *cycle)
{
    char                 notes[NGX_VRRP_MEMORY_NOTES];
    ngx_vrrp_conf_t     *vcf;
    ngx_pool_cleanup_t  *cln;

    vcf = ngx_vrrp_get_conf(cycle);

    cln = ngx_pool_cleanup_add(cycle->pool, 0);
    if (cln == NULL) {
        return NGX_ERROR;
    }

    vcf->core.previous = ngx_vrrp_memory_before(cycle);

    vcf->memory = vrrp_core_memory_create(&vcf->core, vcf->core.previous,
                                          notes, NGX_VRRP_MEMORY_NOTES);

    if (vcf->memory == NULL) {
        ngx_log_error(NGX_LOG_ALERT, cycle->log, 0, "vrrp: %s", notes);
        return NGX_ERROR;
    }

    if (notes[0] != '\0') {
        ngx_log_error(NGX_LOG_ALERT, cycle->log, 0, "vrrp: %s", notes);
    }

    cln->handler = ngx_vrrp_memory_cleanup;
    cln->data = vcf;

    return NGX_OK;
}


static vrrp_core_memory_t *
ngx_vrrp_memory_before(ngx_cycle_t *cycle)
{
    ngx_vrrp_conf_t  *ovcf;

    if (ngx_is_init_cycle(cycle->old_cycle)) {
        return NULL;
    }

    /* NULL: the module was not loaded then */

    ovcf = ngx_vrrp_get_conf(cycle->old_cycle);

    return ovcf ? ovcf->memory : NULL;
}


static void
ngx_vrrp_memory_cleanup(void *data)
{
    ngx_vrrp_conf_t *vcf = data;

    vrrp_core_memory_destroy(vcf->memory);

    vcf->memory = NULL;
}
