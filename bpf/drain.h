
/*
 * What the programs of the drain and the vrrp process share: a table of
 * addresses in a BPF map that the process has mapped.  Only the process adds
 * and removes entries; the programs read them and count.
 */


#ifndef _DRAIN_H_INCLUDED_
#define _DRAIN_H_INCLUDED_


#include <linux/types.h>


/* sections of the object file, one for each program; the symbol of the map */

#define DRAIN_INGRESS       "ingress"
#define DRAIN_EGRESS        "egress"
#define DRAIN_TABLE         "drain_table"

/* a power of two; an entry is in one of the places after that of its hash */

#define DRAIN_ENTRIES       1024
#define DRAIN_PLACES        8


/*
 * A MAC address is the first six octets of its number in memory, 0 is none.
 * The words that a program reads to decide are written as a whole.
 */

struct drain_entry {
    __u32  interface;       /* its index; 0: this place is free */
    __u32  address[4];      /* as on the wire; IPv4: ::ffff:a.b.c.d */
    __u32  unused;
    __u64  forward_until;   /* CLOCK_MONOTONIC, ns; 0: nothing is forwarded */
    __u64  forward_to;      /* MAC address of the node that left */
    __u64  forward_from;    /* the MAC address of this node */
    __u64  hide_until;      /* CLOCK_MONOTONIC, ns; 0: not hidden */
    __u64  hide_behind;     /* MAC address of the node that forwards to us */
    __u64  own_address;     /* sender of our ARP requests, as on the wire */
    __u64  seen;            /* not 0: a frame to the address has been seen */
    __u64  forwarded;       /* segments */
    __u64  received;        /* segments, from hide_behind */
    __u64  returned;        /* came from where we would send them to */
    __u64  expired;         /* dropped: TTL or hop limit */
};


/* the place of an entry; neighbours differ in the last octets only */

static inline __u32
drain_hash(__u32 interface, const __u32 *address)
{
    __u32  hash;

    hash = interface;
    hash = hash * 31 + address[0];
    hash = hash * 31 + address[1];
    hash = hash * 31 + address[2];
    hash = hash * 31 + address[3];

    /* all bits of the sum change the lower ones */

    hash ^= hash >> 16;
    hash *= 0x9e3779b1U;
    hash ^= hash >> 15;

    return hash;
}


#endif /* _DRAIN_H_INCLUDED_ */
