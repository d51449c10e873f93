#include "core/status/description.hpp"

#include <cstdint>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

#include "core/vrrp/state.hpp"

namespace ngx_vrrp::status {

namespace {

template <class Field, class Value>
requires std::is_scalar_v<Field>
bool change(Field &field, Value value) {
    const auto after = static_cast<Field>(value);
    if (field == after) {
        return false;
    }
    field = after;
    return true;
}

template <std::size_t N>
bool change(Text<N> &field, std::string_view text) {
    if (field.view() == text.substr(0, N - 1)) {
        return false;
    }
    field.set(text);
    return true;
}

// known: the value of the field; unspecified, and an empty field: none.
bool change(Text<48> &field, IpAddress &known, const IpAddress &address) {
    if (known == address) {
        return false;
    }
    known = address;
    field.set(address.is_unspecified() ? "" : address.to_string());
    return true;
}

AddressRecord describe(const vrrp::VirtualAddress &address) {
    AddressRecord record{};
    record.address.set(address.address.to_string() + "/" +
                       std::to_string(address.prefix_length));
    record.interface.set(address.interface);
    record.label.set(address.label);
    record.excluded = address.excluded;
    return record;
}

RouteRecord describe(const vrrp::Route &route) {
    RouteRecord record{};
    record.text.set(route.text());
    return record;
}

RouteRecord describe(const vrrp::Rule &rule) {
    RouteRecord record{};
    record.text.set(rule.text());
    record.is_rule = 1;
    return record;
}

template <class Item>
bool update(RouteRecord &record, const engine::Held<Item> &held, bool master) {
    bool changed = change(record.present, held.present);
    changed |=
        change(record.missing, master && !held.present && !held.given_up);
    changed |= change(record.error, held.error);
    return changed;
}

TrackerRecord describe(const engine::TrackerConfig &config) {
    TrackerRecord record{};
    record.type.set(config.type);
    record.name.set(config.name);
    record.weighted = config.weight.has_value();
    record.weight = config.weight.value_or(0);
    record.is_pool = config.kind == engine::TrackKind::pool;
    record.is_bfd = config.kind == engine::TrackKind::bfd;
    return record;
}

// Never a key or a password.
void describe_authentication(InstanceRecord &record,
                             const vrrp::Config &config) {
    if (config.hmac) {
        record.authentication.set("HMAC");
        record.authentication_mode.set(to_string(config.hmac->mode));
        record.active_key = config.hmac->active_key;
        return;
    }
    const bool none = config.authentication.type == wire::AuthType::none;
    record.authentication.set(none ? "none" : "PASS");
}

BfdRecord describe(const bfd::Status &status) {
    return {.state = status.state,
            .remote_state = status.remote_state,
            .diagnostic = status.diagnostic,
            .remote_diagnostic = status.remote_diagnostic,
            .remote_multiplier = status.remote_multiplier,
            .local_discriminator = status.local_discriminator,
            .remote_discriminator = status.remote_discriminator,
            .transmit_interval_ns = status.transmit_interval.count(),
            .receive_interval_ns = status.receive_interval.count(),
            .detection_time_ns = status.detection_time.count(),
            .changed_at_ns = to_ns(status.changed_at),
            .downs = status.downs};
}

void describe(InstanceRecord &record, const vrrp::Config &config) {
    record.name.set(config.name);
    record.sync_group.set(config.group_name());
    record.second = config.is_second();
    record.interface.set(config.interface);
    record.vmac.set(config.vmac);
    record.vrid = to_number(config.vrid);
    record.family = static_cast<std::uint8_t>(config.family);
    record.version = to_number(config.version);
    record.unicast = config.is_unicast();
    record.no_election = !config.election;
    record.preempt = config.preempt;
    record.preempt_windows.set(to_string(config.preempt_windows));
    record.base_priority = config.priority.value;
    record.advert_int_ns = config.advert_interval.count();
    describe_authentication(record, config);
}

}  // namespace

InstanceNumbers numbers_of(const engine::VirtualRouter &router) {
    const auto &master = router.instance().active_router();
    return {master ? to_ns(master->heard_at) : 0, router.counters()};
}

[[gnu::hot]] AdvertNumbers adverts_of(const engine::VirtualRouter &router) {
    const auto &master = router.instance().active_router();
    const engine::Counters &counters = router.counters();
    return {master ? to_ns(master->heard_at) : 0, counters.adverts_sent,
            counters.adverts_received};
}

Description::Description(const engine::VirtualRouter &router, std::int32_t pid,
                         const Positions &first) {
    describe(record_, router.config());
    for (const engine::AddressState &state : router.addresses()) {
        addresses_.push_back(describe(state.address));
    }
    for (const engine::Tracker &tracker : router.trackers()) {
        trackers_.push_back(describe(tracker.config()));
    }
    for (const auto &route : router.routes()) {
        routes_.push_back(describe(route.wanted));
    }
    for (const auto &rule : router.rules()) {
        routes_.push_back(describe(rule.wanted));
    }
    record_.pid = pid;
    record_.first_address = static_cast<std::uint32_t>(first.address);
    record_.addresses = static_cast<std::uint32_t>(addresses_.size());
    record_.first_tracker = static_cast<std::uint32_t>(first.tracker);
    record_.trackers = static_cast<std::uint32_t>(trackers_.size());
    record_.first_route = static_cast<std::uint32_t>(first.route);
    record_.routes = static_cast<std::uint32_t>(routes_.size());
    update(router);
}

bool Description::update(const engine::VirtualRouter &router) {
    const InstanceNumbers numbers = numbers_of(router);
    record_.master_heard_ns = numbers.master_heard_ns;
    record_.counters = numbers.counters;

    bool changed = update_state(router);
    changed |= change(record_.source, source_, router.source());
    changed |= update_master(router.instance());
    changed |= update_signs(router);
    changed |= update_lost_adverts(router);
    changed |= update_drain(router);
    changed |= update_addresses(router);
    changed |= update_trackers(router);
    changed |= update_routes(router);
    return changed;
}

bool Description::update_state(const engine::VirtualRouter &router) {
    const engine::Faults &faults = router.faults();
    const Instant retry_at = faults.retry_at().value_or(Instant{});

    bool changed =
        change(record_.state, vrrp::public_name(router.instance().state()));
    changed |= change(record_.reason, router.last_transition().reason);
    changed |= change(record_.since_ns, to_ns(router.last_transition().at));
    changed |= change(record_.fault, faults.reason());
    changed |= change(record_.retry_at_ns, to_ns(retry_at));
    changed |= change(record_.window_open, !router.window().empty());
    const auto release =
        router.operator_release().value_or(engine::OperatorRelease{});
    changed |= change(record_.released, router.is_released());
    changed |= change(record_.rescue, release.rescue);
    changed |= change(record_.released_until_ns, to_ns(release.ends_at));
    changed |= change(record_.effective_priority,
                      router.instance().effective_priority().value);
    return changed;
}

bool Description::update_master(const vrrp::Instance &instance) {
    const auto &master = instance.active_router();
    bool changed =
        change(record_.master_priority, master ? master->priority.value : 0);
    changed |= change(record_.master_interval_ns,
                      master ? master->interval.count() : 0);
    changed |= change(record_.master_address, master_,
                      master ? master->address : IpAddress{});
    return changed;
}

bool Description::update_signs(const engine::VirtualRouter &router) {
    if (router.signs().empty() && !has_signs_) {
        return false;
    }
    has_signs_ = !router.signs().empty();
    bool changed = false;
    for (const engine::SplitBrainSign sign : engine::kSplitBrainSigns) {
        SignRecord &record = record_.signs[static_cast<std::size_t>(sign)];
        std::int64_t since_ns = 0;
        std::string_view detail;
        for (const engine::SuspectedSign &suspected : router.signs()) {
            if (suspected.sign == sign) {
                since_ns = to_ns(suspected.since);
                detail = suspected.detail;
            }
        }
        changed |= change(record.since_ns, since_ns);
        changed |= change(record.detail, detail);
    }
    return changed;
}

bool Description::update_lost_adverts(const engine::VirtualRouter &router) {
    const auto &lost = router.lost_adverts();
    if (!lost && record_.lost_adverts.since_ns == 0) {
        return false;
    }
    bool changed = change(record_.lost_adverts.since_ns,
                          lost ? to_ns(lost->since) : std::int64_t{0});
    changed |=
        change(record_.lost_adverts.detail,
               lost ? std::string_view{lost->detail} : std::string_view{});
    return changed;
}

// Counts of packets are those of the last second.
bool Description::update_drain(const engine::VirtualRouter &router) {
    if (!router.config().peer_link) {
        return false;
    }
    const engine::Drain &drain = router.drain();
    const engine::Forwarding &forwarding = router.forwarding();
    const engine::DrainCounts counts = router.drain_counts();
    const bool drains = drain.has_addresses();
    DrainRecord &record = record_.drain;
    bool changed = change(record.has_link, true);
    changed |= change(record.unavailable, router.why_undrained());
    changed |= change(record.since_ns, drains ? to_ns(drain.since()) : 0);
    changed |= change(record.ends_ns, drains ? to_ns(drain.ends_at()) : 0);
    changed |= change(record.connections, drains ? drain.connections() : 0);
    changed |= change(record.segments, drains ? counts.received : 0);
    changed |= change(record.forwards_since_ns,
                      forwarding.is_on() ? to_ns(forwarding.since()) : 0);
    changed |= change(record.forwards_to, forwarding.from());
    changed |= change(record.forwarded_connections, forwarding.connections());
    changed |= change(record.forwarded_segments,
                      forwarding.is_on() ? counts.forwarded : 0);
    return changed;
}

bool Description::update_addresses(const engine::VirtualRouter &router) {
    bool changed = false;
    for (std::size_t i = 0; i < addresses_.size(); ++i) {
        const engine::AddressState &state = router.addresses()[i];
        changed |= change(addresses_[i].present, state.present);
        changed |= change(addresses_[i].foreign, state.foreign);
    }
    return changed;
}

bool Description::update_trackers(const engine::VirtualRouter &router) {
    bool changed = false;
    for (std::size_t i = 0; i < trackers_.size(); ++i) {
        const engine::Tracker &tracker = router.trackers()[i];
        TrackerRecord &record = trackers_[i];
        changed |= change(record.reason, tracker.reason());
        changed |= change(record.state, tracker.state());
        changed |= change(record.latched, tracker.is_latched());
        changed |= change(record.adds, tracker.priority_delta());
        changed |= change(record.servers, tracker.pool().servers);
        changed |= change(record.servers_up, tracker.pool().up);
        changed |= change(record.servers_needed, tracker.pool().needed);
        const BfdRecord session = describe(tracker.bfd());
        changed |= session != std::exchange(record.bfd, session);
    }
    return changed;
}

bool Description::update_routes(const engine::VirtualRouter &router) {
    // one that leaves may have withdrawn some already
    const bool master = router.instance().state() == vrrp::StateName::active &&
                        !router.instance().is_leaving();
    bool changed = false;
    auto record = routes_.begin();
    for (const auto &route : router.routes()) {
        changed |= status::update(*record++, route, master);
    }
    for (const auto &rule : router.rules()) {
        changed |= status::update(*record++, rule, master);
    }
    return changed;
}

[[gnu::hot]] NodeRecord describe(const engine::Engine &engine,
                                 const NodeFacts &facts) {
    NodeRecord node{};
    node.router_id.set(facts.router_id);
    node.nginx_version.set(facts.nginx_version);
    node.pid = facts.pid;
    node.generation = facts.generation;
    node.configured_at_ns = to_ns(facts.configured_at);
    node.instances = static_cast<std::uint32_t>(engine.routers().size());
    node.worker_timeout_ns =
        engine.worker_timeout().value_or(Duration{0}).count();
    node.has_bfd = facts.bfd_dropped != nullptr;
    node.crashes = facts.crashes;
    node.nginx_crashes = facts.nginx_crashes;
    node.preempts_from_ns = to_ns(facts.preempts_from);
    node.started_at_ns = to_ns(facts.started_at);
    node.not_before_ns = to_ns(facts.not_before);
    node.realtime_priority = facts.realtime_priority;
    node.mlock = facts.mlock;

    const NodeNumbers numbers = numbers_of(engine, facts);
    node.fresh_workers = numbers.fresh_workers;
    node.unknown_vrid_packets = numbers.unknown_vrid_packets;
    node.lost_packets = numbers.lost_packets;
    node.lost_other_packets = numbers.lost_other_packets;
    node.bfd_dropped = numbers.bfd_dropped;
    node.timer_lag = numbers.timer_lag;
    node.drains = numbers.drains;
    return node;
}

[[gnu::hot]] NodeNumbers numbers_of(const engine::Engine &engine,
                                    const NodeFacts &facts) {
    return {
        .fresh_workers = engine.fresh_workers(),
        .unknown_vrid_packets = engine.unknown_vrid_packets(),
        .lost_packets = facts.lost_packets,
        .lost_other_packets = facts.lost_other_packets,
        .bfd_dropped = facts.bfd_dropped ? *facts.bfd_dropped : bfd::Drops{},
        .timer_lag = engine.timer_lag(),
        .drains = engine.finishes_connections()};
}

UnknownRouterRecords describe(const engine::UnknownRouters &routers) {
    UnknownRouterRecords records{};
    for (const engine::UnknownRouter &router : routers.list()) {
        UnknownRouterRecord &record = records.list[records.count++];
        record.interface.set(router.interface);
        record.sender.set(router.sender.to_string());
        record.vrid = to_number(router.vrid);
        record.family = static_cast<std::uint8_t>(router.sender.family());
        record.heard_ns = to_ns(router.heard_at);
        record.packets = router.packets;
    }
    return records;
}

}  // namespace ngx_vrrp::status
