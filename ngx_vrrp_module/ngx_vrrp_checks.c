
/*
 * All checks of a configuration, as one list: those of the peers of upstreams,
 * and those of trackers.
 */


#include "ngx_vrrp_checks.h"


ngx_int_t
ngx_vrrp_checks_add_pool(ngx_conf_t *cf, ngx_vrrp_pool_t *pool)
{
    ngx_vrrp_conf_t   *vcf;
    ngx_vrrp_pool_t  **vpp;

    vcf = ngx_vrrp_get_conf(cf->cycle);

    if (vcf->pools.elts == NULL
        && ngx_array_init(&vcf->pools, cf->pool, 4, sizeof(ngx_vrrp_pool_t *))
           != NGX_OK)
    {
        return NGX_ERROR;
    }

    vpp = ngx_array_push(&vcf->pools);
    if (vpp == NULL) {
        return NGX_ERROR;
    }

    *vpp = pool;

    return NGX_OK;
}
