// IP addresses of both families as values: parse, print, compare.
#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "core/base/types.hpp"

namespace ngx_vrrp {

// Ordered by family, then "as an unsigned integer in network byte order",
// which is how VRRP breaks ties (RFC 9568, 6.4.3).
class IpAddress {
public:
    constexpr IpAddress() = default;

    static IpAddress v4(std::array<std::uint8_t, 4> octets);
    static IpAddress v6(std::array<std::uint8_t, 16> octets);

    // octets.size() must be 4 or 16 and decides the family.
    static IpAddress from_octets(std::span<const std::uint8_t> octets);

    // Dotted quad or RFC 4291 text; nothing else, no zone, no mask.
    static std::optional<IpAddress> parse(std::string_view text);

    Family family() const { return family_; }
    std::span<const std::uint8_t> octets() const;

    // 0.0.0.0 or ::, "not known".
    bool is_unspecified() const;
    bool is_multicast() const;
    // fe80::/10 or 169.254.0.0/16
    bool is_link_local() const;

    // Canonical text: dotted quad, or RFC 5952.
    [[gnu::cold]] std::string to_string() const;

    friend auto operator<=>(const IpAddress &, const IpAddress &) = default;

private:
    Family family_ = Family::ipv4;
    std::array<std::uint8_t, 16> octets_{};
};

// Bytes of an address on the wire: 4 or 16.
constexpr std::size_t address_size(Family family) {
    return family == Family::ipv4 ? 4 : 16;
}

// 32 or 128.
constexpr std::uint8_t host_prefix_length(Family family) {
    return family == Family::ipv4 ? 32 : 128;
}

// Of one family, with the same first `length` bits: addresses of one subnet.
bool same_prefix(const IpAddress &a, const IpAddress &b, unsigned length);

}  // namespace ngx_vrrp
