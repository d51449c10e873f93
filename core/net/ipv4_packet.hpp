// An IPv4 packet as a raw socket delivers it, with its header.
#pragma once

#include <optional>

#include "core/base/bytes.hpp"
#include "core/vrrp/admission.hpp"

namespace ngx_vrrp::net {

struct IpPacket {
    vrrp::PacketInfo info;
    Bytes payload;
};

// Options are skipped, and what follows the Total Length (Ethernet's padding)
// is cut off. Nothing when the packet is shorter than its header says.
std::optional<IpPacket> parse_ipv4(Bytes packet);

// The packet is longer than the buffer: the payload is what was received.
std::optional<IpPacket> parse_beginning_of_ipv4(Bytes packet);

}  // namespace ngx_vrrp::net
