
/*
 * A vrrp_instance with virtual addresses of both families: two virtual routers
 * with one VRID, which are a sync_group.
 */


#include "ngx_vrrp_directives.h"


static ngx_uint_t ngx_vrrp_family_count(const ngx_vrrp_instance_t *in,
    uint8_t family);
static ngx_uint_t ngx_vrrp_family_peers(const ngx_vrrp_instance_t *in,
    uint8_t family);
static ngx_int_t ngx_vrrp_family_part(ngx_conf_t *cf,
    const ngx_vrrp_instance_t *in, uint8_t family, ngx_vrrp_instance_t *part);


char *
ngx_vrrp_family_split(ngx_conf_t *cf, ngx_vrrp_instance_t *in,
    ngx_vrrp_instance_t *parts, ngx_uint_t *n)
{
    ngx_uint_t  peers4, peers6;

    if (ngx_vrrp_family_count(in, 4) == 0
        || ngx_vrrp_family_count(in, 6) == 0)
    {
        parts[0] = *in;
        *n = 1;

        return NGX_CONF_OK;
    }

    if (in->core.version == 2 && in->core.election) {
        return ngx_vrrp_failed(cf, "vrrp_instance \"%*s\": version 2 does not "
                               "support IPv6 addresses in "
                               "\"virtual_ipaddress\": use "
                               "\"virtual_ipaddress_excluded\" or "
                               "\"version 3\"",
                               in->core.name.len, in->core.name.data);
    }

    peers4 = ngx_vrrp_family_peers(in, 4);
    peers6 = ngx_vrrp_family_peers(in, 6);

    if ((peers4 == 0) != (peers6 == 0) && in->core.election) {
        return ngx_vrrp_failed(cf, "vrrp_instance \"%*s\": \"unicast_peer\" "
                               "has no IPv%d address, must have addresses of "
                               "both families or of none, as there are "
                               "virtual addresses of both",
                               in->core.name.len, in->core.name.data,
                               peers4 ? 6 : 4);
    }

    if (ngx_vrrp_family_part(cf, in, 4, &parts[0]) != NGX_OK
        || ngx_vrrp_family_part(cf, in, 6, &parts[1]) != NGX_OK)
    {
        return NGX_CONF_ERROR;
    }

    parts[0].core.part = VRRP_CORE_FIRST_FAMILY;
    parts[1].core.part = VRRP_CORE_SECOND_FAMILY;
    *n = 2;

    /* the second one has the trackers of the first one, as a member */

    if (ngx_array_init(&parts[1].trackers.list, cf->pool, 1,
                       sizeof(ngx_vrrp_check_t))
        != NGX_OK)
    {
        return NGX_CONF_ERROR;
    }

    return NGX_CONF_OK;
}


static ngx_uint_t
ngx_vrrp_family_count(const ngx_vrrp_instance_t *in, uint8_t family)
{
    size_t      i;
    ngx_uint_t  n;

    n = 0;

    for (i = 0; i < in->core.naddresses; i++) {
        n += (in->core.addresses[i].address.family == family
              && !in->core.addresses[i].excluded);
    }

    return n;
}


static ngx_uint_t
ngx_vrrp_family_peers(const ngx_vrrp_instance_t *in, uint8_t family)
{
    size_t      i;
    ngx_uint_t  n;

    n = 0;

    for (i = 0; i < in->core.nunicast_peers; i++) {
        n += (in->core.unicast_peers[i].address.family == family);
    }

    return n;
}


/* the instance without what is of the other family */

static ngx_int_t
ngx_vrrp_family_part(ngx_conf_t *cf, const ngx_vrrp_instance_t *in,
    uint8_t family, ngx_vrrp_instance_t *part)
{
    size_t                      i;
    vrrp_core_peer_conf_t      *peers;
    vrrp_core_rule_conf_t      *rules;
    vrrp_core_route_conf_t     *routes;
    vrrp_core_address_conf_t   *addresses;
    vrrp_core_instance_conf_t  *core;

    *part = *in;
    core = &part->core;

    addresses = ngx_palloc(cf->pool, in->core.naddresses
                                     * sizeof(vrrp_core_address_conf_t));
    peers = ngx_palloc(cf->pool, (in->core.nunicast_peers + 1)
                                 * sizeof(vrrp_core_peer_conf_t));

    routes = ngx_palloc(cf->pool, (in->core.nroutes + 1)
                                  * sizeof(vrrp_core_route_conf_t));
    rules = ngx_palloc(cf->pool, (in->core.nrules + 1)
                                 * sizeof(vrrp_core_rule_conf_t));

    if (addresses == NULL || peers == NULL || routes == NULL || rules == NULL) {
        return NGX_ERROR;
    }

    core->family = family;
    core->addresses = addresses;
    core->naddresses = 0;

    for (i = 0; i < in->core.naddresses; i++) {
        if (in->core.addresses[i].address.family == family) {
            addresses[core->naddresses++] = in->core.addresses[i];
        }
    }

    core->routes = routes;
    core->nroutes = 0;

    for (i = 0; i < in->core.nroutes; i++) {
        if (in->core.routes[i].to.address.family == family) {
            routes[core->nroutes++] = in->core.routes[i];
        }
    }

    core->rules = rules;
    core->nrules = 0;

    for (i = 0; i < in->core.nrules; i++) {
        if (in->core.rules[i].family == family) {
            rules[core->nrules++] = in->core.rules[i];
        }
    }

    core->unicast_peers = peers;
    core->nunicast_peers = 0;

    for (i = 0; i < in->core.nunicast_peers; i++) {
        if (in->core.unicast_peers[i].address.family == family) {
            peers[core->nunicast_peers++] = in->core.unicast_peers[i];
        }
    }

    if (core->unicast_src_ip.family != family) {
        ngx_memzero(&core->unicast_src_ip, sizeof(vrrp_core_ip_t));
    }

    if (core->mcast_src_ip.family != family) {
        ngx_memzero(&core->mcast_src_ip, sizeof(vrrp_core_ip_t));
    }

    if (core->sync_group.len == 0) {
        core->sync_group = core->name;
    }

    return NGX_OK;
}
