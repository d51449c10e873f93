// All that an answer about this node is made from, read from shared memory at
// one moment. Any process may take it, and no other one can make it wait.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "core/base/time.hpp"
#include "core/engine/worker_watch.hpp"
#include "core/status/area.hpp"
#include "core/status/checks.hpp"
#include "core/status/snapshot.hpp"
#include "core/status/transitions.hpp"
#include "core/status/worker_area.hpp"

namespace ngx_vrrp::status {

// Both clocks at the moment of the answer: ages come from the first, times of
// day from the second.
struct Moment {
    Instant now{};
    std::chrono::sys_time<Duration> wall{};
};

struct View {
    Snapshot snapshot;
    Checks checks;
    std::vector<engine::Heartbeat> workers;     // those that beat
    std::vector<TransitionRecord> transitions;  // the newest first
    std::int32_t notifier = 0;                  // pid; 0: none
    std::vector<ChannelRecord> channels{};      // that it tells
    Moment moment;
};

// Nothing before the vrrp process has published anything, or when it died
// while it did. When it has ended and nginx has started no other one, the
// instances are in FAULT, which says so, and the pid is 0.
std::optional<Snapshot> take_snapshot(const Area &area);
std::optional<View> take_view(const Area &area, const WorkerArea &workers,
                              const Moment &moment);

// How long ago the vrrp process said that it lives. It does so whenever it is
// awake, and each 1.5 s: what is older than this is no news of a process that
// lives.
inline constexpr Duration kFresh = Seconds{3};

inline Duration age(const Snapshot &snapshot, Instant now) {
    return now - instant_from_ns(snapshot.node.published_at_ns);
}

// Without a vrrp process nothing can change any more.
inline bool is_fresh(const Snapshot &snapshot, Instant now) {
    return snapshot.node.pid == 0 || age(snapshot, now) <= kFresh;
}

// A worker that beats too late, as the vrrp process judges it.
bool is_stalled(const View &view, const engine::Heartbeat &worker);

}  // namespace ngx_vrrp::status
