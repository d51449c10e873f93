// What the shared memory has room for. It is computed from the configuration,
// by the master, and all its processes know it from there: no size, count or
// position is ever taken from the memory itself.
#pragma once

#include <cstddef>

namespace ngx_vrrp::status {

struct Room {
    std::size_t instances = 0;
    std::size_t addresses = 0;  // of all instances
    std::size_t trackers = 0;
    std::size_t checks = 0;

    friend bool operator==(const Room &, const Room &) = default;
};

// For a configuration of that size and for one that is a little larger, so that
// not every reload needs other memory.
constexpr Room room_for(const Room &amounts) {
    constexpr std::size_t kStep = 16;
    const auto rounded = [](std::size_t amount) {
        return (amount / kStep + 1) * kStep;
    };
    return {.instances = rounded(amounts.instances),
            .addresses = rounded(amounts.addresses),
            .trackers = rounded(amounts.trackers),
            .checks = rounded(amounts.checks)};
}

}  // namespace ngx_vrrp::status
