// A node with one virtual router, as a worker sees it.
#pragma once

#include "core/status/view.hpp"

namespace ngx_vrrp::status {

inline Snapshot snapshot() {
    Snapshot s;
    s.node.router_id.set("lb01");
    s.node.nginx_version.set("1.22.1");
    s.node.pid = 42;
    s.node.generation = 3;
    s.node.worker_timeout_ns = 2'000'000'000;
    s.node.configured_at_ns = 500'000'000;
    s.node.instances = 1;
    s.node.started_at_ns = 1'000'000'000;
    s.node.published_at_ns = 9'900'000'000;
    s.node.not_before_ns = 12'500'000'000;
    s.node.realtime_priority = 50;
    s.node.mlock = 1;
    s.node.timer_lag.record(Milliseconds{1});
    s.node.timer_lag.record(Milliseconds{20});

    InstanceRecord instance{};
    instance.name.set("VI_1");
    instance.state.set("MASTER");
    instance.reason.set("no advertisement for 3609 ms");
    instance.interface.set("eth0");
    instance.vrid = 51;
    instance.family = 4;
    instance.version = 3;
    instance.base_priority = 100;
    instance.effective_priority = 80;
    instance.addresses = 1;
    instance.trackers = 2;
    instance.since_ns = 8'000'000'000;
    instance.signs[1].since_ns = 9'000'000'000;
    instance.signs[1].detail.set("02:00:00:00:00:0b has 10.0.1.5, too");
    instance.counters.adverts_sent = 7;
    instance.counters.dropped[0] = 2;
    s.instances.push_back(instance);

    AddressRecord address{};
    address.address.set("10.0.1.5/24");
    address.interface.set("eth0");
    address.present = 1;
    s.addresses.push_back(address);

    TrackerRecord pool{};
    pool.type.set("track_upstream");
    pool.name.set("web");
    pool.reason.set("0 of 2 servers up");
    pool.state = check::Verdict::down;
    pool.weighted = 1;
    pool.weight = -20;
    pool.adds = -20;
    pool.is_pool = 1;
    pool.servers = 2;
    pool.servers_needed = 1;
    s.trackers.push_back(pool);

    TrackerRecord link{};
    link.type.set("track_interface");
    link.name.set("eth1");
    link.state = check::Verdict::up;
    s.trackers.push_back(link);
    return s;
}

inline TransitionRecord transition() {
    TransitionRecord record{};
    record.at_ns = 8'000'000'000;
    record.wall_ns = 1709251196'000'000'000;  // 2024-02-29T23:59:56Z
    record.pid = 42;
    record.instance.set("VI_1");
    record.from.set("BACKUP");
    record.to.set("MASTER");
    record.reason.set("no advertisement for 3609 ms");
    return record;
}

inline Moment moment() {
    using namespace std::chrono;
    return {.now = instant_from_ns(10'000'000'000),
            .wall = sys_days{2024y / February / 29} + 23h + 59min + 58s};
}

inline View view_of(const Snapshot &s, const Checks &checks = {}) {
    return {.snapshot = s,
            .checks = checks,
            .workers = {{.pid = 77, .beat = instant_from_ns(9'750'000'000)}},
            .transitions = {transition()},
            .moment = moment()};
}

}  // namespace ngx_vrrp::status
