#include "core/status/sane.hpp"

#include <algorithm>
#include <initializer_list>

#include "core/base/sane_time.hpp"

namespace ngx_vrrp::status {

namespace {

void make_sane(std::initializer_list<std::int64_t *> times) {
    for (std::int64_t *time : times) {
        *time = sane_time(*time);
    }
}

}  // namespace

NodeRecord made_sane(NodeRecord record) {
    make_sane({&record.worker_timeout_ns, &record.configured_at_ns,
               &record.started_at_ns, &record.published_at_ns,
               &record.not_before_ns, &record.preempts_from_ns,
               &record.timer_lag.last_ns, &record.timer_lag.max_ns,
               &record.timer_lag.sum_ns});
    return record;
}

UnknownRouterRecord made_sane(UnknownRouterRecord record) {
    make_sane({&record.heard_ns});
    return record;
}

PeerRecord made_sane(PeerRecord record) {
    make_sane({&record.since_ns});
    record.routers = static_cast<std::uint32_t>(
        std::min<std::size_t>(record.routers, record.list.size()));
    for (peer::RouterStatus &router : record.list) {
        router.you_are_next = router.you_are_next != 0 ? 1 : 0;
    }
    return record;
}

InstanceRecord made_sane(InstanceRecord record) {
    make_sane({&record.advert_int_ns, &record.since_ns, &record.master_heard_ns,
               &record.master_interval_ns, &record.retry_at_ns,
               &record.released_until_ns, &record.lost_adverts.since_ns,
               &record.drain.since_ns, &record.drain.ends_ns,
               &record.drain.forwards_since_ns});
    for (SignRecord &sign : record.signs) {
        make_sane({&sign.since_ns});
    }
    return record;
}

TrackerRecord made_sane(TrackerRecord record) {
    if (!check::is_known(record.state)) {
        record.state = check::Verdict::unknown;
    }
    make_sane({&record.bfd.transmit_interval_ns,
               &record.bfd.receive_interval_ns, &record.bfd.detection_time_ns,
               &record.bfd.changed_at_ns});
    return record;
}

TransitionRecord made_sane(TransitionRecord record) {
    make_sane({&record.at_ns, &record.wall_ns});
    return record;
}

ChannelRecord made_sane(ChannelRecord record) {
    make_sane({&record.failed_at_ns, &record.delivered_at_ns});
    return record;
}

engine::CrashHistory made_sane(engine::CrashHistory history, Instant now) {
    for (Instant &at : history.last.at) {
        at = std::clamp(at, Instant{}, now);
    }
    engine::Backoff &out = history.out;
    out.length =
        std::clamp(out.length, Duration::zero(), engine::kLongestBackoff);
    out.ends_at = std::clamp(out.ends_at, Instant{}, now + out.length);
    return history;
}

}  // namespace ngx_vrrp::status
