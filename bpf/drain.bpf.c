
/*
 * The programs of the drain, see core/net/drain_programs.hpp.  One runs where
 * an interface receives, the other one where it sends.  They end with
 * TC_ACT_UNSPEC, so that the filters of others run as well, unless they
 * redirect or drop the frame.
 *
 * Left to the kernel of this node, whose reset may end the connection:
 * fragments, of which only the first one has ports, and IPv6 packets with
 * extension headers.  TCP has neither, as a rule.  Connections that netfilter
 * or IPVS passes on to another address belong to no socket here: they look
 * like those of the node that left.
 *
 * A frame with a VLAN ID belongs to the interface of that VLAN, and the program
 * there gets it without the tag.
 *
 * All headers are copied.  In place they could be read only where the packet
 * is linear; otherwise it would reach this kernel, and its reset the client.
 */


#include <stddef.h>
#include <linux/bpf.h>
#include <linux/icmpv6.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <linux/in.h>
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <linux/pkt_cls.h>

#include "drain.h"


#define DRAIN_INLINE         static inline __attribute__((always_inline))
#define DRAIN_SECTION(name)  __attribute__((section(name), used))

#if (__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__)
#define drain_net16(n)       ((__u16) __builtin_bswap16(n))
#define drain_net32(n)       ((__u32) __builtin_bswap32(n))
#else
#define drain_net16(n)       ((__u16) (n))
#define drain_net32(n)       ((__u32) (n))
#endif

#define DRAIN_VLAN_ID        0x0fff
#define DRAIN_FRAGMENT       0x3fff    /* more fragments, or an offset */
#define DRAIN_OFFSET         0x1fff

/* <linux/icmp.h> and <linux/if_arp.h> include headers of the C library */

#define DRAIN_ICMP_UNREACHABLE  3
#define DRAIN_ICMP_EXCEEDED     11
#define DRAIN_ICMP_PARAMETER    12

#define DRAIN_ARP_ETHERNET   1
#define DRAIN_ARP_REQUEST    1

/* include/net/tcp_states.h of the kernel */

#define DRAIN_TCP_LISTEN     10

#define DRAIN_TCP_SYN        0x02
#define DRAIN_TCP_ACK        0x10


typedef struct {
    __u32               ports;         /* the first two fields */
    __u32               seq;
    __u32               ack_seq;
    __u8                offset;
    __u8                flags;
    __u16               window;
    __u16               check;
    __u16               urg_ptr;
} drain_tcp_t;


typedef struct {
    __u16               hardware;
    __u16               protocol;
    __u8                hardware_size;
    __u8                protocol_size;
    __u16               operation;
    __u8                source_mac[ETH_ALEN];
    __u32               source;
    __u8                target_mac[ETH_ALEN];
    __u32               target;
} __attribute__((packed)) drain_arp_t;


typedef struct {
    __u8                type;
    __u8                code;
    __u16               check;
    __u32               rest;
} drain_icmp_t;


typedef union {
    struct iphdr        v4;
    struct ipv6hdr      v6;
} drain_ip_t;


/*
 * A segment to this node; or an ICMP error to this node about a segment that
 * it has sent: then tuple is that of the segments that it gets.
 */

typedef struct {
    drain_ip_t             ip;
    drain_tcp_t            tcp;
    struct bpf_sock_tuple  tuple;
    __u32                  is_error;
} drain_packet_t;


/* the map; the vrrp process puts its descriptor here */

extern char  drain_table[];


static void *(*bpf_map_lookup_elem)(void *map, const void *key) =
    (void *) BPF_FUNC_map_lookup_elem;
static __u64 (*bpf_ktime_get_ns)(void) = (void *) BPF_FUNC_ktime_get_ns;
static long (*bpf_skb_load_bytes)(const void *skb, __u32 offset, void *to,
    __u32 size) = (void *) BPF_FUNC_skb_load_bytes;
static long (*bpf_skb_store_bytes)(void *skb, __u32 offset, const void *from,
    __u32 size, __u64 flags) = (void *) BPF_FUNC_skb_store_bytes;
