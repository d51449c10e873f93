
/*
 * "use_vmac": the device that has the virtual MAC address of the router.
 */


#include "ngx_vrrp_directives.h"
#include "ngx_vrrp_params.h"


/* "vrrp6." and a virtual router id */
#define NGX_VRRP_VMAC_NAME_LEN  (sizeof("vrrp6.255") - 1)


static ngx_vrrp_param_t  ngx_vrrp_vmac_list[] = {

    { ngx_string("name="),
      1,
      ngx_vrrp_param_core_text(ngx_vrrp_instance_t, core.vmac,
                               ngx_vrrp_valid_interface,
                               NGX_VRRP_INTERFACE_EXPECTED) },

    { ngx_string("xmit_base="),
      1,
      ngx_vrrp_param_number(ngx_vrrp_instance_t, core.vmac_xmit_base,
                            ngx_vrrp_parse_flag, 0, 1, 0,
                            "must be \"on\" or \"off\"") },

    { ngx_string("off"),
      1,
      ngx_vrrp_param_flag(ngx_vrrp_instance_t, vmac_off) },

    ngx_vrrp_last_param
};


static ngx_vrrp_directive_t  ngx_vrrp_vmac_directives[] = {
    { "use_vmac", 1 },
    { NULL, 0 }
};


static ngx_vrrp_params_t  ngx_vrrp_vmac_params = {
    ngx_vrrp_vmac_list,
    ngx_vrrp_vmac_directives,
    sizeof(ngx_vrrp_directive_t)
};


/* use_vmac [name=interface] [xmit_base=on|off] | off */

char *
ngx_vrrp_conf_use_vmac(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_vrrp_instance_t  *in = conf;

    ngx_str_t  *value;

    if (in->use_vmac || in->vmac_off) {
        return "is duplicate";
    }

    in->use_vmac = 1;
    value = cf->args->elts;

    if (ngx_vrrp_params_read(cf, &ngx_vrrp_vmac_params,
                             ngx_vrrp_vmac_directives, in, &value[1],
                             cf->args->nelts - 1)
        != NGX_CONF_OK)
    {
        return NGX_CONF_ERROR;
    }

    if (in->vmac_off) {
        in->use_vmac = 0;

        if (cf->args->nelts > 2) {
            return "cannot have other parameters with \"off\"";
        }
    }

    return NGX_CONF_OK;
}


/*
 * The device of an instance, or of its part of one family, and the addresses on
 * it.  keepalived has the same names.
 */

char *
ngx_vrrp_vmac_init(ngx_conf_t *cf, ngx_vrrp_instance_t *in)
{
    size_t                      i;
    u_char                     *p;
    vrrp_core_address_conf_t   *addresses;
    vrrp_core_instance_conf_t  *core;

    if (!in->use_vmac) {
        return NGX_CONF_OK;
    }

    core = &in->core;

    if (core->vmac.len && core->part == VRRP_CORE_SECOND_FAMILY) {
        return ngx_vrrp_failed(cf, "vrrp_instance \"%*s\": \"use_vmac\" "
                               "cannot have \"name=\": virtual addresses of "
                               "both families need two devices, \"vrrp.%L\" "
                               "and \"vrrp6.%L\"",
                               core->name.len, core->name.data,
                               core->virtual_router_id,
                               core->virtual_router_id);
    }

    if (core->vmac.len == 0) {
        p = ngx_pnalloc(cf->pool, NGX_VRRP_VMAC_NAME_LEN + 1);
        if (p == NULL) {
            return NGX_CONF_ERROR;
        }

        core->vmac.data = (char *) p;

        p = ngx_sprintf(p, "vrrp%s.%L", (core->family == 6) ? "6" : "",
                        core->virtual_router_id);
        *p = '\0';

        core->vmac.len = p - (u_char *) core->vmac.data;
    }

    addresses = (vrrp_core_address_conf_t *) core->addresses;

    for (i = 0; i < core->naddresses; i++) {
        if (addresses[i].interface.len == 0) {
            addresses[i].interface =
                (addresses[i].address.family == core->family)
                ? core->vmac : core->interface;
        }
    }

    return NGX_CONF_OK;
}
