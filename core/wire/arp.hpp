// The gratuitous ARP that tells the LAN where a virtual IPv4 address is now.
#pragma once

#include "core/base/bytes.hpp"
#include "core/base/ip.hpp"
#include "core/base/types.hpp"

namespace ngx_vrrp::wire {

// A whole Ethernet frame (42 octets): broadcast ARP request in which sender
// and target protocol address are both `address` (RFC 9568, 8.1.2; RFC 5227,
// 3 on why a request and not a reply). address must be IPv4.
Buffer gratuitous_arp(const MacAddress &sender, const IpAddress &address);

}  // namespace ngx_vrrp::wire