static long (*bpf_l3_csum_replace)(void *skb, __u32 offset, __u64 from,
    __u64 to, __u64 size) = (void *) BPF_FUNC_l3_csum_replace;
static long (*bpf_redirect)(__u32 interface, __u64 flags) =
    (void *) BPF_FUNC_redirect;
static struct bpf_sock *(*bpf_skc_lookup_tcp)(void *skb,
    struct bpf_sock_tuple *tuple, __u32 size, __u64 netns, __u64 flags) =
    (void *) BPF_FUNC_skc_lookup_tcp;
static long (*bpf_sk_release)(void *socket) = (void *) BPF_FUNC_sk_release;
static long (*bpf_tcp_check_syncookie)(void *socket, const void *ip,
    __u32 ip_size, const void *tcp, __u32 tcp_size) =
    (void *) BPF_FUNC_tcp_check_syncookie;


/* bpf_tcp_check_syncookie() is for programs with a license like GPL only */

DRAIN_SECTION("license") char  drain_license[] = "Dual BSD/GPL";


DRAIN_INLINE struct drain_entry *
drain_find(__u32 interface, const __u32 *address)
{
    __u32                i, hash, key;
    struct drain_entry  *entry;

    hash = drain_hash(interface, address);

#pragma unroll
    for (i = 0; i < DRAIN_PLACES; i++) {
        key = (hash + i) & (DRAIN_ENTRIES - 1);
        entry = bpf_map_lookup_elem(drain_table, &key);

        if (entry == NULL) {
            return NULL;
        }

        if (entry->interface == interface
            && entry->address[0] == address[0]
            && entry->address[1] == address[1]
            && entry->address[2] == address[2]
            && entry->address[3] == address[3])
        {
            return entry;
        }
    }

    return NULL;
}


DRAIN_INLINE struct drain_entry *
drain_find_v4(__u32 interface, __u32 address)
{
    __u32  mapped[4];

    mapped[0] = 0;
    mapped[1] = 0;
    mapped[2] = drain_net32(0xffff);
    mapped[3] = address;

    return drain_find(interface, mapped);
}


/* of this node, which keeps it at "lo" */

DRAIN_INLINE struct drain_entry *
drain_find_hidden(struct __sk_buff *skb, __u32 address)
{
    struct drain_entry  *entry;

    entry = drain_find_v4(skb->ifindex, address);

    if (entry == NULL || entry->hide_until <= bpf_ktime_get_ns()) {
        return NULL;
    }

    return entry;
}


DRAIN_INLINE __u64
drain_mac(const __u8 *octets)
{
    __u64  mac;

    mac = 0;
    __builtin_memcpy(&mac, octets, ETH_ALEN);

    return mac;
}


/* Returns 0 for a packet that is no request for an address of another host */

DRAIN_INLINE int
drain_load_arp(struct __sk_buff *skb, drain_arp_t *arp)
{
    if (bpf_skb_load_bytes(skb, ETH_HLEN, arp, sizeof(drain_arp_t)) != 0) {
        return 0;
    }

    return arp->hardware == drain_net16(DRAIN_ARP_ETHERNET)
           && arp->protocol == drain_net16(ETH_P_IP)
           && arp->hardware_size == ETH_ALEN
           && arp->protocol_size == 4
           && arp->operation == drain_net16(DRAIN_ARP_REQUEST)
           && arp->source != arp->target;
}


/* the kernel would answer: the address is its own still, at "lo" */

DRAIN_INLINE int
drain_receive_arp(struct __sk_buff *skb)
{
    drain_arp_t  arp;

    if (!drain_load_arp(skb, &arp)
        || drain_find_hidden(skb, arp.target) == NULL)
    {
        return TC_ACT_UNSPEC;
    }

    return TC_ACT_SHOT;
}


/* whoever gets a request notes its sender: it would look for the VIP here */

