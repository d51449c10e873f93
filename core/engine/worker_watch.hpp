// Are enough nginx workers alive? Each worker writes the time to shared memory
// from a timer of its own event loop. A worker that hangs, is stopped or has
// ended no longer writes: no process list, no script is needed.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "core/base/time.hpp"

namespace ngx_vrrp::engine {

struct Heartbeat {
    std::int32_t pid = 0;
    Instant beat{};  // of the last one
    // The worker has ended, and counts until then: nginx's master replaces a
    // worker within milliseconds, which must not move the address.
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
    Instant good_until{};  // healthy: it cannot change before then
};

// The interval between the beats of a worker, and the interval of checks while
// workers are missing.
Duration heartbeat_interval(Duration timeout);

// required = 0 is always healthy, for ever. memory: is used again.
WorkerVerdict judge_workers(std::span<const Heartbeat> heartbeats,
                            unsigned required, Duration timeout, Instant now,
                            std::vector<Instant> &memory);
WorkerVerdict judge_workers(std::span<const Heartbeat> heartbeats,
                            unsigned required, Duration timeout, Instant now);

}  // namespace ngx_vrrp::engine
