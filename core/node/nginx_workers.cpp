#include "core/node/nginx_workers.hpp"

#include <cerrno>

#include "core/base/find.hpp"
#include "core/os/clock.hpp"

namespace ngx_vrrp::node {

namespace {

constexpr unsigned kShortChecks = 3;

bool has(const std::vector<engine::Heartbeat> &list, std::int32_t pid) {
    return find_first(list, pid, &engine::Heartbeat::pid) != nullptr;
}

}  // namespace

// There are 1024 slots, and few workers: while the known workers have
// heartbeats, all slots are read only sometimes. A worker that is replaced
// leaves its slot, or ends.
[[gnu::hot]] void NginxWorkers::read() {
    area_.read_heartbeats(slots_, list_);
    if (short_checks_ != 0 && ended_.empty() && engine::are_of(list_, known_)) {
        --short_checks_;
        return;
    }
    area_.find_beating(slots_);
    area_.read_heartbeats(slots_, list_);
    const bool same = engine::are_of(list_, known_);
    if (!same) {
        known_ = engine::pids_of(list_);
    }
    short_checks_ = same ? kShortChecks : 0;
}

[[gnu::hot]] std::optional<Instant> NginxWorkers::oldest_beat() {
    if (short_checks_ == 0 || !ended_.empty()) {
        return std::nullopt;
    }
    --short_checks_;
    return area_.oldest_beat(slots_, known_);
}

[[gnu::hot]] std::span<const engine::Heartbeat> NginxWorkers::heartbeats() {
    read();
    add_leavers();
    if (!ended_.empty()) {
        std::erase_if(ended_,
                      [&](const Ended &e) { return !has(list_, e.pid); });
    }
    const Instant now = os::now();
    counted_.clear();
    for (engine::Heartbeat &heartbeat : list_) {
        heartbeat.gone_at = gone_at(heartbeat.pid);
        if (heartbeat.gone_at > now) {
            counted_.push_back(heartbeat);
        }
    }
    return list_;
}

// A worker that withdraws its heartbeat counts like one that ended: on a reload
// the old workers may be gone before the new ones have been scheduled.
[[gnu::hot]] void NginxWorkers::add_leavers() {
    for (const engine::Heartbeat &before : counted_) {
        if (has(list_, before.pid)) {
            continue;
        }
        if (!find_first(ended_, before.pid, &Ended::pid)) {
            ended(before.pid);
        }
        list_.push_back({.pid = before.pid, .beat = os::now()});
    }
}

void NginxWorkers::ended(int pid) {
    ended_.push_back({pid, os::now()});
}

[[gnu::hot]] Instant NginxWorkers::gone_at(std::int32_t pid) {
    if (const Ended *known = find_first(ended_, pid, &Ended::pid)) {
        return known->at + respawn_time_;
    }
    const Status watched = host_.watch_process(pid);
    if (!watched && watched.error().code == ESRCH) {
        ended(pid);
        return os::now() + respawn_time_;
    }
    return Instant::max();
}

}  // namespace ngx_vrrp::node
