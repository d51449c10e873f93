// The times of the last N events, to detect that they occur too often. Plain
// numbers, all zero at first, so that it can be in shared memory.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>

#include "core/base/time.hpp"

namespace ngx_vrrp::engine {

template <std::size_t N>
struct LastTimes {
    std::array<Instant, N> at{};  // the oldest first

    constexpr void add(Instant now) {
        std::rotate(at.begin(), at.begin() + 1, at.end());
        at.back() = now;
    }

    // There were N events, and they are less than `period` apart.
    constexpr bool are_within(Duration period) const {
        return at.front() != Instant{} && at.back() - at.front() < period;
    }
};

}  // namespace ngx_vrrp::engine
