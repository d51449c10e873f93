// The process that makes a check. A separate process runs scripts, because it
// has other privileges: each of the two may live without the other.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "core/base/time.hpp"

namespace ngx_vrrp::check {

enum class Role : std::uint8_t {
    probes,  // the vrrp checker process
    scripts  // the vrrp runner process
};

inline constexpr std::array<Role, 2> kRoles{Role::probes, Role::scripts};

constexpr std::size_t index_of(Role role) {
    return static_cast<std::size_t>(role);
}

// The word in the name of the process.
constexpr std::string_view to_string(Role role) {
    return role == Role::probes ? "checker" : "runner";
}

// Heartbeat and delays of a process that makes checks.
struct Beat {
    Instant at{};  // 0: no report yet
    std::uint64_t late_wakes = 0;
    Duration worst_lag{0};
};

}  // namespace ngx_vrrp::check
