// The part of Neighbour Discovery (RFC 4861) that virtual IPv6 addresses need:
// announce where an address is, ask whether another host has it, and read who
// claims it.
#pragma once

#include <cstddef>
#include <optional>

#include "core/base/bytes.hpp"
#include "core/base/ip.hpp"
#include "core/base/types.hpp"
#include "core/wire/neighbour.hpp"

namespace ngx_vrrp::wire {

// Offset of the target address in a message, from the ICMPv6 type on.
inline constexpr std::size_t kNdiscTargetOffset = 8;

// A whole Ethernet frame (86 octets) from `address` to ff02::1 with hop limit
// 255, the Override flag and a Target Link-Layer Address option (RFC 4861,
// 4.4; RFC 9568, 8.2.4). address must be IPv6.
Buffer unsolicited_neighbour_advertisement(const MacAddress &sender,
                                           const IpAddress &address,
                                           bool is_router);

// A whole Ethernet frame (86 octets): who has `address`? To its solicited-node
// group (RFC 4861, 4.3; RFC 4291, 2.7.1). `sender` is a real address of this
// node, and only this address gets the answer. With the unspecified address, as
// in duplicate address detection, the answer would go to all nodes and update
// their caches. With `to`, only this host receives it. Both addresses must be
// IPv6.
Buffer neighbour_solicitation(const Neighbour &sender, const IpAddress &address,
                              const std::optional<MacAddress> &to = {});

// A Neighbour Advertisement, beginning with its type, whose hop limit was 255
// and whose checksum is right: the target, and its link-layer address. Nothing
// if it is not valid (RFC 4861, 7.1.2), or does not announce the target.
std::optional<Neighbour> parse_neighbour_advertisement(Bytes message);

}  // namespace ngx_vrrp::wire
