// The Internet checksum (RFC 1071), with the pseudo headers of VRRP and ICMPv6.
#pragma once

#include <cstdint>

#include "core/base/bytes.hpp"
#include "core/base/ip.hpp"

namespace ngx_vrrp {

// IANA protocol numbers.
inline constexpr std::uint8_t kProtocolIcmpv6 = 58;
inline constexpr std::uint8_t kProtocolVrrp = 112;

// A one's complement sum that can be fed piece by piece. Only the last piece
// may have an odd length.
class Checksum {
public:
    Checksum &add(Bytes bytes);

    // RFC 8200, 8.1 for IPv6; the same shape with IPv4 addresses and 16-bit
    // length is what keepalived, FRR and Wireshark use for VRRPv3 over IPv4.
    Checksum &add_pseudo_header(const IpAddress &source,
                                const IpAddress &destination,
                                std::uint8_t protocol, std::size_t length);

    // The value for the checksum field, or 0 when the summed bytes already
    // contain a right one.
    std::uint16_t value() const;

private:
    std::uint64_t sum_ = 0;
};

}  // namespace ngx_vrrp
