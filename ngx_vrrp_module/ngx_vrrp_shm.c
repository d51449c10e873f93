
/*
 * The shared memory zone that holds the area of the core.
 */


#include "ngx_vrrp_module.h"


/* the configuration may grow a bit without a new zone on reload */

#define NGX_VRRP_AREA_STEP  65536


static size_t ngx_vrrp_zone_size(size_t area_size);
static ngx_int_t ngx_vrrp_init_zone(ngx_shm_zone_t *shm_zone, void *data);


char *
ngx_vrrp_shm_add(ngx_conf_t *cf, ngx_vrrp_conf_t *vcf)
{
    ngx_str_t        name = ngx_string("ngx_vrrp");
    ngx_shm_zone_t  *shm_zone;

    shm_zone = ngx_shared_memory_add(cf, &name, NGX_VRRP_AREA_STEP,
                                     &ngx_vrrp_module);
    if (shm_zone == NULL) {
        return NGX_CONF_ERROR;
    }

    shm_zone->init = ngx_vrrp_init_zone;
    shm_zone->data = vcf;

    vcf->shm_zone = shm_zone;

    return NGX_CONF_OK;
}


/* nginx makes its zones after init_conf, when all checks are known */

void
ngx_vrrp_shm_resize(ngx_vrrp_conf_t *vcf)
{
    vcf->area_size = ngx_align(vrrp_core_area_size(&vcf->core),
                               NGX_VRRP_AREA_STEP);

    vcf->shm_zone->shm.size = ngx_vrrp_zone_size(vcf->area_size);
}


/*
 * The slab allocator needs a header and a descriptor for each page.  Zones of
 * one size have areas of one size, which makes an old area reusable.
 */

static size_t
ngx_vrrp_zone_size(size_t area_size)
{
    size_t  pages;

    pages = area_size / ngx_pagesize + 1;

    return ngx_align(pages * (ngx_pagesize + sizeof(ngx_slab_page_t))
                     + sizeof(ngx_slab_pool_t), ngx_pagesize)
           + 2 * ngx_pagesize;
}


static ngx_int_t
ngx_vrrp_init_zone(ngx_shm_zone_t *shm_zone, void *data)
{
    ngx_vrrp_conf_t  *ovcf = data;

    ngx_slab_pool_t  *shpool;
    ngx_vrrp_conf_t  *vcf;

    vcf = shm_zone->data;

    if (ovcf) {
        vcf->area = ovcf->area;
        return NGX_OK;
    }

    shpool = (ngx_slab_pool_t *) shm_zone->shm.addr;

    if (shm_zone->shm.exists) {
        vcf->area = shpool->data;
        return NGX_OK;
    }

    vcf->area = ngx_slab_alloc(shpool, vcf->area_size);

    if (vcf->area == NULL
        || vrrp_core_area_init(vcf->area, vcf->area_size) != VRRP_CORE_OK)
    {
        ngx_log_error(NGX_LOG_EMERG, shm_zone->shm.log, 0,
                      "shared memory zone \"%V\" is too small for %uz bytes",
                      &shm_zone->shm.name, vcf->area_size);
        return NGX_ERROR;
    }

    shpool->data = vcf->area;

    return NGX_OK;
}
