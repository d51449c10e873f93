
/*
 * Rules about several directives of a vrrp_instance, or about two instances.
 * They are applied at the end of the block.
 */


#include "ngx_vrrp_directives.h"
#include "ngx_vrrp_ip.h"

#include <net/if.h>


#define ngx_vrrp_rules_log(level, cf, in, fmt, args...)                       \
    ngx_conf_log_error(level, cf, 0, "vrrp_instance \"%*s\": " fmt,           \
                       (in)->core.name.len, (in)->core.name.data, ##args)

#define NGX_VRRP_HMAC_TRAILER  28

#define ngx_vrrp_address_directive(address)                                   \
    ((address)->excluded ? "virtual_ipaddress_excluded" : "virtual_ipaddress")

#define ngx_vrrp_rules_failed(cf, in, args...)                                \
    (ngx_vrrp_rules_log(NGX_LOG_EMERG, cf, in, args), NGX_CONF_ERROR)


typedef char *(*ngx_vrrp_rules_pt)(ngx_conf_t *cf, ngx_vrrp_instance_t *in);


static char *ngx_vrrp_rules_election(ngx_conf_t *cf, ngx_vrrp_instance_t *in);
static const char *ngx_vrrp_rules_elective(ngx_vrrp_instance_t *in);
static char *ngx_vrrp_rules_version(ngx_conf_t *cf, ngx_vrrp_instance_t *in);
static char *ngx_vrrp_rules_advert_int(ngx_conf_t *cf,
    ngx_vrrp_instance_t *in);
static char *ngx_vrrp_rules_addresses(ngx_conf_t *cf,
    ngx_vrrp_instance_t *in);
static char *ngx_vrrp_rules_label(ngx_conf_t *cf, ngx_vrrp_instance_t *in,
    const vrrp_core_address_conf_t *address);
static char *ngx_vrrp_rules_address_family(ngx_conf_t *cf,
    ngx_vrrp_instance_t *in, const vrrp_core_address_conf_t *address);
static char *ngx_vrrp_rules_mtu(ngx_conf_t *cf, ngx_vrrp_instance_t *in);
static char *ngx_vrrp_rules_unicast(ngx_conf_t *cf, ngx_vrrp_instance_t *in);
static char *ngx_vrrp_rules_multicast(ngx_conf_t *cf, ngx_vrrp_instance_t *in);
static char *ngx_vrrp_rules_link_down(ngx_conf_t *cf, ngx_vrrp_instance_t *in);
static char *ngx_vrrp_rules_unicast_ip(ngx_conf_t *cf,
    ngx_vrrp_instance_t *in, const char *directive,
    const vrrp_core_ip_t *ip);
static char *ngx_vrrp_rules_vmac(ngx_conf_t *cf, ngx_vrrp_instance_t *in);
static char *ngx_vrrp_rules_preempt(ngx_conf_t *cf, ngx_vrrp_instance_t *in);
static char *ngx_vrrp_rules_no_effect(ngx_conf_t *cf, ngx_vrrp_instance_t *in);
static char *ngx_vrrp_rules_trackers(ngx_conf_t *cf,
    ngx_vrrp_instance_t *in);
static ngx_vrrp_check_t *ngx_vrrp_rules_weighted(ngx_vrrp_instance_t *in);

static char *ngx_vrrp_rules_pair(ngx_conf_t *cf, ngx_vrrp_instance_t *in,
    const vrrp_core_instance_conf_t *other);
static const vrrp_core_address_conf_t *ngx_vrrp_find_address(
    const vrrp_core_address_conf_t *list, size_t n,
    const vrrp_core_address_conf_t *address);


/* in this order: the first error should be fixed first */

static ngx_vrrp_rules_pt  ngx_vrrp_rules[] = {
    ngx_vrrp_rules_election,
    ngx_vrrp_rules_version,
    ngx_vrrp_rules_advert_int,
    ngx_vrrp_rules_addresses,
    ngx_vrrp_rules_mtu,
    ngx_vrrp_rules_unicast,
    ngx_vrrp_rules_multicast,
    ngx_vrrp_rules_link_down,
    ngx_vrrp_rules_vmac,
    ngx_vrrp_peer_rules,
    ngx_vrrp_rules_preempt,
    ngx_vrrp_rules_no_effect,
    ngx_vrrp_rules_trackers,
    NULL
};


char *
ngx_vrrp_rules_required(ngx_conf_t *cf, ngx_vrrp_instance_t *in)
{
    const char  *missing;

    if (in->core.interface.len == 0) {
        missing = "interface";

    } else if (in->core.virtual_router_id == NGX_CONF_UNSET
               && in->core.election != 0)
    {
        missing = "virtual_router_id";

    } else if (in->addresses.nelts == 0 && !in->no_address) {
        missing = "virtual_ipaddress";

    } else {
        return NGX_CONF_OK;
    }

    return ngx_vrrp_rules_failed(cf, in, "\"%s\" is missing", missing);
}


char *
ngx_vrrp_rules_instance(ngx_conf_t *cf, ngx_vrrp_instance_t *in)
{
    ngx_uint_t  i;

    for (i = 0; ngx_vrrp_rules[i]; i++) {
        if (ngx_vrrp_rules[i](cf, in) != NGX_CONF_OK) {
            return NGX_CONF_ERROR;
        }
    }

    return NGX_CONF_OK;
}


/* without an election, nothing is about other routers */

static char *
ngx_vrrp_rules_election(ngx_conf_t *cf, ngx_vrrp_instance_t *in)
{
    const char        *name;
    ngx_vrrp_check_t  *check;

    if (in->core.election) {
        return NGX_CONF_OK;
    }

    /* the two families of an instance are a group with its name */

    if (in->core.sync_group.len
        && !ngx_vrrp_same_str(&in->core.sync_group, &in->core.name))
    {
        return ngx_vrrp_rules_failed(cf, in, "\"sync_group\" and \"election "
                                     "off\" are mutually exclusive: the "
                                     "members of a group are elected together");
    }

    name = ngx_vrrp_rules_elective(in);

    if (name && in->core.part != VRRP_CORE_SECOND_FAMILY) {
        ngx_vrrp_rules_log(NGX_LOG_WARN, cf, in, "\"%s\" has no effect with "
                           "\"election off\": no advertisement is sent or "
                           "received", name);
    }

    check = ngx_vrrp_rules_weighted(in);

    if (check) {
        ngx_vrrp_rules_log(NGX_LOG_WARN, cf, in, "\"weight=%L\" of %*s \"%V\" "
                           "has no effect with \"election off\": without "
                           "\"weight=\" a failure is a fault and removes the "
                           "addresses",
                           check->tracker.weight, check->tracker.type.len,
                           check->tracker.type.data, &check->name);
    }

    /* they may be inherited, and do not have to fit this instance */

    in->core.version = 3;
    in->core.auth_pass = 0;
    in->core.auth_file.len = 0;
    in->core.nhmac_keys = 0;
    in->core.unicast_src_ip.family = 0;
    in->core.nunicast_peers = 0;
    in->core.mcast_src_ip.family = 0;
    in->core.down_timer_adverts = 3;
    in->core.nopreempt = 0;
    in->core.npreempt_windows = 0;
    in->core.peer_link = 0;
    ngx_vrrp_peer_drop_witness(in);

    return NGX_CONF_OK;
}


static const char *
ngx_vrrp_rules_elective(ngx_vrrp_instance_t *in)
{
    if (in->core.nunicast_peers) {
        return "unicast_peer";
    }

    if (in->core.unicast_src_ip.family) {
        return "unicast_src_ip";
    }

    if (in->core.auth_pass || in->core.auth_file.len || in->core.nhmac_keys) {
        return "authentication";
    }

    if (in->given.advert_int_ns != NGX_CONF_UNSET) {
        return "advert_int";
    }

    if (in->given.version != NGX_CONF_UNSET) {
        return "version";
    }

    if (in->given.down_timer_adverts != NGX_CONF_UNSET) {
        return "down_timer_adverts";
    }

    if (in->core.nopreempt) {
        return "nopreempt";
    }

    if (in->given.preempt_delay_ns != NGX_CONF_UNSET) {
        return "preempt_delay";
    }

    if (in->core.peer_link) {
        return "peer_link";
    }

    return in->core.npreempt_windows ? "preempt_window" : NULL;
}


static char *
ngx_vrrp_rules_version(ngx_conf_t *cf, ngx_vrrp_instance_t *in)
{
    if (in->core.version == 3
        && (in->core.auth_pass || in->core.auth_file.len))
    {
        return ngx_vrrp_rules_failed(cf, in, "version 3 has no "
                                     "\"authentication PASS\": use "
                                     "\"authentication HMAC\", or add "
                                     "\"version 2\" if the other routers use "
                                     "it");
    }

    if (in->core.version == 2 && in->core.family == 6) {
        return ngx_vrrp_rules_failed(cf, in, "version 2 does not support IPv6 "
                                     "addresses, use \"version 3\"");
    }

    return NGX_CONF_OK;
}


static char *
ngx_vrrp_rules_advert_int(ngx_conf_t *cf, ngx_vrrp_instance_t *in)
{
    int64_t  msec;

    msec = in->core.advert_int_ns / NGX_VRRP_MSEC;

    if (in->core.version == 2) {

        if (msec % 1000) {
            return ngx_vrrp_rules_failed(cf, in, "\"advert_int\" is %Lms, but "
                                         "with version 2 it must be whole "
                                         "seconds from 1s to 255s", msec);
        }

        return NGX_CONF_OK;
    }

    if (msec > 40950 || msec % 10) {
        return ngx_vrrp_rules_failed(cf, in, "\"advert_int\" is %Lms, but with "
                                     "version 3 it must be a multiple of 10ms "
                                     "from 10ms to 40950ms", msec);
    }

    return NGX_CONF_OK;
}


static char *
ngx_vrrp_rules_addresses(ngx_conf_t *cf, ngx_vrrp_instance_t *in)
{
    char                             text[INET6_ADDRSTRLEN];
    ngx_uint_t                       i;
    const vrrp_core_address_conf_t  *address;

    for (i = 0; i < in->core.naddresses; i++) {

        address = &in->core.addresses[i];
        (void) ngx_vrrp_ip_text(&address->address, text);

        if (address->label.len
            && ngx_vrrp_rules_label(cf, in, address) != NGX_CONF_OK)
        {
            return NGX_CONF_ERROR;
        }

        if (ngx_vrrp_rules_address_family(cf, in, address) != NGX_CONF_OK) {
            return NGX_CONF_ERROR;
        }

        if (ngx_vrrp_find_address(in->core.addresses, i, address)) {
            return ngx_vrrp_rules_failed(cf, in, "duplicate %s %s",
                                         ngx_vrrp_address_directive(address),
                                         text);
        }

        /* the address of the owner is the machine's own */

        if (address->takeover && in->core.priority == NGX_VRRP_OWNER) {
            return ngx_vrrp_rules_failed(cf, in, "\"takeover\" of %s %s "
                                         "cannot be used at priority 255: the "
                                         "address owner never gives its "
                                         "addresses away",
                                         ngx_vrrp_address_directive(address),
                                         text);
        }
    }

    return NGX_CONF_OK;
}


/* parameters that the kernel has for one family only */

static char *
ngx_vrrp_rules_address_family(ngx_conf_t *cf, ngx_vrrp_instance_t *in,
    const vrrp_core_address_conf_t *address)
{
    const char  *param;

    if (address->address.family == 6) {
        param = address->broadcast.family ? "brd=" :
                address->scope ? "scope=" : NULL;

    } else {
        param = address->home ? "home" : !address->nodad ? "nodad=off" : NULL;
    }

    if (param == NULL) {
        return NGX_CONF_OK;
    }

    return ngx_vrrp_rules_failed(cf, in, "\"%s\" of %s can only be used with "
                                 "IPv%d addresses", param,
                                 ngx_vrrp_address_directive(address),
                                 (address->address.family == 6) ? 4 : 6);
}


/* tools that show a label find the interface by the part before the ":" */

static char *
ngx_vrrp_rules_label(ngx_conf_t *cf, ngx_vrrp_instance_t *in,
    const vrrp_core_address_conf_t *address)
{
    const vrrp_core_str_t  *interface, *label;

    label = &address->label;
    interface = &address->interface;

    if (address->address.family == 6) {
        return ngx_vrrp_rules_failed(cf, in, "invalid label \"%*s\": only IPv4 "
                                     "addresses can have labels",
                                     label->len, label->data);
    }

    if (label->len <= interface->len + 1
        || ngx_strncmp(label->data, interface->data, interface->len) != 0
        || label->data[interface->len] != ':')
    {
        return ngx_vrrp_rules_failed(cf, in, "invalid label \"%*s\": must be "
                                     "the interface and a suffix, as in "
                                     "\"%*s:1\"",
                                     label->len, label->data, interface->len,
                                     interface->data);
    }

    return NGX_CONF_OK;
}


/*
 * RFC 9568, 5.2.9: a long list makes a long advertisement.  An interface that
 * does not exist yet is taken for an Ethernet.
 */

static char *
ngx_vrrp_rules_mtu(ngx_conf_t *cf, ngx_vrrp_instance_t *in)
{
    int           fd;
    size_t        n, size, most, per_address, header;
    ngx_uint_t    mtu;
    struct ifreq  ifr;

    ngx_memzero(&ifr, sizeof(struct ifreq));
    ngx_memcpy(ifr.ifr_name, in->core.interface.data, in->core.interface.len);

    mtu = 1500;

    fd = socket(AF_INET, SOCK_DGRAM|SOCK_CLOEXEC, 0);

    if (fd != -1) {
        if (ioctl(fd, SIOCGIFMTU, &ifr) == 0) {
            mtu = ifr.ifr_mtu;
        }

        (void) close(fd);
    }

    n = 0;

    while (n < in->core.naddresses && !in->core.addresses[n].excluded) {
        n++;
    }

    per_address = (in->core.family == 4) ? 4 : 16;
    header = ((in->core.family == 4) ? 20 : 40) + 8
             + ((in->core.version == 2) ? VRRP_CORE_AUTH_LEN : 0)
             + (in->core.nhmac_keys ? NGX_VRRP_HMAC_TRAILER : 0);
    size = header + n * per_address;

    if (size <= mtu) {
        return NGX_CONF_OK;
    }

    most = (mtu > header) ? (mtu - header) / per_address : 0;

    ngx_vrrp_rules_log(NGX_LOG_WARN, cf, in, "an advertisement with %uz "
                       "virtual addresses has %uz bytes, but the MTU of "
                       "interface \"%*s\" is %ui: keep at most %uz "
                       "\"virtual_ipaddress\", and use "
                       "\"virtual_ipaddress_excluded\" for the others on all "
                       "nodes",
                       n, size, in->core.interface.len,
                       in->core.interface.data, mtu, most);

    return NGX_CONF_OK;
}


static char *
ngx_vrrp_rules_unicast(ngx_conf_t *cf, ngx_vrrp_instance_t *in)
{
    ngx_uint_t                    i;
    const vrrp_core_ip_t         *src;
    const vrrp_core_peer_conf_t  *peers;

    src = &in->core.unicast_src_ip;
    peers = in->core.unicast_peers;

    if (src->family && in->core.nunicast_peers == 0) {
        return ngx_vrrp_rules_failed(cf, in, "\"unicast_src_ip\" needs "
                                     "\"unicast_peer\"");
    }

    if (in->core.nunicast_peers == 1
        && ngx_vrrp_same_ip(&peers[0].address, src))
    {
        return ngx_vrrp_rules_failed(cf, in, "the only \"unicast_peer\" is "
                                     "this node, its \"unicast_src_ip\": add "
                                     "the other nodes");
    }

    for (i = 0; i < in->core.nunicast_peers; i++) {
        if (ngx_vrrp_rules_unicast_ip(cf, in, "unicast_peer",
                                      &peers[i].address)
            != NGX_CONF_OK)
        {
            return NGX_CONF_ERROR;
        }
    }

    /* the owner of the addresses may well send from one */

    if (src->family == 0 || in->core.priority == NGX_VRRP_OWNER) {
        return NGX_CONF_OK;
    }

    return ngx_vrrp_rules_unicast_ip(cf, in, "unicast_src_ip", src);
}


static char *
ngx_vrrp_rules_multicast(ngx_conf_t *cf, ngx_vrrp_instance_t *in)
{
    const vrrp_core_ip_t  *src;

    src = &in->core.mcast_src_ip;

    if (src->family == 0) {
        return NGX_CONF_OK;
    }

    if (in->core.nunicast_peers) {
        return ngx_vrrp_rules_failed(cf, in, "\"mcast_src_ip\" cannot be used "
                                     "with \"unicast_peer\": use "
                                     "\"unicast_src_ip\"");
    }

    /* RFC 9568, 5.1.2.1 */

    if (src->family == 6 && !ngx_vrrp_link_local(src)) {
        return ngx_vrrp_rules_failed(cf, in, "\"mcast_src_ip\" must be a "
                                     "link-local address in IPv6");
    }

    if (in->core.priority == NGX_VRRP_OWNER) {
        return NGX_CONF_OK;
    }

    return ngx_vrrp_rules_unicast_ip(cf, in, "mcast_src_ip", src);
}


/*
 * While the link is down, advertisements do not arrive.  A BACKUP must not
 * take over for that reason, and the last one may be an interval old.
 */

static char *
ngx_vrrp_rules_link_down(ngx_conf_t *cf, ngx_vrrp_instance_t *in)
{
    int64_t  limit;

    limit = (in->core.down_timer_adverts - 1) * in->core.advert_int_ns;

    if (in->core.election == 0
        || in->core.link_down_delay_ns == 0
        || in->core.link_down_delay_ns < limit)
    {
        return NGX_CONF_OK;
    }

    return ngx_vrrp_rules_failed(cf, in, "\"link_down_delay\" is %Lms, but "
                                 "must be less than %Lms (\"advert_int\" of "
                                 "%Lms, %L times): a peer takes over after "
                                 "that time, and this node would still have "
                                 "the addresses",
                                 in->core.link_down_delay_ns / NGX_VRRP_MSEC,
                                 limit / NGX_VRRP_MSEC,
                                 in->core.advert_int_ns / NGX_VRRP_MSEC,
                                 in->core.down_timer_adverts - 1);
}


static char *
ngx_vrrp_rules_unicast_ip(ngx_conf_t *cf, ngx_vrrp_instance_t *in,
    const char *directive, const vrrp_core_ip_t *ip)
{
    char                             text[INET6_ADDRSTRLEN];
    ngx_uint_t                       i;
    const vrrp_core_address_conf_t  *addresses;

    addresses = in->core.addresses;

    if (ip->family != in->core.family) {
        return ngx_vrrp_rules_failed(cf, in, "%s %s is IPv%d, but the virtual "
                                     "addresses are IPv%d",
                                     directive, ngx_vrrp_ip_text(ip, text),
                                     (int) ip->family, (int) in->core.family);
    }

    for (i = 0; i < in->core.naddresses; i++) {

        if (ngx_vrrp_same_ip(ip, &addresses[i].address)) {
            return ngx_vrrp_rules_failed(cf, in, "%s %s is a virtual address, "
                                         "must be an address of a single "
                                         "router",
                                         directive, ngx_vrrp_ip_text(ip, text));
        }
    }

    return NGX_CONF_OK;
}


static char *
ngx_vrrp_rules_vmac(ngx_conf_t *cf, ngx_vrrp_instance_t *in)
{
    if (!in->use_vmac) {
        return NGX_CONF_OK;
    }

    if (in->core.election == 0) {
        return ngx_vrrp_rules_failed(cf, in, "\"use_vmac\" cannot be used with "
                                     "\"election off\": other nodes may have "
                                     "the addresses at the same time");
    }

    if (in->core.nunicast_peers && !in->core.vmac_xmit_base) {
        return ngx_vrrp_rules_failed(cf, in, "\"use_vmac\" with "
                                     "\"unicast_peer\" needs "
                                     "\"xmit_base=on\": unicast "
                                     "advertisements are sent from \"%*s\" "
                                     "itself", in->core.interface.len,
                                     in->core.interface.data);
    }

    if (in->core.priority == NGX_VRRP_OWNER) {
        return ngx_vrrp_rules_failed(cf, in, "\"use_vmac\" cannot be used at "
                                     "priority 255: the addresses of the "
                                     "address owner are on \"%*s\"",
                                     in->core.interface.len,
                                     in->core.interface.data);
    }

    if (ngx_vrrp_same_str(&in->core.vmac, &in->core.interface)) {
        return ngx_vrrp_rules_failed(cf, in, "\"name=%*s\" of \"use_vmac\" is "
                                     "the interface itself: must be the name "
                                     "of a new device, as in \"vrrp.%L\"",
                                     in->core.vmac.len, in->core.vmac.data,
                                     in->core.virtual_router_id);
    }

    return NGX_CONF_OK;
}


static char *
ngx_vrrp_rules_preempt(ngx_conf_t *cf, ngx_vrrp_instance_t *in)
{
    if (in->core.nopreempt && in->given.preempt_delay_ns != NGX_CONF_UNSET) {
        return ngx_vrrp_rules_failed(cf, in, "\"nopreempt\" and "
                                     "\"preempt_delay\" are mutually "
                                     "exclusive");
    }

    if (in->core.nopreempt && in->core.npreempt_windows) {
        return ngx_vrrp_rules_failed(cf, in, "\"nopreempt\" and "
                                     "\"preempt_window\" are mutually "
                                     "exclusive");
    }

    return NGX_CONF_OK;
}


/* settings that are valid but have no effect cause a warning */

static char *
ngx_vrrp_rules_no_effect(ngx_conf_t *cf, ngx_vrrp_instance_t *in)
{
    if (in->core.election == 0
        || in->core.part == VRRP_CORE_SECOND_FAMILY)
    {
        return NGX_CONF_OK;
    }

    if (in->state == NGX_VRRP_STATE_MASTER
        && in->core.priority < NGX_VRRP_OWNER)
    {
        ngx_vrrp_rules_log(NGX_LOG_WARN, cf, in, "\"state MASTER\" has no "
                           "effect at priority %L, the highest priority wins "
                           "the election",
                           in->core.priority);
    }

    if (in->state == NGX_VRRP_STATE_BACKUP
        && in->core.priority == NGX_VRRP_OWNER)
    {
        ngx_vrrp_rules_log(NGX_LOG_WARN, cf, in, "\"state BACKUP\" has no "
                           "effect at priority 255, the address owner is "
                           "MASTER unless it has a fault");
    }

    if (in->core.priority == NGX_VRRP_OWNER
        && (in->core.nopreempt || in->core.preempt_delay_ns > 0))
    {
        ngx_vrrp_rules_log(NGX_LOG_WARN, cf, in, "\"%s\" has no effect at "
                           "priority 255, the address owner is MASTER unless "
                           "it has a fault",
                           in->core.nopreempt ? "nopreempt" : "preempt_delay");
    }

    if (in->core.priority == NGX_VRRP_OWNER && in->core.npreempt_windows) {
        ngx_vrrp_rules_log(NGX_LOG_WARN, cf, in, "\"preempt_window\" has no "
                           "effect at priority 255, the address owner is "
                           "MASTER unless it has a fault");
    }

    if (in->core.garp_master_refresh_ns == 0
        && in->given.garp_master_refresh_repeat != NGX_CONF_UNSET)
    {
        ngx_vrrp_rules_log(NGX_LOG_WARN, cf, in,
                           "\"garp_master_refresh_repeat\" has no effect "
                           "without \"garp_master_refresh\"");
    }

    return NGX_CONF_OK;
}


/* a weight moves the priority, which may move nothing */

static char *
ngx_vrrp_rules_trackers(ngx_conf_t *cf, ngx_vrrp_instance_t *in)
{
    ngx_vrrp_check_t  *check;

    check = ngx_vrrp_rules_weighted(in);

    if (check == NULL) {
        return NGX_CONF_OK;
    }

    if (in->core.priority == NGX_VRRP_OWNER) {
        ngx_vrrp_rules_log(NGX_LOG_WARN, cf, in, "\"weight=%L\" of %*s \"%V\" "
                           "has no effect at priority 255, the address owner "
                           "is MASTER unless it has a fault",
                           check->tracker.weight, check->tracker.type.len,
                           check->tracker.type.data, &check->name);
        return NGX_CONF_OK;
    }

    if (in->core.nopreempt) {
        ngx_vrrp_rules_log(NGX_LOG_WARN, cf, in, "\"weight=%L\" of %*s \"%V\" "
                           "cannot move the addresses with \"nopreempt\": a "
                           "router with a higher priority does not preempt "
                           "the MASTER; without \"weight=\" a failure is a "
                           "fault and moves them",
                           check->tracker.weight, check->tracker.type.len,
                           check->tracker.type.data, &check->name);
    }

    return NGX_CONF_OK;
}


/* the first that has a weight */

static ngx_vrrp_check_t *
ngx_vrrp_rules_weighted(ngx_vrrp_instance_t *in)
{
    ngx_uint_t         i;
    ngx_vrrp_check_t  *checks;

    checks = in->trackers.list.elts;

    for (i = 0; i < in->trackers.list.nelts; i++) {
        if (checks[i].tracker.weighted) {
            return &checks[i];
        }
    }

    return NULL;
}


char *
ngx_vrrp_rules_unique(ngx_conf_t *cf, ngx_array_t *instances,
    ngx_vrrp_instance_t *in)
{
    ngx_uint_t                  i;
    vrrp_core_instance_conf_t  *others;

    others = instances->elts;

    for (i = 0; i < instances->nelts; i++) {
        if (ngx_vrrp_rules_pair(cf, in, &others[i]) != NGX_CONF_OK) {
            return NGX_CONF_ERROR;
        }
    }

    return NGX_CONF_OK;
}


static char *
ngx_vrrp_rules_pair(ngx_conf_t *cf, ngx_vrrp_instance_t *in,
    const vrrp_core_instance_conf_t *other)
{
    char                             text[INET6_ADDRSTRLEN];
    ngx_uint_t                       i;
    const vrrp_core_address_conf_t  *addresses;

    addresses = in->core.addresses;

    if (other->election && in->core.election
        && other->virtual_router_id == in->core.virtual_router_id
        && other->family == in->core.family
        && ngx_vrrp_same_str(&other->interface, &in->core.interface))
    {
        return ngx_vrrp_rules_failed(cf, in, "virtual_router_id %L for IPv%d "
                                     "on interface \"%*s\" is already used by "
                                     "vrrp_instance \"%*s\"",
                                     in->core.virtual_router_id,
                                     (int) other->family,
                                     in->core.interface.len,
                                     in->core.interface.data, other->name.len,
                                     other->name.data);
    }

    if (ngx_vrrp_peer_pair(cf, &in->core, other) != NGX_CONF_OK) {
        return NGX_CONF_ERROR;
    }

    if (in->core.vmac.len
        && (ngx_vrrp_same_str(&in->core.vmac, &other->vmac)
            || ngx_vrrp_same_str(&in->core.vmac, &other->interface)))
    {
        return ngx_vrrp_rules_failed(cf, in, "device \"%*s\" of \"use_vmac\" "
                                     "is already used by vrrp_instance "
                                     "\"%*s\": set another \"%s\"",
                                     in->core.vmac.len, in->core.vmac.data,
                                     other->name.len, other->name.data,
                                     (in->core.part == VRRP_CORE_WHOLE)
                                     ? "name=" : "virtual_router_id");
    }

    if (other->vmac.len
        && ngx_vrrp_same_str(&in->core.interface, &other->vmac))
    {
        return ngx_vrrp_rules_failed(cf, in, "interface \"%*s\" is the device "
                                     "of \"use_vmac\" of vrrp_instance "
                                     "\"%*s\": use the interface below it",
                                     in->core.interface.len,
                                     in->core.interface.data,
                                     other->name.len, other->name.data);
    }

    for (i = 0; i < in->core.naddresses; i++) {

        if (ngx_vrrp_find_address(other->addresses, other->naddresses,
                                  &addresses[i]))
        {
            (void) ngx_vrrp_ip_text(&addresses[i].address, text);
            return ngx_vrrp_rules_failed(cf, in, "%s %s is already used by "
                                         "vrrp_instance \"%*s\"",
                                         ngx_vrrp_address_directive(
                                             &addresses[i]),
                                         text, other->name.len,
                                         other->name.data);
        }
    }

    return ngx_vrrp_group_rules(cf, &in->core, other);
}


static const vrrp_core_address_conf_t *
ngx_vrrp_find_address(const vrrp_core_address_conf_t *list, size_t n,
    const vrrp_core_address_conf_t *address)
{
    size_t  i;

    for (i = 0; i < n; i++) {

        if (!ngx_vrrp_same_ip(&list[i].address, &address->address)) {
            continue;
        }

        /* a link-local address may be used on every link */

        if (ngx_vrrp_link_local(&address->address)
            && !ngx_vrrp_same_str(&list[i].interface, &address->interface))
        {
            continue;
        }

        return &list[i];
    }

    return NULL;
}
