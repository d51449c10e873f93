
/*
 * IP addresses in the configuration.
 */


#include "ngx_vrrp_ip.h"


static const char *ngx_vrrp_unusable_ipv4(const u_char *octets);
static const char *ngx_vrrp_unusable_ipv6(const u_char *octets);


/* inet_pton() is stricter than ngx_inet_addr(), which takes "10..1.1" */

const char *
ngx_vrrp_parse_ip(u_char *data, size_t len, vrrp_core_ip_t *ip)
{
    char  text[INET6_ADDRSTRLEN];

    ngx_memzero(ip, sizeof(vrrp_core_ip_t));

    if (len < sizeof(text)) {
        ngx_cpystrn((u_char *) text, data, len + 1);

        if (inet_pton(AF_INET, text, ip->octets) == 1) {
            ip->family = 4;
            return ngx_vrrp_unusable_ipv4(ip->octets);
        }

        if (inet_pton(AF_INET6, text, ip->octets) == 1) {
            ip->family = 6;
            return ngx_vrrp_unusable_ipv6(ip->octets);
        }
    }

    return "must be an IPv4 or IPv6 address";
}


/* NULL, or why no host can have the address */

static const char *
ngx_vrrp_unusable_ipv4(const u_char *octets)
{
    if (octets[0] == 0) {
        return "it is an unspecified address";
    }

    if (octets[0] == 127) {
        return "it is a loopback address";
    }

    if (octets[0] >= 224 && octets[0] <= 239) {
        return "it is a multicast address";
    }

    if (octets[0] == 255 && octets[1] == 255 && octets[2] == 255
        && octets[3] == 255)
    {
        return "it is the broadcast address";
    }

    return NULL;
}


static const char *
ngx_vrrp_unusable_ipv6(const u_char *octets)
{
    struct in6_addr  addr;

    ngx_memcpy(&addr, octets, sizeof(addr));

    if (IN6_IS_ADDR_UNSPECIFIED(&addr)) {
        return "it is the unspecified address";
    }

    if (IN6_IS_ADDR_LOOPBACK(&addr)) {
        return "it is the loopback address";
    }

    if (IN6_IS_ADDR_MULTICAST(&addr)) {
        return "it is a multicast address";
    }

    if (IN6_IS_ADDR_V4MAPPED(&addr)) {
        return "it is an IPv4-mapped address, write it as IPv4";
    }

    return NULL;
}


ngx_uint_t
ngx_vrrp_same_ip(const vrrp_core_ip_t *a, const vrrp_core_ip_t *b)
{
    return a->family == b->family
           && ngx_memcmp(a->octets, b->octets, sizeof(a->octets)) == 0;
}


const char *
ngx_vrrp_ip_text(const vrrp_core_ip_t *ip, char *buf)
{
    return inet_ntop(ip->family == 4 ? AF_INET : AF_INET6, ip->octets, buf,
                     INET6_ADDRSTRLEN);
}


/* fe80::/10 */

ngx_uint_t
ngx_vrrp_link_local(const vrrp_core_ip_t *ip)
{
    return ip->family == 6 && ip->octets[0] == 0xfe
           && (ip->octets[1] & 0xc0) == 0x80;
}


ngx_uint_t
ngx_vrrp_sockaddr_ip(struct sockaddr *sockaddr, vrrp_core_ip_t *ip)
{
    struct sockaddr_in   *sin;
#if (NGX_HAVE_INET6)
    struct sockaddr_in6  *sin6;
#endif

    ngx_memzero(ip, sizeof(vrrp_core_ip_t));

    switch (sockaddr->sa_family) {

    case AF_INET:
        sin = (struct sockaddr_in *) sockaddr;
        ip->family = 4;
        ngx_memcpy(ip->octets, &sin->sin_addr, 4);
        return 1;

#if (NGX_HAVE_INET6)
    case AF_INET6:
        sin6 = (struct sockaddr_in6 *) sockaddr;

        if (IN6_IS_ADDR_V4MAPPED(&sin6->sin6_addr)) {
            ip->family = 4;
            ngx_memcpy(ip->octets, &sin6->sin6_addr.s6_addr[12], 4);
            return 1;
        }

        ip->family = 6;
        ngx_memcpy(ip->octets, &sin6->sin6_addr, 16);
        return 1;
#endif

    default: /* AF_UNIX */
        return 0;
    }
}
