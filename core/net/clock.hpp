// The one place that reads the clocks.
#pragma once

#include <ctime>

#include "core/base/time.hpp"

namespace ngx_vrrp::net {

inline Instant now() {
    timespec ts{};
    ::clock_gettime(CLOCK_BOOTTIME, &ts);
    return Instant{Seconds{ts.tv_sec} + Duration{ts.tv_nsec}};
}

// Only for people: nothing is decided by the time of day.
inline std::chrono::sys_time<Duration> wall_clock() {
    timespec ts{};
    ::clock_gettime(CLOCK_REALTIME, &ts);
    return std::chrono::sys_time<Duration>{Seconds{ts.tv_sec} +
                                           Duration{ts.tv_nsec}};
}

}  // namespace ngx_vrrp::net
