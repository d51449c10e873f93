// The capacity of the shared memory. The master computes it from the
// configuration, and all its processes take it from there: no size, count or
// position is ever taken from the memory itself.
#pragma once

#include <cstddef>

namespace ngx_vrrp::status {

struct Room {
    std::size_t instances = 0;
    std::size_t addresses = 0;  // of all instances
    std::size_t trackers = 0;
    std::size_t routes = 0;  // and rules
    std::size_t checks = 0;

    friend bool operator==(const Room &, const Room &) = default;
};

// The same for a configuration of that size and for a slightly larger one, so
// that not every reload needs a new memory.
constexpr Room room_for(const Room &amounts) {
    constexpr std::size_t kStep = 16;
    const auto rounded = [](std::size_t amount) {
        return (amount / kStep + 1) * kStep;
    };
    return {.instances = rounded(amounts.instances),
            .addresses = rounded(amounts.addresses),
            .trackers = rounded(amounts.trackers),
            .routes = rounded(amounts.routes),
            .checks = rounded(amounts.checks)};
}

}  // namespace ngx_vrrp::status
