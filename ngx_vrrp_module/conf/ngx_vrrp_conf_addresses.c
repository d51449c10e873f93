
/*
 * The directives of a vrrp_instance that hold IP addresses.
 */


#include "ngx_vrrp_directives.h"
#include "ngx_vrrp_ip.h"
#include "ngx_vrrp_params.h"

#include <linux/rtnetlink.h>


static char *ngx_vrrp_no_address(ngx_conf_t *cf, ngx_vrrp_instance_t *in);
static vrrp_core_address_conf_t *ngx_vrrp_add_address(ngx_conf_t *cf,
    ngx_array_t *list);
static char *ngx_vrrp_set_address(ngx_conf_t *cf,
    vrrp_core_address_conf_t *address);
static char *ngx_vrrp_address_params(ngx_conf_t *cf,
    vrrp_core_address_conf_t *address);
static ngx_uint_t ngx_vrrp_valid_label(ngx_str_t *value);
static ngx_int_t ngx_vrrp_set_broadcast(void *values, ngx_vrrp_param_t *param,
    ngx_str_t *value);
static int64_t ngx_vrrp_parse_lft(ngx_str_t *value);
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

    { ngx_string("brd="),
      1,
      offsetof(vrrp_core_address_conf_t, broadcast), ngx_vrrp_set_broadcast,
      ngx_vrrp_valid_text,
      { NULL, 0, 0, 0, 0, "must be an IPv4 address or \"+\"" } },

    { ngx_string("scope="),
      1,
      ngx_vrrp_param_number(vrrp_core_address_conf_t, scope,
                            ngx_vrrp_parse_scope, 0, 255, 0,
                            "must be global, site, link, host or 0-255") },

    { ngx_string("noprefixroute"),
      1,
      ngx_vrrp_param_flag(vrrp_core_address_conf_t, noprefixroute) },

    { ngx_string("home"),
      1,
      ngx_vrrp_param_flag(vrrp_core_address_conf_t, home) },

    { ngx_string("nodad="),
      1,
      ngx_vrrp_param_number(vrrp_core_address_conf_t, nodad,
                            ngx_vrrp_parse_flag, 0, 1, 1,
                            "must be \"on\" or \"off\"") },

    { ngx_string("preferred_lft="),
      1,
      ngx_vrrp_param_number(vrrp_core_address_conf_t, preferred_lft_s,
                            ngx_vrrp_parse_lft, 0, VRRP_CORE_FOREVER,
                            VRRP_CORE_DEFAULT_LFT,
                            "must be a time in whole seconds, or forever") },

    { ngx_string("no_track"),
      1,
      ngx_vrrp_param_flag(vrrp_core_address_conf_t, no_track) },

    ngx_vrrp_last_param
};


static ngx_vrrp_directive_t  ngx_vrrp_address_directives[] = {
    { "virtual_ipaddress", 1 },
    { "virtual_ipaddress_excluded", 1 },
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

    value = cf->args->elts;

    if (in->no_address || ngx_strcmp(value[1].data, "none") == 0) {
        return ngx_vrrp_no_address(cf, in);
    }

    if (in->addresses.nelts == VRRP_CORE_MAX_ADDRESSES) {
        return ngx_vrrp_failed(cf, "vrrp_instance \"%*s\": too many addresses, "
                               "an advertisement carries at most 255: use "
                               "\"virtual_ipaddress_excluded\" for the others",
                               in->core.name.len, in->core.name.data);
    }

    address = ngx_vrrp_add_address(cf, &in->addresses);

    if (address == NULL
        || ngx_vrrp_set_address(cf, address) != NGX_CONF_OK)
    {
        return NGX_CONF_ERROR;
    }

    return ngx_vrrp_address_params(cf, address);
}


/* virtual_ipaddress none: the only one of its instance */

