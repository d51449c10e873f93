// Are enough nginx workers alive? Each worker writes the time to shared memory,
// from a timer of its own event loop, so a worker that hangs, is stopped or has
// ended stops doing so: no process list, no script.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "core/base/time.hpp"

namespace ngx_vrrp::engine {

struct Heartbeat {
    std::int32_t pid = 0;
    Instant beat{};  // of the last one
    // It has ended, and counts for this time: nginx's master replaces a worker
    // within milliseconds, so the address should not move.
    Instant gone_at = Instant::max();
};

std::vector<std::int32_t> pids_of(std::span<const Heartbeat> heartbeats);

// Whether these heartbeats are of exactly these workers, in this order.
bool are_of(std::span<const Heartbeat> heartbeats,
            std::span<const std::int32_t> pids);

// Its heartbeat is recent, or it is being replaced.
bool is_fresh(const Heartbeat &heartbeat, Duration timeout, Instant now);

struct WorkerVerdict {
    unsigned fresh = 0;    // workers heard within the timeout
    bool healthy = false;  // at least as many as required
    Instant good_until{};  // healthy: not before then can it change
};

// The interval of heartbeats, and of looks while some are missing.
Duration heartbeat_interval(Duration timeout);

// required = 0 is always healthy, for ever.
WorkerVerdict judge_workers(std::span<const Heartbeat> heartbeats,
                            unsigned required, Duration timeout, Instant now);

}  // namespace ngx_vrrp::engine
