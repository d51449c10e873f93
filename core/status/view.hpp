// All data for an answer about this node, read from shared memory at one
// moment. Any process may read it, and never has to wait for another one.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
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

// Of the module, see os::LoadedFile. Empty: not known.
struct Builds {
    std::string running;
    std::string installed;  // of the file from which it was loaded, now

    bool differ() const {
        return !running.empty() && !installed.empty() && running != installed;
    }
};

struct View {
    Snapshot snapshot;
    Checks checks;
    std::vector<engine::Heartbeat> workers;     // those that beat
    std::vector<TransitionRecord> transitions;  // the newest first
    std::int32_t notifier = 0;                  // pid; 0: none
    std::vector<ChannelRecord> channels{};      // its receivers
    PeerReports peer_reports{};
    Builds builds{};
    Moment moment;
};

// Nothing before the vrrp process has published for the first time, or if it
// died while it did. If it has ended and nginx has started no other one, the
// instances are in FAULT with this reason, and the pid is 0.
std::optional<Snapshot> take_snapshot(const Area &area);
std::optional<View> take_view(const Area &area, const WorkerArea &workers,
                              const Moment &moment);

// The time since the last report of the vrrp process. It reports whenever it is
// awake, and every 1.5 s: an older report means that the process hangs or has
// ended.
inline constexpr Duration kFresh = Seconds{3};

inline Duration age(const Snapshot &snapshot, Instant now) {
    return now - instant_from_ns(snapshot.node.published_at_ns);
}

// Without a vrrp process, nothing can change any more.
inline bool is_fresh(const Snapshot &snapshot, Instant now) {
    return snapshot.node.pid == 0 || age(snapshot, now) <= kFresh;
}

// A worker with a late heartbeat, by the limit of the vrrp process.
bool is_stalled(const View &view, const engine::Heartbeat &worker);

}  // namespace ngx_vrrp::status
