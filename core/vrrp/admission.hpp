// Which adverts a virtual router accepts, and how the configuration of a peer
// differs from ours.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "core/base/ip.hpp"
#include "core/vrrp/config.hpp"
#include "core/wire/advertisement.hpp"
#include "core/wire/drop_reason.hpp"

namespace ngx_vrrp::vrrp {

// The IP header's part of a received packet.
struct PacketInfo {
    wire::Endpoints endpoints;
    std::uint8_t ttl = 0;  // or hop limit
};

// 224.0.0.18 or ff02::12 (RFC 9568, 5.1.1.2 and 5.1.2.2).
IpAddress multicast_group(Family family);

// The TTL (hop limit) that an advert must have at least: 255 (RFC
// 9568, 5.1.1.3; in unicast too, unlike keepalived). IPv6 unicast peers may
// send 64, because keepalived does, unless its configuration says unicast_ttl
// 255.
std::uint8_t least_ttl(const Config &config);

// The reason to ignore the advert, if there is one: TTL, version,
// authentication type and all 8 octets of data in constant time, v2 interval
// (RFC 3768, 7.1), destination fits the mode, unicast source is a peer, source
// is not ourselves.
std::optional<wire::DropReason> refuse(const Config &config,
                                       const IpAddress &own_source,
                                       const wire::Advertisement &advert,
                                       const PacketInfo &packet);

// Differences between an accepted peer's advert and our configuration, as a
// sentence that says what to change, or nothing: v3 interval, address list, two
// address owners.
std::optional<std::string> mismatch(const Config &config,
                                    const wire::Advertisement &advert,
                                    const IpAddress &source);

}  // namespace ngx_vrrp::vrrp
