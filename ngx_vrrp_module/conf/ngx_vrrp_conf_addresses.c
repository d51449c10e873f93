
/*
 * The directives of a vrrp_instance that hold IP addresses.
 */


#include "ngx_vrrp_directives.h"
#include "ngx_vrrp_ip.h"


static char *ngx_vrrp_set_address(ngx_conf_t *cf, ngx_str_t *value,
    vrrp_core_address_conf_t *address);
static const char *ngx_vrrp_parse_address(ngx_str_t *value,
    vrrp_core_address_conf_t *address);
static const char *ngx_vrrp_check_host_part(
    const vrrp_core_address_conf_t *address);
static char *ngx_vrrp_address_parameter(ngx_conf_t *cf, ngx_str_t *value,
    vrrp_core_address_conf_t *address);
static char *ngx_vrrp_set_ip(ngx_conf_t *cf, ngx_str_t *what,
    ngx_str_t *value, vrrp_core_ip_t *ip);


/* virtual_ipaddress address[/length] [dev=interface] [label=name] [takeover] */

char *
ngx_vrrp_conf_virtual_ipaddress(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf)
{
    ngx_vrrp_instance_t  *in = conf;

    ngx_str_t                 *value;
    ngx_uint_t                 i;
    vrrp_core_address_conf_t  *address, *first;

    if (in->addresses.nelts == VRRP_CORE_MAX_ADDRESSES) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "vrrp_instance \"%V\": too many addresses, an "
                           "advertisement carries at most 255", &in->name);
        return NGX_CONF_ERROR;
    }

    address = ngx_array_push(&in->addresses);
    if (address == NULL) {
        return NGX_CONF_ERROR;
    }

    ngx_memzero(address, sizeof(vrrp_core_address_conf_t));

    value = cf->args->elts;

    if (ngx_vrrp_set_address(cf, &value[1], address) != NGX_CONF_OK) {
        return NGX_CONF_ERROR;
    }

    first = in->addresses.elts;

    if (address->address.family != first->address.family) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "vrrp_instance \"%V\": \"%V\" is IPv%d, but the "
                           "addresses before it are IPv%d: use a separate "
                           "vrrp_instance for each family",
                           &in->name, &value[1], address->address.family,
                           first->address.family);
        return NGX_CONF_ERROR;
    }

    for (i = 2; i < cf->args->nelts; i++) {
        if (ngx_vrrp_address_parameter(cf, &value[i], address)
            != NGX_CONF_OK)
        {
            return NGX_CONF_ERROR;
        }
    }

    return NGX_CONF_OK;
}


static char *
ngx_vrrp_set_address(ngx_conf_t *cf, ngx_str_t *value,
    vrrp_core_address_conf_t *address)
{
    ngx_str_t    what = ngx_string("virtual_ipaddress");
    const char  *reason;

    reason = ngx_vrrp_parse_address(value, address);

    if (reason == NULL) {
        reason = ngx_vrrp_check_host_part(address);
    }

    if (reason) {
        return ngx_vrrp_conf_invalid(cf, &what, value, reason);
    }

    return NGX_CONF_OK;
}


/* NULL, or what is wrong */

static const char *
ngx_vrrp_parse_address(ngx_str_t *value, vrrp_core_address_conf_t *address)
{
    u_char      *slash, *last;
    ngx_int_t    length, bits;
    const char  *reason;

    last = value->data + value->len;

    slash = ngx_strlchr(value->data, last, '/');

    reason = ngx_vrrp_parse_ip(value->data,
                               (slash ? slash : last) - value->data,
                               &address->address);
    if (reason) {
        return reason;
    }

    bits = (address->address.family == 4) ? 32 : 128;
    length = slash ? ngx_atoi(slash + 1, last - slash - 1) : bits;

    if (length < 1 || length > bits) {
        return (bits == 32) ? "the prefix length must be 1-32"
                            : "the prefix length must be 1-128";
    }

    address->prefix_length = (uint8_t) length;

    return NULL;
}


/* a network and its broadcast address look like addresses but are none */

