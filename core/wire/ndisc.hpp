// The unsolicited Neighbour Advertisement that tells the LAN where a virtual
// IPv6 address is now.
#pragma once

#include "core/base/bytes.hpp"
#include "core/base/ip.hpp"
#include "core/base/types.hpp"

namespace ngx_vrrp::wire {

// A whole Ethernet frame (86 octets) from `address` to ff02::1 with hop limit
// 255, the Override flag and a Target Link-Layer Address option (RFC 4861,
// 4.4; RFC 9568, 8.2.4). address must be IPv6.
Buffer unsolicited_neighbour_advertisement(const MacAddress &sender,
                                           const IpAddress &address,
                                           bool is_router);

}  // namespace ngx_vrrp::wire
