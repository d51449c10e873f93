#include "core/status/snapshot.hpp"

#include <algorithm>
#include <cstring>

namespace ngx_vrrp::status {

namespace {

void describe_master(InstanceRecord &record, const vrrp::Instance &instance) {
    const auto &master = instance.active_router();
    if (!master) {
        return;
    }
    record.master_address.set(master->address.to_string());
    record.master_priority = master->priority.value;
    record.master_heard_ns = to_ns(master->heard_at);
    record.master_interval_ns = master->interval.count();
}

void describe_signs(SignRecords &records,
                    const std::vector<engine::SuspectedSign> &signs) {
    for (const engine::SuspectedSign &suspected : signs) {
        SignRecord &record = records[static_cast<std::size_t>(suspected.sign)];
        record.since_ns = to_ns(suspected.since);
        record.detail.set(suspected.detail);
    }
}

InstanceRecord describe(const engine::VirtualRouter &router) {
    const vrrp::Config &config = router.config();
    InstanceRecord record{};

    record.name.set(config.name);
    record.interface.set(config.interface);
    record.state.set(vrrp::public_name(router.instance().state()));
    record.reason.set(router.last_transition().reason);
    record.since_ns = to_ns(router.last_transition().at);
    record.fault.set(router.faults().reason());
    record.retry_at_ns = to_ns(router.faults().retry_at().value_or(Instant{}));
    record.source.set(
        router.source().is_unspecified() ? "" : router.source().to_string());

    record.vrid = to_number(config.vrid);
    record.family = static_cast<std::uint8_t>(config.family);
    record.version = to_number(config.version);
    record.unicast = config.is_unicast();
    record.preempt = config.preempt;
    record.preempt_windows.set(to_string(config.preempt_windows));
    record.window_open = !router.window().empty();
    record.released = router.is_released();
    record.base_priority = config.priority.value;
    record.effective_priority = router.instance().effective_priority().value;
    record.advert_int_ns = config.advert_interval.count();

    describe_master(record, router.instance());
    describe_signs(record.signs, router.signs());
    record.counters = router.counters();
    return record;
}

AddressRecord describe(const engine::AddressState &state) {
    const vrrp::VirtualAddress &address = state.address;
    AddressRecord record{};
    record.address.set(address.address.to_string() + "/" +
                       std::to_string(address.prefix_length));
    record.interface.set(address.interface);
    record.label.set(address.label);
    record.present = state.present;
    record.foreign = state.foreign;
    return record;
}

TrackerRecord describe(const engine::Tracker &tracker) {
    const engine::TrackerConfig &config = tracker.config();
    TrackerRecord record{};
    record.type.set(config.type);
    record.name.set(config.name);
    record.reason.set(tracker.reason());
    record.state = tracker.state();
    record.weighted = config.weight.has_value();
    record.weight = config.weight.value_or(0);
    record.adds = tracker.adds();
    record.is_pool = config.kind == engine::TrackKind::pool;
    record.servers = tracker.pool().servers;
    record.servers_up = tracker.pool().up;
    record.servers_needed = tracker.pool().needed;
    return record;
}

template <class Record, class T>
std::uint32_t describe_all(std::vector<Record> &records,
                           const std::vector<T> &list) {
    for (const T &t : list) {
        records.push_back(describe(t));
    }
    return static_cast<std::uint32_t>(list.size());
}

template <class T>
void append(Buffer &out, const std::vector<T> &records) {
    const auto *bytes = reinterpret_cast<const std::uint8_t *>(records.data());
    out.insert(out.end(), bytes, bytes + records.size() * sizeof(T));
}

template <class T>
T load(ByteReader &in) {
    T record{};
    const Bytes bytes = in.take(sizeof(T));
    if (!bytes.empty()) {
        std::memcpy(&record, bytes.data(), sizeof(T));
    }
    return record;
}

template <class T>
std::vector<T> load(ByteReader &in, std::uint32_t count) {
    std::vector<T> records;
    for (std::uint32_t i = 0; i < count; ++i) {
        records.push_back(load<T>(in));
    }
    return records;
}

bool is_within(std::uint32_t first, std::uint32_t count, std::uint32_t all) {
    return first <= all && count <= all - first;
}

}  // namespace

Snapshot take_snapshot(const engine::Engine &engine, const NodeFacts &facts,
                       Instant now) {
    Snapshot snapshot;
    for (const engine::VirtualRouter &router : engine.routers()) {
        InstanceRecord record = describe(router);
        record.first_address =
            static_cast<std::uint32_t>(snapshot.addresses.size());
        record.first_tracker =
            static_cast<std::uint32_t>(snapshot.trackers.size());
        record.addresses = describe_all(snapshot.addresses, router.addresses());
        record.trackers = describe_all(snapshot.trackers, router.trackers());
        snapshot.instances.push_back(record);
    }

    NodeRecord &node = snapshot.node;
    node.router_id.set(facts.router_id);
    node.nginx_version.set(facts.nginx_version);
    node.pid = facts.pid;
    node.generation = facts.generation;
    node.configured_at_ns = to_ns(facts.configured_at);
    node.instances = static_cast<std::uint32_t>(snapshot.instances.size());
    node.addresses = static_cast<std::uint32_t>(snapshot.addresses.size());
    node.trackers = static_cast<std::uint32_t>(snapshot.trackers.size());
    node.fresh_workers = engine.fresh_workers();
    node.worker_timeout_ns =
        engine.worker_timeout().value_or(Duration{0}).count();
    node.unknown_vrid_packets = engine.unknown_vrid_packets();
    node.crashes = facts.crashes;
    node.started_at_ns = to_ns(facts.started_at);
    node.published_at_ns = to_ns(now);
    node.not_before_ns = to_ns(facts.not_before);
    node.realtime_priority = facts.realtime_priority;
    node.mlock = facts.mlock;
    node.timer_lag = engine.timer_lag();
    return snapshot;
}

Buffer to_bytes(const Snapshot &snapshot) {
    Buffer out;
    out.reserve(snapshot_size(snapshot.instances.size(),
                              snapshot.addresses.size(),
                              snapshot.trackers.size()));
    append(out, std::vector{snapshot.node});
    append(out, snapshot.instances);
    append(out, snapshot.addresses);
    append(out, snapshot.trackers);
    return out;
}

std::optional<Snapshot> from_bytes(Bytes bytes) {
    ByteReader in(bytes);
    Snapshot snapshot;
    snapshot.node = load<NodeRecord>(in);
    const NodeRecord &node = snapshot.node;
    if (!in.ok() ||
        bytes.size() !=
            snapshot_size(node.instances, node.addresses, node.trackers)) {
        return std::nullopt;
    }
    snapshot.instances = load<InstanceRecord>(in, node.instances);
    snapshot.addresses = load<AddressRecord>(in, node.addresses);
    snapshot.trackers = load<TrackerRecord>(in, node.trackers);

    const auto has_known_state = [](const TrackerRecord &t) {
        return check::is_known(t.state);
    };
    const auto fits = [&](const InstanceRecord &i) {
        return is_within(i.first_address, i.addresses, node.addresses) &&
               is_within(i.first_tracker, i.trackers, node.trackers);
    };
    const bool sound = std::ranges::all_of(snapshot.instances, fits) &&
                       std::ranges::all_of(snapshot.trackers, has_known_state);
    return sound ? std::optional(std::move(snapshot)) : std::nullopt;
}

std::optional<Instant> last_active(const Snapshot &snapshot,
                                   const engine::RouterKey &key) {
    const auto it =
        std::find_if(snapshot.instances.begin(), snapshot.instances.end(),
                     [&](const InstanceRecord &record) {
                         return record.interface.view() == key.interface &&
                                record.vrid == to_number(key.vrid) &&
                                record.family == to_number(key.family);
                     });
    if (it == snapshot.instances.end() ||
        it->state.view() != public_name(vrrp::StateName::active)) {
        return std::nullopt;
    }
    return instant_from_ns(snapshot.node.published_at_ns);
}

}  // namespace ngx_vrrp::status