static const char *
ngx_vrrp_check_host_part(const vrrp_core_address_conf_t *address)
{
    ngx_uint_t  i, bits, ones;

    bits = (address->address.family == 4) ? 32 : 128;

    if (bits - address->prefix_length < 2) {
        return NULL;
    }

    ones = 0;

    for (i = address->prefix_length; i < bits; i++) {
        ones += (address->address.octets[i / 8] >> (7 - i % 8)) & 1;
    }

    if (ones == 0) {
        return "it is the address of the network, must be the address of a "
               "host";
    }

    if (bits == 32 && ones == bits - address->prefix_length) {
        return "it is the broadcast address of its network";
    }

    return NULL;
}


static char *
ngx_vrrp_address_parameter(ngx_conf_t *cf, ngx_str_t *value,
    vrrp_core_address_conf_t *address)
{
    ngx_str_t  what = ngx_string("parameter");
    ngx_str_t  param;

    if (ngx_strncmp(value->data, "dev=", 4) == 0
        && address->interface.len == 0)
    {
        param.data = value->data + 4;
        param.len = value->len - 4;

        if (ngx_vrrp_conf_set_interface(cf, &param, &param) != NGX_CONF_OK) {
            return NGX_CONF_ERROR;
        }

        ngx_vrrp_core_str(&address->interface, &param);

        return NGX_CONF_OK;
    }

    if (ngx_strncmp(value->data, "label=", 6) == 0
        && address->label.len == 0)
    {
        param.data = value->data + 6;
        param.len = value->len - 6;

        if (param.len == 0 || param.len > NGX_VRRP_MAX_IFNAME) {
            return ngx_vrrp_conf_invalid(cf, &what, value,
                                         "must be a label of 1-15 characters");
        }

        ngx_vrrp_core_str(&address->label, &param);

        return NGX_CONF_OK;
    }

    if (ngx_strcmp(value->data, "takeover") == 0 && !address->takeover) {
        address->takeover = 1;
        return NGX_CONF_OK;
    }

    return ngx_vrrp_conf_invalid(cf, &what, value,
                                 "must be \"dev=interface\", \"label=name\" "
                                 "or \"takeover\", each at most once; use one "
                                 "directive for each address");
}


char *
ngx_vrrp_conf_unicast_src_ip(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_vrrp_instance_t  *in = conf;

    ngx_str_t  *value;

    if (in->unicast_src_ip.family) {
        return "is duplicate";
    }

    value = cf->args->elts;

    return ngx_vrrp_set_ip(cf, &cmd->name, &value[1], &in->unicast_src_ip);
}


char *
ngx_vrrp_conf_unicast_peer(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_vrrp_instance_t  *in = conf;

    ngx_str_t       *value;
    ngx_uint_t       i, n;
    vrrp_core_ip_t  *peer, *peers;

    value = cf->args->elts;

    for (i = 1; i < cf->args->nelts; i++) {

        peer = ngx_array_push(&in->unicast_peers);
        if (peer == NULL) {
            return NGX_CONF_ERROR;
        }

        if (ngx_vrrp_set_ip(cf, &cmd->name, &value[i], peer) != NGX_CONF_OK) {
            return NGX_CONF_ERROR;
        }

        peers = in->unicast_peers.elts;

        for (n = 0; n < in->unicast_peers.nelts - 1; n++) {
            if (ngx_vrrp_same_ip(&peers[n], peer)) {
                ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                                   "duplicate unicast_peer \"%V\"", &value[i]);
                return NGX_CONF_ERROR;
            }
        }
    }

    return NGX_CONF_OK;
}


static char *
ngx_vrrp_set_ip(ngx_conf_t *cf, ngx_str_t *what, ngx_str_t *value,
    vrrp_core_ip_t *ip)
{
    const char  *reason;

    reason = ngx_vrrp_parse_ip(value->data, value->len, ip);

    if (reason) {
        return ngx_vrrp_conf_invalid(cf, what, value, reason);
    }

    return NGX_CONF_OK;
}
