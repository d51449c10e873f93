// The echo of ICMP (RFC 792) and of ICMPv6 (RFC 4443, 4.1 and 4.2): requests
// are built, replies are read. Messages begin with their type, after the IP
// header.
#pragma once

#include <cstdint>
#include <optional>

#include "core/base/bytes.hpp"
#include "core/base/types.hpp"

namespace ngx_vrrp::wire {

inline constexpr std::uint8_t kIcmpv4EchoReply = 0;
inline constexpr std::uint8_t kIcmpv6EchoReply = 129;

struct Echo {
    std::uint16_t identifier = 0;
    std::uint16_t sequence = 0;
    Bytes payload;
};

// The checksum of ICMPv6 covers addresses that only the kernel has: it is left
// zero, and a raw socket fills it in.
Buffer echo_request(Family family, const Echo &echo);

// The payload is a part of the message. Nothing if it is not an echo reply:
// another type or code, too short or, with ICMPv4, damaged (the kernel has
// verified messages of an ICMPv6 socket).
std::optional<Echo> parse_echo_reply(Family family, Bytes message);

}  // namespace ngx_vrrp::wire