DRAIN_INLINE int
drain_send_arp(struct __sk_buff *skb)
{
    __u32                own;
    drain_arp_t          arp;
    struct drain_entry  *entry;

    if (!drain_load_arp(skb, &arp)) {
        return TC_ACT_UNSPEC;
    }

    entry = drain_find_hidden(skb, arp.source);

    if (entry == NULL) {
        return TC_ACT_UNSPEC;
    }

    own = entry->own_address;

    (void) bpf_skb_store_bytes(skb, ETH_HLEN + offsetof(drain_arp_t, source),
                               &own, sizeof(own), 0);

    return TC_ACT_UNSPEC;
}


DRAIN_INLINE int
drain_load_tcp(struct __sk_buff *skb, drain_packet_t *packet, __u32 offset)
{
    drain_tcp_t  *tcp;

    tcp = &packet->tcp;

    if (bpf_skb_load_bytes(skb, offset, tcp, sizeof(drain_tcp_t)) != 0) {
        return 0;
    }

    /* a new connection belongs here */

    return (tcp->flags & (DRAIN_TCP_SYN|DRAIN_TCP_ACK)) != DRAIN_TCP_SYN;
}


/* Return 0 for what is left to the kernel */

DRAIN_INLINE int
drain_load_v4(struct __sk_buff *skb, drain_packet_t *packet)
{
    __u32          offset;
    __u16          ports[2];
    drain_icmp_t   icmp;
    struct iphdr   about, *ip;

    ip = &packet->ip.v4;
    offset = ETH_HLEN + ip->ihl * 4;

    if (ip->ihl < 5 || (ip->frag_off & drain_net16(DRAIN_FRAGMENT))) {
        return 0;
    }

    if (ip->protocol == IPPROTO_TCP) {

        if (!drain_load_tcp(skb, packet, offset)) {
            return 0;
        }

        packet->is_error = 0;
        packet->tuple.ipv4.saddr = ip->saddr;
        packet->tuple.ipv4.daddr = ip->daddr;
        __builtin_memcpy(&packet->tuple.ipv4.sport, &packet->tcp.ports, 4);

        return 1;
    }

    if (ip->protocol != IPPROTO_ICMP
        || bpf_skb_load_bytes(skb, offset, &icmp, sizeof(icmp)) != 0
        || (icmp.type != DRAIN_ICMP_UNREACHABLE
            && icmp.type != DRAIN_ICMP_EXCEEDED
            && icmp.type != DRAIN_ICMP_PARAMETER))
    {
        return 0;
    }

    offset += sizeof(icmp);

    if (bpf_skb_load_bytes(skb, offset, &about, sizeof(about)) != 0
        || about.protocol != IPPROTO_TCP
        || (about.frag_off & drain_net16(DRAIN_OFFSET))
        || about.saddr != ip->daddr
        || bpf_skb_load_bytes(skb, offset + about.ihl * 4, ports,
                              sizeof(ports)) != 0)
    {
        return 0;
    }

    packet->is_error = 1;
    packet->tuple.ipv4.saddr = about.daddr;
    packet->tuple.ipv4.daddr = about.saddr;
    packet->tuple.ipv4.sport = ports[1];
    packet->tuple.ipv4.dport = ports[0];

    return 1;
}


