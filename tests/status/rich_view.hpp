// A node with some of everything that the status can show, and with texts that
// have to be escaped.
#pragma once

#include "core/check/record.hpp"
#include "tests/status/view_fixture.hpp"

namespace ngx_vrrp::status {

inline InstanceRecord backup_instance() {
    InstanceRecord instance{};
    instance.name.set("VI_6");
    instance.state.set("BACKUP");
    instance.reason.set("advertisement with \"higher\" priority <200>");
    instance.fault.set("crashed, staying in FAULT for 10 s");
    instance.interface.set("eth1");
    instance.source.set("fe80::1");
    instance.master_address.set("fe80::2");
    instance.master_priority = 200;
    instance.master_interval_ns = 330'000'000;
    instance.master_heard_ns = 9'688'000'000;
    instance.vrid = 61;
    instance.family = 6;
    instance.version = 3;
    instance.unicast = 1;
    instance.preempt = 1;
    instance.preempt_windows.set("02:00-04:00 22:00-23:00");
    instance.window_open = 1;
    instance.released = 1;
    instance.rescue = 1;
    instance.released_until_ns = 1'810'000'000'000;
    instance.authentication.set("HMAC");
    instance.authentication_mode.set("permissive");
    instance.active_key = 2;
    instance.base_priority = 150;
    instance.effective_priority = 150;
    instance.first_address = 1;
    instance.addresses = 2;
    instance.first_tracker = 2;
    instance.trackers = 2;
    instance.routes = 3;
    instance.advert_int_ns = 1'000'000'000;
    instance.since_ns = 2'500'000'000;
    instance.retry_at_ns = 15'000'000'000;
    for (std::size_t i = 0; i < instance.signs.size(); ++i) {
        instance.signs[i].since_ns = 3'000'000'000;
        instance.signs[i].detail.set("a & b\tc");
    }
    instance.lost_adverts.since_ns = 4'000'000'000;
    instance.lost_adverts.detail.set("a & b");
    instance.drain.has_link = 1;
    instance.drain.since_ns = 9'000'000'000;
    instance.drain.ends_ns = 20'000'000'000;
    instance.drain.connections = 3;
    instance.drain.segments = 40;
    instance.drain.forwards_since_ns = 8'000'000'000;
    instance.drain.forwards_to.set("lb2 (10.0.1.2)");
    instance.drain.forwarded_connections = 5;
    instance.drain.forwarded_segments = 60;
    std::uint64_t number = 100;
    for (const engine::CounterName &entry : engine::kCounterNames) {
        instance.counters.*entry.counter = ++number;
    }
    instance.counters.dropped.fill(9);
    return instance;
}

inline Snapshot rich_snapshot() {
    Snapshot s = snapshot();
    s.node.fresh_workers = 2;
    s.node.unknown_vrid_packets = 11;
    for (const bool is_ipv6 : {false, true}) {
        UnknownRouterRecord router{};
        router.interface.set("eth0");
        router.sender.set(is_ipv6 ? "fe80::9" : "10.0.1.9");
        router.vrid = is_ipv6 ? 53 : 52;
        router.family = is_ipv6 ? 6 : 4;
        router.packets = is_ipv6 ? 4 : 7;
        router.heard_ns = is_ipv6 ? 9'000'000'000 : 9'500'000'000;
        s.unknown_routers.push_back(router);
    }
    PeerRecord peer{};
    peer.router_id.set("lb2");
    peer.nginx_version.set("1.22.1");
    peer.version.set("0.1.0");
    peer.interface.set("eth1");
    peer.address.set("fe80::2");
    peer.state = peer::PeerState::up;
    peer.since_ns = 9'000'000'000;
    peer.node = 7;
    peer.has_secret = 1;
    peer.routers = 2;
    peer.list[0] = {Family::ipv6, Vrid{61}, peer::RouterState::master,
                    Priority{200}, true};
    peer.list[1] = {Family::ipv4, Vrid{62}, peer::RouterState::fault,
                    Priority{0}};
    s.peers.push_back(peer);
    peer = {};
    peer.interface.set("eth1");
    peer.address.set("fe80::3");
    peer.since_ns = 9'000'000'000;
    peer.reason.set("connect() failed (111: Connection refused)");
    s.peers.push_back(peer);
    s.peer_connections = 1;
    s.peers_refused = {1, 2, 3, 4, 5};
    s.node.lost_packets = 12;
    s.node.lost_other_packets = 13;
    s.node.crashes = 14;
    s.node.nginx_crashes = 3;
    s.node.preempts_from_ns = 70'000'000'000;
    s.node.has_bfd = 1;
    s.node.bfd_dropped[6] = 15;
    s.node.instances = 2;
    s.instances.push_back(backup_instance());

    AddressRecord address{};
    address.address.set("fe80::6/64");
    address.interface.set("eth1");
    address.label.set("eth1:v\\");
    s.addresses.push_back(address);
    address.address.set("2001:db8::6/64");
    address.present = 1;
    address.foreign = 1;
    address.excluded = 1;
    s.addresses.push_back(address);

    RouteRecord route{};
    route.text.set("2001:db8:1::/48 via fe80::9 dev eth1");
    route.present = 1;
    s.routes.push_back(route);
    route = {};
    route.text.set("default via fe80::9 dev eth1");
    route.error.set("cannot add <route>: No route to host");
    route.missing = 1;
    s.routes.push_back(route);
    route = {};
    route.text.set("100 from 2001:db8::/32");
    route.is_rule = 1;
    s.routes.push_back(route);

    TrackerRecord script{};
    script.type.set("track_script");
    script.name.set("/bin/check \"a\"\n\xff");
    script.state = check::Verdict::unknown;
    script.weighted = 1;
    script.weight = 10;
    s.trackers.push_back(script);

    TrackerRecord session{};
    session.type.set("track_bfd");
    session.name.set("2001:db8::1");
    session.reason.set("the session is Down, the peer is silent");
    session.state = check::Verdict::down;
    session.is_bfd = 1;
    session.bfd = {.state = bfd::State::down,
                   .remote_state = bfd::State::admin_down,
                   .diagnostic = bfd::Diagnostic::neighbour_signaled_down,
                   .remote_diagnostic = bfd::Diagnostic::administratively_down,
                   .remote_multiplier = 3,
                   .local_discriminator = 4294967295,
                   .remote_discriminator = 17,
                   .transmit_interval_ns = 1'000'000'000,
                   .receive_interval_ns = 50'500'000,
                   .detection_time_ns = 151'500'000,
                   .changed_at_ns = 8'000'000'000,
                   .downs = 4};
    s.trackers.push_back(session);
    return s;
}

inline check::Record rich_check(const char *context, const char *name,
                                std::uint8_t state) {
    check::Record record{};
    record.context.set(context);
    record.group.set("web");
    record.name.set(name);
    record.address.set("10.0.0.1:80");
    record.verdict = static_cast<check::Verdict>(state);
    record.backup = state == 1;
    record.history_length = 10;
    record.history = 0b0100000011;
    record.value = -3;
    record.checked_at_ns = 9'100'000'000;
    record.duration_ns = 1'234'567;
    record.changed_at_ns = 8'000'000'000;
    record.downtime_ns = 5'000'000;
    record.passes = 7;
    record.changes = 2;
    if (state == 3) {
        record.reason = check::Reason::l7sts;
        record.text.set("status 500 <html>");
        record.failed_at_ns = 9'100'000'000;
        record.failed_duration_ns = 25'060'000;
        record.fails[1] = 1;
        record.fails[7] = 3;
    }
    return record;
}

inline ChannelRecord rich_channel(const char *instance) {
    ChannelRecord record{};
    record.name.set("notify_webhook");
    record.target.set("hooks.example.org/<a>");
    record.instance.set(instance);
    record.last_error.set("HTTP 503");
    record.delivered = 12;
    record.dropped = 1;
    record.skipped = 3;
    record.waiting = 2;
    record.failures = 5;
    record.failed_at_ns = 9'000'000'000;
    record.delivered_at_ns = *instance == '\0' ? 0 : 8'000'000'000;
    return record;
}

inline PeerReports rich_reports() {
    peer::InstanceDetails instance;
    instance.family = Family::ipv6;
    instance.vrid = Vrid{61};
    instance.state = peer::RouterState::master;
    instance.priority = Priority{200};
    instance.name = "VI_6";
    instance.reason = "advertisement with <lower> priority";
    instance.since = instant_from_ns(108'000'000'000);
    instance.version = 3;
    instance.interval = Milliseconds{500};
    instance.authentication = "HMAC";
    instance.addresses = {"fe80::200/64", "fd64::200/64"};
    instance.trackers = {{"track_upstream web", peer::Health::down, 3, 1},
                         {"track_interface <eth1>", peer::Health::up}};
    PeerReport direct;
    direct.node = 7;
    direct.interface = "eth1";
    direct.boot_difference = Seconds{-100};
    direct.wall_difference = Milliseconds{1500};
    direct.details.about = {"lb2", "1.22.1", "0.1.0"};
    direct.details.address = "fe80::2";
    direct.details.configured_at = instant_from_ns(105'000'000'000);
    direct.details.instances = {instance};
    direct.details.upstreams = {{"http", "web", {"10.0.0.1:80", "<b>:80"}}};
    direct.details.certificates = {{"www.example.org", 1'709'337'600}};
    PeerReport relayed = direct;
    relayed.node = 8;
    relayed.via = 7;
    relayed.details.about.router_id = "lb3";
    relayed.details.address = "fe80::4";
    relayed.details.complete = false;
    relayed.details.instances[0].state = peer::RouterState::backup;
    relayed.details.upstreams.clear();
    relayed.details.certificates.clear();
    return {.drift = {{"lb2", "VI_6: address <fd64::201>/64 is missing on lb2",
                       instant_from_ns(4'000'000'000), true}},
            .nodes = {direct, relayed}};
}

inline View rich_view() {
    check::Record never{};
    never.context.set("stream");
    never.group.set("db");
    never.name.set("db1:5432");
    never.verdict = check::Verdict::unknown;

    Checks checks{.records = {rich_check("http", "web1", 2),
                              rich_check("http", "web2", 3),
                              rich_check("http", "web3", 1), never,
                              rich_check("vrrp", "track_tcp", 3)},
                  .beats = {}};
    checks.beats[0] = {.at = instant_from_ns(9'880'000'000),
                       .late_wakes = 3,
                       .worst_lag = Milliseconds{12}};

    View view = view_of(rich_snapshot(), checks);
    view.workers.push_back({.pid = 78, .beat = instant_from_ns(7'000'000'000)});
    TransitionRecord earlier = transition();
    earlier.instance.set("VI_6");
    earlier.to.set("FAULT");
    earlier.at_ns = 1'000'000'000;
    view.transitions.push_back(earlier);
    view.peer_reports = rich_reports();
    view.builds = {.running = std::string(40, '1'),
                   .installed = "0123456789abcdef0123456789abcdef01234567"};
    view.notifier = 99;
    view.channels = {rich_channel("VI_1"), rich_channel("VI_1"),
                     rich_channel("")};
    return view;
}

}  // namespace ngx_vrrp::status
