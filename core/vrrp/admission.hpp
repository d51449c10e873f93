// Decides which advertisements a virtual router accepts, and in which settings
// a peer differs from us.
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

    friend bool operator==(const PacketInfo &, const PacketInfo &) = default;
};

// 224.0.0.18 or ff02::12 (RFC 9568, 5.1.1.2 and 5.1.2.2).
IpAddress multicast_group(Family family);
IpAddress multicast_group(const Config &config);

// The minimum TTL (hop limit) of an advertisement from any peer: 255 (RFC 9568,
// 5.1.1.3).
std::uint8_t least_ttl(const Config &config);

const UnicastPeer *find_peer(const Config &config, const IpAddress &address);

// The reason to drop the advertisement, or nothing. Checks TTL, version,
// authentication type and all 8 octets of data in constant time, v2 interval
// (RFC 3768, 7.1), that the destination fits the mode, that a unicast source is
// a peer, and that the source is not ourselves.
std::optional<wire::DropReason> refuse(const Config &config,
                                       const IpAddress &own_source,
                                       const wire::Advertisement &advert,
                                       const PacketInfo &packet);

// The difference between the advertisement of an accepted peer and our
// configuration, as a sentence with the change to make, or nothing: v3
// interval, address list, two address owners.
std::optional<std::string> mismatch(const Config &config,
                                    const wire::Advertisement &advert,
                                    const IpAddress &source);

}  // namespace ngx_vrrp::vrrp
