// Times of day as text.
#pragma once

#include <string>

#include "core/base/log.hpp"
#include "core/base/time.hpp"

namespace ngx_vrrp {

// RFC 3339, UTC, milliseconds.
inline std::string to_rfc3339(std::chrono::sys_time<Duration> t) {
    using namespace std::chrono;
    const auto day = floor<days>(t);
    const year_month_day date{day};
    const hh_mm_ss time{floor<milliseconds>(t - day)};
    return format("%04d-%02u-%02uT%02d:%02d:%02d.%03dZ", int{date.year()},
                  unsigned{date.month()}, unsigned{date.day()},
                  static_cast<int>(time.hours().count()),
                  static_cast<int>(time.minutes().count()),
                  static_cast<int>(time.seconds().count()),
                  static_cast<int>(time.subseconds().count()));
}

}  // namespace ngx_vrrp
