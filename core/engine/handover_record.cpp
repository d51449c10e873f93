#include "core/engine/handover_record.hpp"

#include <algorithm>

namespace ngx_vrrp::engine {

namespace {

// No time in a record is further away than this, so that no sum of times
// overflows. The longest configurable times are days.
constexpr Duration kFarthest = Seconds{366 * 24 * 3600};

// Writing

AddressField to_field(const IpAddress &address) {
    AddressField field{};
    const auto octets = address.octets();
    field.family = static_cast<std::uint8_t>(to_number(address.family()));
    std::copy(octets.begin(), octets.end(), field.octets.begin());
    return field;
}

AddressField to_field(const std::optional<IpAddress> &address) {
    return address ? to_field(*address) : AddressField{};
}

std::int64_t to_field(const std::optional<Instant> &at) {
    return at ? to_ns(*at) : 0;
}

CheckpointFields to_fields(const vrrp::Checkpoint &checkpoint) {
    CheckpointFields fields{};
    fields.present = 1;
    fields.active = checkpoint.active;
    fields.link_up_at = to_field(checkpoint.link_up_at);
    fields.advertised = checkpoint.advertised.value;
    fields.advertised_interval = checkpoint.advertised_interval.count();
    fields.advertised_at = to_ns(checkpoint.advertised_at);
    fields.advertise_at = to_ns(checkpoint.advertise_at);
    fields.renew_at = to_ns(checkpoint.renew_at);
    fields.announce_at = to_field(checkpoint.announce_at);
    fields.refresh_at = to_field(checkpoint.refresh_at);
    fields.timer_started = to_ns(checkpoint.timer_started);
    fields.active_interval = checkpoint.active_interval.count();
    fields.leaver = to_field(checkpoint.leaver);
    fields.fell_at = to_field(checkpoint.fell_at);
    fields.fallen = checkpoint.fallen;
    fields.preempt_at = to_field(checkpoint.preempt_at);
    if (const auto &router = checkpoint.active_router) {
        fields.has_active_router = 1;
        fields.active_address = to_field(router->address);
        fields.active_priority = router->priority.value;
        fields.active_router_interval = router->interval.count();
        fields.active_router_heard_at = to_ns(router->heard_at);
    }
    return fields;
}

template <std::size_t N>
std::uint32_t copy_all(const std::vector<std::uint64_t> &from,
                       std::array<std::uint64_t, N> &to) {
    const std::size_t n = std::min(from.size(), N);
    std::copy_n(from.begin(), n, to.begin());
    return static_cast<std::uint32_t>(n);
}

void put_time_outs(HandoverRecord &record, const std::vector<TimeOut> &list) {
    for (const TimeOut &out : list) {
        if (record.time_out_count == kMostTimeOuts) {
            return;
        }
        TimeOutField &field = record.time_outs[record.time_out_count++];
        field.cause = static_cast<std::uint8_t>(out.cause);
        field.text.set(out.fault.text);
        field.length = out.fault.backoff.length.count();
        field.ends_at = to_ns(out.fault.backoff.ends_at);
    }
}

void put_signs(HandoverRecord &record, const std::vector<SuspectedSign> &list) {
    for (const SuspectedSign &suspected : list) {
        SignField &field =
            record.signs[static_cast<std::size_t>(suspected.sign)];
        field.since = to_ns(suspected.since);
        field.detail.set(suspected.detail);
    }
}

// Reading

class Reader {
public:
    explicit Reader(Instant now) : now_(now) {}

    // The time of a past event is not in the future.
    Instant past(std::int64_t ns) const {
        return instant_from_ns(std::clamp(ns, std::int64_t{0}, to_ns(now_)));
    }
    std::optional<Instant> past_or_none(std::int64_t ns) const {
        return ns == 0 ? std::nullopt : std::optional{past(ns)};
    }

    Instant due(std::int64_t ns) const {
        return instant_from_ns(
            std::clamp(ns, std::int64_t{0}, to_ns(now_ + kFarthest)));
    }
    std::optional<Instant> due_or_none(std::int64_t ns) const {
        return ns == 0 ? std::nullopt : std::optional{due(ns)};
    }

    static Duration duration(std::int64_t ns) {
        return std::clamp(Duration{ns}, Duration::zero(), kFarthest);
    }

    vrrp::Checkpoint checkpoint(const CheckpointFields &fields) const;