DRAIN_INLINE int
drain_load_v6(struct __sk_buff *skb, drain_packet_t *packet)
{
    __u32            offset;
    __u16            ports[2];
    struct ipv6hdr   about, *ip;
    struct icmp6hdr  icmp;

    ip = &packet->ip.v6;
    offset = ETH_HLEN + sizeof(struct ipv6hdr);

    if (ip->nexthdr == IPPROTO_TCP) {

        if (!drain_load_tcp(skb, packet, offset)) {
            return 0;
        }

        packet->is_error = 0;
        __builtin_memcpy(packet->tuple.ipv6.saddr, &ip->saddr, 16);
        __builtin_memcpy(packet->tuple.ipv6.daddr, &ip->daddr, 16);
        __builtin_memcpy(&packet->tuple.ipv6.sport, &packet->tcp.ports, 4);

        return 1;
    }

    if (ip->nexthdr != IPPROTO_ICMPV6
        || bpf_skb_load_bytes(skb, offset, &icmp, sizeof(icmp)) != 0
        || icmp.icmp6_type < ICMPV6_DEST_UNREACH
        || icmp.icmp6_type > ICMPV6_PARAMPROB)
    {
        return 0;
    }

    offset += sizeof(icmp);

    if (bpf_skb_load_bytes(skb, offset, &about, sizeof(about)) != 0
        || about.nexthdr != IPPROTO_TCP
        || about.saddr.s6_addr32[0] != ip->daddr.s6_addr32[0]
        || about.saddr.s6_addr32[1] != ip->daddr.s6_addr32[1]
        || about.saddr.s6_addr32[2] != ip->daddr.s6_addr32[2]
        || about.saddr.s6_addr32[3] != ip->daddr.s6_addr32[3]
        || bpf_skb_load_bytes(skb, offset + sizeof(about), ports,
                              sizeof(ports)) != 0)
    {
        return 0;
    }

    packet->is_error = 1;
    __builtin_memcpy(packet->tuple.ipv6.saddr, &about.daddr, 16);
    __builtin_memcpy(packet->tuple.ipv6.daddr, &about.saddr, 16);
    packet->tuple.ipv6.sport = ports[1];
    packet->tuple.ipv6.dport = ports[0];

    return 1;
}


/*
 * A listening socket has the connection only if this node has answered its SYN
 * with a cookie, and so kept nothing.
 */

DRAIN_INLINE int
drain_belongs_here(struct __sk_buff *skb, drain_packet_t *packet, int is_v6)
{
    int               here;
    __u32             size;
    struct bpf_sock  *socket;

    size = is_v6 ? sizeof(packet->tuple.ipv6) : sizeof(packet->tuple.ipv4);

    socket = bpf_skc_lookup_tcp(skb, &packet->tuple, size,
                                BPF_F_CURRENT_NETNS, 0);

    if (socket == NULL) {
        return 0;
    }

    here = 1;

    if (socket->state == DRAIN_TCP_LISTEN) {
        size = is_v6 ? sizeof(struct ipv6hdr) : sizeof(struct iphdr);

        here = !packet->is_error
               && bpf_tcp_check_syncookie(socket, &packet->ip, size,
                                          &packet->tcp, sizeof(drain_tcp_t))
                  == 0;
    }

    bpf_sk_release(socket);

    return here;
}


/* Returns 0 if the packet is at the end of its life */

DRAIN_INLINE int
drain_lower_ttl(struct __sk_buff *skb, drain_packet_t *packet, int is_v6)
{
    __u8   ttl;
    __u32  offset;

    if (is_v6) {
        ttl = packet->ip.v6.hop_limit;

        if (ttl <= 1) {
            return 0;
        }

        ttl--;
        offset = ETH_HLEN + offsetof(struct ipv6hdr, hop_limit);

        return bpf_skb_store_bytes(skb, offset, &ttl, sizeof(ttl),
                                   BPF_F_RECOMPUTE_CSUM)
               == 0;
    }

    ttl = packet->ip.v4.ttl;

    if (ttl <= 1) {
        return 0;
    }

    /* the TTL is the first octet of a word of the checksum */

    offset = ETH_HLEN + offsetof(struct iphdr, check);

    if (bpf_l3_csum_replace(skb, offset, drain_net16(ttl << 8),
                            drain_net16((ttl - 1) << 8), 2)
        != 0)
    {
        return 0;
    }

    ttl--;
    offset = ETH_HLEN + offsetof(struct iphdr, ttl);

    return bpf_skb_store_bytes(skb, offset, &ttl, sizeof(ttl), 0) == 0;
}


