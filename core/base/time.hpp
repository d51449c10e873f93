// Time inside the core: typed, in nanoseconds, always passed in. Nothing in
// the core reads a clock (core/os/clock.hpp is the one place that does).
// Assigning centiseconds to seconds, the classic mistake of VRRP
// implementations, does not compile.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <ratio>

namespace ngx_vrrp {

// CLOCK_BOOTTIME: it continues while the machine is suspended, so a node that
// slept can detect it.
struct BootClock {
    using rep = std::int64_t;
    using period = std::nano;
    using duration = std::chrono::nanoseconds;
    using time_point = std::chrono::time_point<BootClock>;
    static constexpr bool is_steady = true;
};

using Duration = std::chrono::nanoseconds;
using Instant = BootClock::time_point;

// CLOCK_REALTIME, which may be set: for people, and for peers that compare it.
using WallTime = std::chrono::sys_time<Duration>;

using Milliseconds = std::chrono::milliseconds;
using Seconds = std::chrono::seconds;

// The unit of the VRRPv3 Max Advertise Interval (RFC 9568, 5.2.7).
using Centiseconds = std::chrono::duration<std::uint32_t, std::centi>;

constexpr Instant instant_from_ns(std::int64_t ns) {
    return Instant{Duration{ns}};
}

constexpr std::int64_t to_ns(Instant t) {
    return t.time_since_epoch().count();
}

constexpr std::int64_t to_ms(Duration d) {
    return std::chrono::duration_cast<Milliseconds>(d).count();
}

// The earliest of several deadlines; nothing means no deadline.
constexpr void take_earlier(std::optional<Instant> &earliest,
                            const std::optional<Instant> &other) {
    if (other && (!earliest || *other < *earliest)) {
        earliest = other;
    }
}

}  // namespace ngx_vrrp
