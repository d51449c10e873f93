// Times and durations from memory that other processes can write.
#pragma once

#include <algorithm>
#include <cstdint>
#include <limits>

namespace ngx_vrrp {

// Sums and differences of such values cannot overflow.
constexpr std::int64_t sane_time(std::int64_t ns) {
    return std::clamp<std::int64_t>(
        ns, 0, std::numeric_limits<std::int64_t>::max() / 4);
}

}  // namespace ngx_vrrp
