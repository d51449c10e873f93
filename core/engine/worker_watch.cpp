#include "core/engine/worker_watch.hpp"

#include <algorithm>
#include <functional>

namespace ngx_vrrp::engine {

namespace {

Instant stale_at(const Heartbeat &heartbeat, Duration timeout) {
    return std::min(heartbeat.beat + timeout, heartbeat.gone_at);
}

}  // namespace

[[gnu::hot]] std::vector<std::int32_t> pids_of(
    std::span<const Heartbeat> heartbeats) {
    std::vector<std::int32_t> pids;
    for (const Heartbeat &heartbeat : heartbeats) {
        pids.push_back(heartbeat.pid);
    }
    return pids;
}

[[gnu::hot]] bool are_of(std::span<const Heartbeat> heartbeats,
                         std::span<const std::int32_t> pids) {
    return std::ranges::equal(heartbeats, pids, {}, &Heartbeat::pid);
}

bool is_fresh(const Heartbeat &heartbeat, Duration timeout, Instant now) {
    return heartbeat.pid != 0 && now < stale_at(heartbeat, timeout);
}

// Four beats in a timeout: a busy worker may be late with three of them.
Duration heartbeat_interval(Duration timeout) {
    return std::max(timeout / 4, Duration{Milliseconds{1}});
}

[[gnu::hot]] WorkerVerdict judge_workers(std::span<const Heartbeat> heartbeats,
                                         unsigned required, Duration timeout,
                                         Instant now,
                                         std::vector<Instant> &memory) {
    std::vector<Instant> &ends = memory;  // of each fresh worker
    ends.clear();
    for (const Heartbeat &heartbeat : heartbeats) {
        if (is_fresh(heartbeat, timeout, now)) {
            ends.push_back(stale_at(heartbeat, timeout));
        }
    }

    WorkerVerdict verdict{.fresh = static_cast<unsigned>(ends.size()),
                          .healthy = ends.size() >= required,
                          .good_until = {}};
    if (required == 0) {
        verdict.good_until = Instant::max();
    } else if (verdict.healthy) {
        // the first moment with fewer than `required` workers: when the
        // youngest worker number `required` becomes stale
        const auto last = ends.begin() + (required - 1);
        if (required == 1) {
            std::iter_swap(last, std::ranges::max_element(ends));
        } else {
            std::nth_element(ends.begin(), last, ends.end(), std::greater<>{});
        }
        verdict.good_until = *last;
    }
    return verdict;
}

WorkerVerdict judge_workers(std::span<const Heartbeat> heartbeats,
                            unsigned required, Duration timeout, Instant now) {
    std::vector<Instant> memory;
    return judge_workers(heartbeats, required, timeout, now, memory);
}

}  // namespace ngx_vrrp::engine
