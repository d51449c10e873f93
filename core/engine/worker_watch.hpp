// Are enough nginx workers alive? Each worker notes the time in shared memory
// from a timer of its own event loop, so a worker that hangs, is stopped or
// is gone stops doing so: no process list, no script.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "core/base/time.hpp"

namespace ngx_vrrp::engine {

struct Heartbeat {
    std::int32_t pid = 0;
    Instant beat{};  // of the last one
    // It has ended, and counts until then: nginx's master replaces a worker
    // within milliseconds, which is no reason to move the address.
    Instant gone_at = Instant::max();
};

std::vector<std::int32_t> pids_of(std::span<const Heartbeat> heartbeats);

// It beats in time, or is being replaced.
bool is_fresh(const Heartbeat &heartbeat, Duration timeout, Instant now);

struct WorkerVerdict {
    unsigned fresh = 0;    // workers heard within the timeout
    bool healthy = false;  // at least as many as required
    Instant good_until{};  // healthy: not before then can it change
};

// How often a worker beats, and how often to look while they are missing.
Duration heartbeat_interval(Duration timeout);

// required = 0 is always healthy, for ever.
WorkerVerdict judge_workers(std::span<const Heartbeat> heartbeats,
                            unsigned required, Duration timeout, Instant now);

}  // namespace ngx_vrrp::engine
