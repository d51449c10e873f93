// The trailer of an authenticated VRRP packet, after the ADVERTISEMENT and
// outside of its length: what keepalived 2.4.2 and newer send with "auth_hmac"
// (draft-cassen-vrrp-auth-hmac). It is the same in both versions and families,
// and in the copies for all unicast peers.
//
//  0                   1                   2                   3
//  0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
// +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
// |     Type      |    Key Id     |              0                |
// +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
// |                   seconds since 1970, UTC                     |
// +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
// |     1/65536 of a second       |           counter             |
// +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
// |        the first 16 octets of an HMAC-SHA256 (16 octets)      |
// +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
#pragma once

#include <array>
#include <cstdint>

#include "core/base/bytes.hpp"
#include "core/base/ip.hpp"
#include "core/base/time.hpp"

namespace ngx_vrrp::wire {

inline constexpr std::size_t kHmacTrailerSize = 28;

// HMAC-SHA256-128. No other type is known.
inline constexpr std::uint8_t kHmacTrailerType = 1;

// Seconds, fraction and counter as one number that only grows. It wraps around
// in the year 2106: compare with is_after().
using Sequence = std::uint64_t;

using Mac = std::array<std::uint8_t, 16>;

struct HmacTrailer {
    std::uint8_t type = kHmacTrailerType;
    std::uint8_t key_id = 0;
    std::uint16_t reserved = 0;
    Sequence sequence = 0;
    Mac mac{};

    friend bool operator==(const HmacTrailer &, const HmacTrailer &) = default;
};

// RFC 1982.
constexpr bool is_after(Sequence a, Sequence b) {
    return static_cast<std::int64_t>(a - b) > 0;
}

// Of this time, with the counter 0.
Sequence sequence_of(WallTime time);

constexpr std::uint32_t seconds_of(Sequence sequence) {
    return static_cast<std::uint32_t>(sequence >> 32);
}

// octets: kHmacTrailerSize of them.
HmacTrailer parse_hmac_trailer(Bytes octets);

Buffer serialize(const HmacTrailer &trailer);

// The input of the HMAC: family, version, VRID and source of the packet, the
// advertisement without its checksum, and the trailer without its HMAC. The
// destination is not in it, and neither is the checksum, which the kernel of an
// IPv6 sender may write.
//
// pdu: the ADVERTISEMENT without the trailer, at least its header.
Buffer signed_octets(Bytes pdu, const IpAddress &source,
                     const HmacTrailer &trailer);

// Constant time: it does not depend on the position of the first difference.
bool equal_in_constant_time(Bytes a, Bytes b);

}  // namespace ngx_vrrp::wire
