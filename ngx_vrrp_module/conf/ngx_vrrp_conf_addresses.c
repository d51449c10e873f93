
/*
 * The directives of a vrrp_instance that hold IP addresses.
 */


#include "ngx_vrrp_directives.h"
#include "ngx_vrrp_ip.h"
#include "ngx_vrrp_params.h"


static char *ngx_vrrp_set_address(ngx_conf_t *cf, ngx_str_t *value,
    vrrp_core_address_conf_t *address);
static char *ngx_vrrp_address_params(ngx_conf_t *cf,
    vrrp_core_address_conf_t *address);
static ngx_uint_t ngx_vrrp_valid_label(ngx_str_t *value);
static const char *ngx_vrrp_parse_address(ngx_str_t *value,
    vrrp_core_address_conf_t *address);
static const char *ngx_vrrp_check_host_part(
    const vrrp_core_address_conf_t *address);
static char *ngx_vrrp_add_peer(ngx_conf_t *cf, ngx_vrrp_instance_t *in,
    ngx_str_t *value, vrrp_core_peer_conf_t conf);
static char *ngx_vrrp_set_ip(ngx_conf_t *cf, ngx_str_t *what,
    ngx_str_t *value, vrrp_core_ip_t *ip);


static ngx_vrrp_param_t  ngx_vrrp_address_list[] = {

    { ngx_string("dev="),
      1,
      ngx_vrrp_param_core_text(vrrp_core_address_conf_t, interface,
                               ngx_vrrp_valid_interface,
                               NGX_VRRP_INTERFACE_EXPECTED) },

    { ngx_string("label="),
      1,
      ngx_vrrp_param_core_text(vrrp_core_address_conf_t, label,
                               ngx_vrrp_valid_label,
                               "must be a label of 1-15 characters") },

    { ngx_string("takeover"),
      1,
      ngx_vrrp_param_flag(vrrp_core_address_conf_t, takeover) },

    ngx_vrrp_last_param
};


static ngx_vrrp_directive_t  ngx_vrrp_address_directives[] = {
    { "virtual_ipaddress", 1 },
    { NULL, 0 }
};


static ngx_vrrp_params_t  ngx_vrrp_address_param_list = {
    ngx_vrrp_address_list,
    ngx_vrrp_address_directives,
    sizeof(ngx_vrrp_directive_t)
};


static ngx_vrrp_param_t  ngx_vrrp_peer_list[] = {

    { ngx_string("min_ttl="),
      1,
      ngx_vrrp_param_number(vrrp_core_peer_conf_t, min_ttl,
                            ngx_vrrp_parse_number, 1, 255, 0,
                            "must be 1-255") },

    { ngx_string("max_ttl="),
      1,
      ngx_vrrp_param_number(vrrp_core_peer_conf_t, max_ttl,
                            ngx_vrrp_parse_number, 1, 255, 255,
                            "must be 1-255") },

    ngx_vrrp_last_param
};


static ngx_vrrp_directive_t  ngx_vrrp_peer_directives[] = {
    { "unicast_peer", 1 },
    { NULL, 0 }
};


static ngx_vrrp_params_t  ngx_vrrp_peer_param_list = {
    ngx_vrrp_peer_list,
    ngx_vrrp_peer_directives,
    sizeof(ngx_vrrp_directive_t)
};


/* virtual_ipaddress address[/length] [dev=interface] [label=name] [takeover] */

