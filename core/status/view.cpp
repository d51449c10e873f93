#include "core/status/view.hpp"

#include <algorithm>
#include <functional>
#include <string_view>

#include "core/vrrp/state.hpp"

namespace ngx_vrrp::status {

namespace {

// Two processes may write in turn while one replaces the other.
std::vector<TransitionRecord> newest_first(
    std::vector<TransitionRecord> transitions) {
    std::ranges::reverse(transitions);
    std::ranges::stable_sort(transitions, std::greater{},
                             &TransitionRecord::at_ns);
    return transitions;
}

// The counters of a notifier process that has ended have no owner.
std::vector<ChannelRecord> channels_of(const Area &area) {
    return area.notifier() == 0 ? std::vector<ChannelRecord>{}
                                : area.channels().read();
}

constexpr std::string_view kNoProcess =
    "this nginx has no vrrp process: reload it when no other nginx binary runs";

// The last report of the process, perhaps MASTER, is no longer true.
void set_ended(Snapshot &snapshot) {
    snapshot.node.pid = 0;
    for (InstanceRecord &instance : snapshot.instances) {
        instance.state.set(public_name(vrrp::StateName::fault));
        instance.fault.set(kNoProcess);
        instance.retry_at_ns = 0;
        instance.signs = {};
        instance.lost_adverts = {};
        instance.drain = {};
        instance.master_address.set("");
    }
}

}  // namespace

std::optional<Snapshot> take_snapshot(const Area &area) {
    auto snapshot = area.read();
    if (snapshot && area.has_ended(area.generation())) {
        set_ended(*snapshot);
    }
    return snapshot;
}

std::optional<View> take_view(const Area &area, const WorkerArea &workers,
                              const Moment &moment) {
    auto snapshot = take_snapshot(area);
    if (!snapshot) {
        return std::nullopt;
    }
    return View{.snapshot = *std::move(snapshot),
                .checks = take_checks(area.checks(area.generation())),
                .workers = workers.heartbeats(),
                .transitions = newest_first(area.transitions().read()),
                .notifier = area.notifier(),
                .channels = channels_of(area),
                .peer_reports = area.read_peer_reports(),
                .moment = moment};
}

bool is_stalled(const View &view, const engine::Heartbeat &worker) {
    const Duration timeout{view.snapshot.node.worker_timeout_ns};
    return timeout != Duration{0} &&
           !engine::is_fresh(worker, timeout, view.moment.now);
}

}  // namespace ngx_vrrp::status