    std::vector<TimeOut> time_outs(const HandoverRecord &record) const;
    std::vector<SuspectedSign> signs(const HandoverRecord &record) const;

private:
    Instant now_;
};

std::optional<IpAddress> to_address(const AddressField &field) {
    for (const Family family : {Family::ipv4, Family::ipv6}) {
        if (field.family == to_number(family)) {
            return IpAddress::from_octets(
                std::span(field.octets).first(address_size(family)));
        }
    }
    return std::nullopt;
}

vrrp::Checkpoint Reader::checkpoint(const CheckpointFields &fields) const {
    vrrp::Checkpoint checkpoint;
    checkpoint.active = fields.active != 0;
    checkpoint.link_up_at = past_or_none(fields.link_up_at);
    checkpoint.advertised = Priority{fields.advertised};
    checkpoint.advertised_interval = duration(fields.advertised_interval);
    checkpoint.advertised_at = past(fields.advertised_at);
    checkpoint.advertise_at = due(fields.advertise_at);
    checkpoint.renew_at = due(fields.renew_at);
    checkpoint.announce_at = due_or_none(fields.announce_at);
    checkpoint.refresh_at = due_or_none(fields.refresh_at);
    checkpoint.timer_started = past(fields.timer_started);
    checkpoint.active_interval = duration(fields.active_interval);
    checkpoint.leaver = to_address(fields.leaver);
    checkpoint.fell_at = past_or_none(fields.fell_at);
    checkpoint.fallen = fields.fallen != 0;
    checkpoint.preempt_at = due_or_none(fields.preempt_at);
    const auto address = to_address(fields.active_address);
    if (fields.has_active_router != 0 && address) {
        checkpoint.active_router =
            vrrp::ActiveRouter{*address, Priority{fields.active_priority},
                               duration(fields.active_router_interval),
                               past(fields.active_router_heard_at)};
    }
    return checkpoint;
}

std::vector<TimeOut> Reader::time_outs(const HandoverRecord &record) const {
    std::vector<TimeOut> list;
    const std::size_t n =
        std::min<std::size_t>(record.time_out_count, kMostTimeOuts);
    for (std::size_t i = 0; i < n; ++i) {
        const TimeOutField &field = record.time_outs[i];
        if (field.cause < kFaultCauses.size()) {
            list.push_back(
                {static_cast<FaultCause>(field.cause),
                 {std::string{field.text.view()},
                  {.length = std::min(duration(field.length), kLongestBackoff),
                   .ends_at =
                       std::min(due(field.ends_at), now_ + kLongestBackoff)}}});
        }
    }
    return list;
}

std::vector<SuspectedSign> Reader::signs(const HandoverRecord &record) const {
    std::vector<SuspectedSign> list;
    for (const SplitBrainSign sign : kSplitBrainSigns) {
        const SignField &field = record.signs[static_cast<std::size_t>(sign)];
        if (field.since != 0) {
            list.push_back(
                {sign, past(field.since), std::string{field.detail.view()}});
        }
    }
    return list;
}

template <std::size_t N>
std::vector<std::uint64_t> to_vector(const std::array<std::uint64_t, N> &from,
                                     std::uint32_t count) {
    const auto n = static_cast<std::ptrdiff_t>(std::min<std::size_t>(count, N));
    return {from.begin(), from.begin() + n};
}

}  // namespace

HandoverRecord to_record(const Handover &handover) {
    HandoverRecord record{};
    record.version = kHandoverVersion;
    record.length = sizeof(HandoverRecord);
    if (handover.checkpoint) {
        record.checkpoint = to_fields(*handover.checkpoint);
    }
    record.last_at = to_ns(handover.last.at);
    record.last_reason.set(handover.last.reason);
    for (std::size_t i = 0; i < kCounterNames.size(); ++i) {
        record.counters[i] = handover.counters.*kCounterNames[i].counter;
    }
    record.dropped = handover.counters.dropped;
    record.held_count = copy_all(handover.held, record.held);
    record.failed_count = copy_all(handover.failed, record.failed);
    record.released = handover.released;
    put_time_outs(record, handover.time_outs);
    put_signs(record, handover.signs);
    return record;
}

std::optional<Handover> to_handover(const HandoverRecord &record, Instant now) {
    if (record.version != kHandoverVersion ||
        record.length != sizeof(HandoverRecord)) {
        return std::nullopt;
    }
    const Reader reader(now);
    Handover handover;
    if (record.checkpoint.present != 0) {
        handover.checkpoint = reader.checkpoint(record.checkpoint);
    }
    handover.last = {reader.past(record.last_at),
                     std::string{record.last_reason.view()}};
    for (std::size_t i = 0; i < kCounterNames.size(); ++i) {
        handover.counters.*kCounterNames[i].counter = record.counters[i];
    }
    handover.counters.dropped = record.dropped;
    handover.held = to_vector(record.held, record.held_count);
    handover.failed = to_vector(record.failed, record.failed_count);
    handover.time_outs = reader.time_outs(record);
    handover.released = record.released != 0;
    handover.signs = reader.signs(record);
    return handover;
}

}  // namespace ngx_vrrp::engine
