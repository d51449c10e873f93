// The one place that reads the clocks.
#pragma once

#include <ctime>

#include "core/base/time.hpp"

namespace ngx_vrrp::os {

[[gnu::hot]] inline Instant now() {
    timespec ts{};
    ::clock_gettime(CLOCK_BOOTTIME, &ts);
    return Instant{Seconds{ts.tv_sec} + Duration{ts.tv_nsec}};
}

// For people, and for authenticated advertisements: nothing else is decided by
// the date.
inline WallTime wall_clock() {
    timespec ts{};
    ::clock_gettime(CLOCK_REALTIME, &ts);
    return WallTime{Seconds{ts.tv_sec} + Duration{ts.tv_nsec}};
}

// Since midnight, in the machine's time zone, which may change at run time.
inline Seconds time_of_day() {
    const std::time_t now = std::time(nullptr);
    std::tm local{};
    ::tzset();
    ::localtime_r(&now, &local);
    return std::chrono::hours{local.tm_hour} +
           std::chrono::minutes{local.tm_min} + Seconds{local.tm_sec};
}

}  // namespace ngx_vrrp::os