DRAIN_INLINE int
drain_forward(struct __sk_buff *skb, struct drain_entry *entry,
    drain_packet_t *packet, __u64 segments, int is_v6)
{
    __u8   macs[2 * ETH_ALEN];
    __u64  from, to;

    to = entry->forward_to;
    from = entry->forward_from;

    if (!drain_lower_ttl(skb, packet, is_v6)) {
        __sync_fetch_and_add(&entry->expired, segments);
        return TC_ACT_SHOT;
    }

    __builtin_memcpy(macs, &to, ETH_ALEN);
    __builtin_memcpy(&macs[ETH_ALEN], &from, ETH_ALEN);

    if (bpf_skb_store_bytes(skb, 0, macs, sizeof(macs), 0) != 0) {
        return TC_ACT_SHOT;
    }

    __sync_fetch_and_add(&entry->forwarded, segments);

    /* a tag of priority, VLAN 0, stays */

    return bpf_redirect(skb->ifindex, 0);
}


DRAIN_INLINE int
drain_receive_ip(struct __sk_buff *skb, int is_v6)
{
    __u64                now, from, segments;
    __u32                size;
    struct ethhdr        frame;
    drain_packet_t       packet;
    struct drain_entry  *entry;

    /* promiscuous interfaces show frames that are for others */

    if (skb->pkt_type != PACKET_HOST
        || bpf_skb_load_bytes(skb, 0, &frame, sizeof(frame)) != 0)
    {
        return TC_ACT_UNSPEC;
    }

    size = is_v6 ? sizeof(struct ipv6hdr) : sizeof(struct iphdr);

    if (bpf_skb_load_bytes(skb, ETH_HLEN, &packet.ip, size) != 0) {
        return TC_ACT_UNSPEC;
    }

    entry = is_v6 ? drain_find(skb->ifindex, packet.ip.v6.daddr.s6_addr32)
                  : drain_find_v4(skb->ifindex, packet.ip.v4.daddr);

    if (entry == NULL) {
        return TC_ACT_UNSPEC;
    }

    if (!entry->seen) {
        entry->seen = 1;
    }

    now = bpf_ktime_get_ns();
    from = drain_mac(frame.h_source);
    segments = skb->gso_segs ? skb->gso_segs : 1;

    if (entry->hide_until > now && from == entry->hide_behind) {
        __sync_fetch_and_add(&entry->received, segments);
    }

    if (entry->forward_until <= now
        || !(is_v6 ? drain_load_v6(skb, &packet) : drain_load_v4(skb, &packet))
        || drain_belongs_here(skb, &packet, is_v6))
    {
        return TC_ACT_UNSPEC;
    }

    /* it would go to and fro, as fast as both nodes can */

    if (from == entry->forward_to
        || drain_mac(frame.h_dest) == entry->forward_to)
    {
        __sync_fetch_and_add(&entry->returned, segments);
        return TC_ACT_UNSPEC;
    }

    return drain_forward(skb, entry, &packet, segments, is_v6);
}


DRAIN_INLINE int
drain_has_vlan(struct __sk_buff *skb)
{
    return skb->vlan_present && (skb->vlan_tci & DRAIN_VLAN_ID);
}


DRAIN_SECTION(DRAIN_INGRESS) int
drain_ingress(struct __sk_buff *skb)
{
    if (drain_has_vlan(skb)) {
        return TC_ACT_UNSPEC;
    }

    if (skb->protocol == drain_net16(ETH_P_IP)) {
        return drain_receive_ip(skb, 0);
    }

    if (skb->protocol == drain_net16(ETH_P_IPV6)) {
        return drain_receive_ip(skb, 1);
    }

    if (skb->protocol == drain_net16(ETH_P_ARP)) {
        return drain_receive_arp(skb);
    }

    return TC_ACT_UNSPEC;
}


DRAIN_SECTION(DRAIN_EGRESS) int
drain_egress(struct __sk_buff *skb)
{
    if (!drain_has_vlan(skb) && skb->protocol == drain_net16(ETH_P_ARP)) {
        return drain_send_arp(skb);
    }

    return TC_ACT_UNSPEC;
}
