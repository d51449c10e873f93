// core/base has what all rooms use: types of numbers and times, addresses,
// errors, texts, and the log. Nothing here depends on another room or on the
// operating system. A function that can fail returns a Result or a Status.
//
// One type per meaning: a VRID cannot be passed in place of a priority.
#pragma once

#include <array>
#include <compare>
#include <cstdint>

namespace ngx_vrrp {

// Virtual Router Identifier, 1..255 (RFC 9568, 5.2.3).
enum class Vrid : std::uint8_t {};

// Index of a network interface; 0 means "there is no such interface now".
enum class IfIndex : std::uint32_t { none = 0 };

enum class Family : std::uint8_t { ipv4 = 4, ipv6 = 6 };

enum class Version : std::uint8_t { v2 = 2, v3 = 3 };

constexpr std::uint8_t to_number(Vrid v) {
    return static_cast<std::uint8_t>(v);
}

constexpr std::uint32_t to_number(IfIndex i) {
    return static_cast<std::uint32_t>(i);
}

constexpr int to_number(Family f) {
    return static_cast<int>(f);
}

constexpr std::uint8_t to_number(Version v) {
    return static_cast<std::uint8_t>(v);
}

// Priority, 0..255 (RFC 9568, 5.2.4).
struct Priority {
    std::uint8_t value = 100;

    friend constexpr auto operator<=>(Priority, Priority) = default;
};

// "The priority value zero (0) has special meaning, indicating that the
// current Active Router has stopped participating in VRRP."
inline constexpr Priority kPriorityZero{0};

// "The priority value for the VRRP Router that owns the IPvX address ...
// MUST be 255."
inline constexpr Priority kPriorityOwner{255};

using MacAddress = std::array<std::uint8_t, 6>;

}  // namespace ngx_vrrp
