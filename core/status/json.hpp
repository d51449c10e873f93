// The status of a node as JSON.
#pragma once

#include <string>

#include "core/base/time.hpp"
#include "core/status/checks.hpp"
#include "core/status/snapshot.hpp"

namespace ngx_vrrp::status {

// Both clocks at the moment of the answer: ages come from the first, times of
// day from the second.
struct Moment {
    Instant now{};
    std::chrono::sys_time<Duration> wall{};
};

std::string to_json(const Snapshot &snapshot, const Checks &checks,
                    const Moment &moment);

}  // namespace ngx_vrrp::status