static char *
ngx_vrrp_no_address(ngx_conf_t *cf, ngx_vrrp_instance_t *in)
{
    if (in->no_address || in->addresses.nelts || cf->args->nelts > 2) {
        return ngx_vrrp_failed(cf, "vrrp_instance \"%*s\": "
                               "\"virtual_ipaddress none\" must be the only "
                               "\"virtual_ipaddress\" and has no parameters",
                               in->core.name.len, in->core.name.data);
    }

    in->no_address = 1;

    ngx_conf_log_error(NGX_LOG_WARN, cf, 0, "vrrp_instance \"%*s\": "
                       "\"virtual_ipaddress none\" sends advertisements "
                       "without addresses, which FRR and most routers discard: "
                       "all nodes must run this module or keepalived",
                       in->core.name.len, in->core.name.data);

    return NGX_CONF_OK;
}


/* an address that moves with the others, and is in no advertisement */

char *
ngx_vrrp_conf_virtual_excluded(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_vrrp_instance_t  *in = conf;

    vrrp_core_address_conf_t  *address;

    if (in->excluded.nelts == VRRP_CORE_MAX_ADDRESSES) {
        return ngx_vrrp_failed(cf, "vrrp_instance \"%*s\": too many "
                               "\"virtual_ipaddress_excluded\", at most 255 "
                               "are supported",
                               in->core.name.len, in->core.name.data);
    }

    address = ngx_vrrp_add_address(cf, &in->excluded);

    if (address == NULL
        || ngx_vrrp_set_address(cf, address) != NGX_CONF_OK)
    {
        return NGX_CONF_ERROR;
    }

    address->excluded = 1;

    return ngx_vrrp_address_params(cf, address);
}


static vrrp_core_address_conf_t *
ngx_vrrp_add_address(ngx_conf_t *cf, ngx_array_t *list)
{
    vrrp_core_address_conf_t  *address;

    address = ngx_array_push(list);

    if (address) {
        ngx_memzero(address, sizeof(vrrp_core_address_conf_t));
    }

    return address;
}


static char *
ngx_vrrp_set_address(ngx_conf_t *cf, vrrp_core_address_conf_t *address)
{
    ngx_str_t   *value;
    const char  *reason;

    value = cf->args->elts;

    reason = ngx_vrrp_parse_address(&value[1], address);

    if (reason == NULL) {
        reason = ngx_vrrp_check_host_part(address);
    }

    if (reason) {
        return ngx_vrrp_conf_invalid(cf, &value[0], &value[1], reason);
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
                             &ngx_vrrp_address_directives[address->excluded],
                             address, &value[2], cf->args->nelts - 2)
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


/* "+": the last address of the network; the address is known already */

static ngx_int_t
ngx_vrrp_set_broadcast(void *values, ngx_vrrp_param_t *param, ngx_str_t *value)
{
    vrrp_core_address_conf_t  *address = values;

    ngx_uint_t       i;
    vrrp_core_ip_t  *brd;

    brd = &address->broadcast;

    if (inet_pton(AF_INET, (char *) value->data, brd->octets) == 1) {
        brd->family = 4;
        return NGX_OK;
    }

    if (ngx_strcmp(value->data, "+") != 0) {
        return NGX_ERROR;
    }

    *brd = address->address;

    for (i = address->prefix_length; i < 32; i++) {
        brd->octets[i / 8] |= 0x80 >> (i % 8);
    }

    return NGX_OK;
}


static int64_t
ngx_vrrp_parse_lft(ngx_str_t *value)
{
    if (ngx_strcmp(value->data, "forever") == 0) {
        return VRRP_CORE_FOREVER;
    }

    return ngx_parse_time(value, 1);
}


/* the names of iproute2; the numbers are those of rtnetlink */

int64_t
ngx_vrrp_parse_scope(ngx_str_t *value)
{
    ngx_uint_t  i;

    static struct {
        const char  *name;
        int64_t      scope;
    } scopes[] = {
        { "global", RT_SCOPE_UNIVERSE },
        { "site", RT_SCOPE_SITE },
        { "link", RT_SCOPE_LINK },
        { "host", RT_SCOPE_HOST },
    };

    for (i = 0; i < sizeof(scopes) / sizeof(scopes[0]); i++) {
        if (ngx_strcmp(value->data, scopes[i].name) == 0) {
            return scopes[i].scope;
        }
    }

    return ngx_vrrp_parse_number(value);
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
