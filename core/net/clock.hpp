// The one place that reads the clock.
#pragma once

#include <ctime>

#include "core/base/time.hpp"

namespace ngx_vrrp::net {

inline Instant now() {
    timespec ts{};
    ::clock_gettime(CLOCK_BOOTTIME, &ts);
    return Instant{Seconds{ts.tv_sec} + Duration{ts.tv_nsec}};
}

}  // namespace ngx_vrrp::net
