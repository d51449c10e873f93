#include "core/health/worker_watch.hpp"

#include <algorithm>
#include <functional>
#include <vector>

namespace ngx_vrrp::health {

// Four beats in a timeout: a busy worker may be late with three of them.
Duration heartbeat_interval(Duration timeout) {
    return std::max(timeout / 4, Duration{Milliseconds{1}});
}

WorkerVerdict judge_workers(std::span<const Heartbeat> heartbeats,
                            unsigned required, Duration timeout, Instant now) {
    std::vector<Instant> stale_at;  // of each fresh worker
    for (const Heartbeat &heartbeat : heartbeats) {
        const Instant stale =
            std::min(heartbeat.beat + timeout, heartbeat.gone_at);
        if (heartbeat.pid != 0 && now < stale) {
            stale_at.push_back(stale);
        }
    }

    WorkerVerdict verdict{.fresh = static_cast<unsigned>(stale_at.size()),
                          .healthy = stale_at.size() >= required,
                          .good_until = {}};
    if (required == 0) {
        verdict.good_until = Instant::max();
    } else if (verdict.healthy) {
        // the first moment with fewer than `required`: the required-th
        // youngest worker gets stale
        const auto last = stale_at.begin() + (required - 1);
        std::nth_element(stale_at.begin(), last, stale_at.end(),
                         std::greater<>{});
        verdict.good_until = *last;
    }
    return verdict;
}

}  // namespace ngx_vrrp::health
