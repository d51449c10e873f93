#include "core/net/ipv4_packet.hpp"

#include <algorithm>

#include "core/base/ip.hpp"

namespace ngx_vrrp::net {

namespace {

constexpr std::size_t kMinHeader = 20;
constexpr std::size_t kTtlOffset = 8;
constexpr std::size_t kSource = 12;
constexpr std::size_t kDestination = 16;

struct Lengths {
    std::size_t header;
    std::size_t total;
};

Lengths lengths_of(Bytes packet) {
    return {static_cast<std::size_t>(packet[0] & 0x0f) * 4,
            static_cast<std::size_t>(packet[2]) << 8 | packet[3]};
}

bool has_header(Bytes packet) {
    if (packet.size() < kMinHeader || packet[0] >> 4 != 4) {
        return false;
    }
    const Lengths lengths = lengths_of(packet);
    return lengths.header >= kMinHeader && lengths.total >= lengths.header &&
           packet.size() >= lengths.header;
}

}  // namespace

[[gnu::hot]] std::optional<IpPacket> parse_ipv4(Bytes packet) {
    if (!has_header(packet) || packet.size() < lengths_of(packet).total) {
        return std::nullopt;
    }
    return parse_beginning_of_ipv4(packet);
}

[[gnu::hot]] std::optional<IpPacket> parse_beginning_of_ipv4(Bytes packet) {
    if (!has_header(packet)) {
        return std::nullopt;
    }

    const Lengths lengths = lengths_of(packet);
    const std::size_t end = std::min(lengths.total, packet.size());
    IpPacket parsed;
    parsed.info.endpoints.source =
        IpAddress::from_octets(packet.subspan(kSource, 4));
    parsed.info.endpoints.destination =
        IpAddress::from_octets(packet.subspan(kDestination, 4));
    parsed.info.ttl = packet[kTtlOffset];
    parsed.payload = packet.subspan(lengths.header, end - lengths.header);
    return parsed;
}

}  // namespace ngx_vrrp::net