char *
ngx_vrrp_conf_virtual_ipaddress(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf)
{
    ngx_vrrp_instance_t  *in = conf;

    ngx_str_t                 *value;
    vrrp_core_address_conf_t  *address;

    if (in->addresses.nelts == VRRP_CORE_MAX_ADDRESSES) {
        return ngx_vrrp_failed(cf, "vrrp_instance \"%*s\": too many addresses, "
                               "an advertisement carries at most 255",
                               in->core.name.len, in->core.name.data);
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

    return ngx_vrrp_address_params(cf, address);
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
ngx_vrrp_address_params(ngx_conf_t *cf, vrrp_core_address_conf_t *address)
{
    ngx_str_t                 *value;
    ngx_uint_t                 i;
    vrrp_core_address_conf_t   another;

    value = cf->args->elts;

    for (i = 2; i < cf->args->nelts; i++) {
        if (ngx_vrrp_parse_address(&value[i], &another) == NULL) {
            return ngx_vrrp_conf_invalid(cf, &value[0], &value[i],
                                         "use one directive for each address");
        }
    }

    if (ngx_vrrp_params_read(cf, &ngx_vrrp_address_param_list,
                             ngx_vrrp_address_directives, address, &value[2],
                             cf->args->nelts - 2)
        != NGX_CONF_OK)
    {
        return NGX_CONF_ERROR;
    }

    if (address->interface.len) {
        ngx_vrrp_conf_find_interface(cf, &address->interface);
    }

    return NGX_CONF_OK;
}


static ngx_uint_t
ngx_vrrp_valid_label(ngx_str_t *value)
{
    return value->len > 0 && value->len <= NGX_VRRP_MAX_IFNAME;
}


/* of our advertisements */

char *
ngx_vrrp_conf_source(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    char  *p = conf;

    ngx_str_t       *value;
    vrrp_core_ip_t  *ip;

    ip = (vrrp_core_ip_t *) (p + cmd->offset);

    if (ip->family) {
        return "is duplicate";
    }

    value = cf->args->elts;

    return ngx_vrrp_set_ip(cf, &cmd->name, &value[1], ip);
}


/* no router forwards adverts: their groups belong to the link */

char *
ngx_vrrp_conf_group(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    char  *p = conf;

    ngx_str_t       *value;
    ngx_uint_t       family, valid;
    vrrp_core_ip_t  *ip;

    ip = (vrrp_core_ip_t *) (p + cmd->offset);

    if (ip->family) {
        return "is duplicate";
    }

    value = cf->args->elts;
    family = cmd->name.data[cmd->name.len - 1] - '0';

    (void) ngx_vrrp_parse_ip(value[1].data, value[1].len, ip);

    valid = (family == 4) ? (ip->octets[0] == 224 && ip->octets[1] == 0
                             && ip->octets[2] == 0)
                          : (ip->octets[0] == 0xff
                             && (ip->octets[1] & 0xf) == 2);

    if (ip->family != family || !valid) {
        return ngx_vrrp_conf_invalid(cf, &cmd->name, &value[1],
                   (family == 4) ? "must be a group of 224.0.0.0/24, the "
                                   "default is 224.0.0.18"
                                 : "must be a group of the link (ff02::/16), "
                                   "the default is ff02::12");
    }

    return NGX_CONF_OK;
}


/* unicast_peer address ... [min_ttl=number] [max_ttl=number] */

char *
ngx_vrrp_conf_unicast_peer(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_vrrp_instance_t  *in = conf;

    ngx_str_t              *value;
    ngx_uint_t              i, n;
    vrrp_core_peer_conf_t   peer;

    value = cf->args->elts;

    for (n = 1; n < cf->args->nelts; n++) {
        if (ngx_strchr(value[n].data, '=')) {
            break;
        }
    }

    if (n == 1) {
        return "needs an address before its parameters";
    }

    ngx_memzero(&peer, sizeof(vrrp_core_peer_conf_t));

    if (ngx_vrrp_params_read(cf, &ngx_vrrp_peer_param_list,
                             ngx_vrrp_peer_directives, &peer, &value[n],
                             cf->args->nelts - n)
        != NGX_CONF_OK)
    {
        return NGX_CONF_ERROR;
    }

    if (peer.min_ttl > peer.max_ttl) {
        return ngx_vrrp_failed(cf, "\"min_ttl=%L\" of \"unicast_peer\" is more "
                               "than \"max_ttl=%L\"",
                               peer.min_ttl, peer.max_ttl);
    }

    for (i = 1; i < n; i++) {
        if (ngx_vrrp_add_peer(cf, in, &value[i], peer) != NGX_CONF_OK) {
            return NGX_CONF_ERROR;
        }
    }

    return NGX_CONF_OK;
}


static char *
ngx_vrrp_add_peer(ngx_conf_t *cf, ngx_vrrp_instance_t *in, ngx_str_t *value,
    vrrp_core_peer_conf_t conf)
{
    ngx_str_t               what = ngx_string("unicast_peer");
    ngx_uint_t              i;
    vrrp_core_peer_conf_t  *peer, *peers;

    if (ngx_vrrp_set_ip(cf, &what, value, &conf.address) != NGX_CONF_OK) {
        return NGX_CONF_ERROR;
    }

    peers = in->unicast_peers.elts;

    for (i = 0; i < in->unicast_peers.nelts; i++) {
        if (ngx_vrrp_same_ip(&peers[i].address, &conf.address)) {
            return ngx_vrrp_failed(cf, "duplicate unicast_peer \"%V\"", value);
        }
    }

    peer = ngx_array_push(&in->unicast_peers);
    if (peer == NULL) {
        return NGX_CONF_ERROR;
    }

    *peer = conf;

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
