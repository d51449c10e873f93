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
    field.family = static_cast<std::uint8_t>(to_number(address.family()));
    std::ranges::copy(address.octets(), field.octets.begin());
    return field;
}

// For copy_fields().
struct Writer {
    static void octet(std::uint8_t &field, std::uint8_t value) {
        field = value;
    }
    static void duration(std::int64_t &field, Duration value) {
        field = value.count();
    }
    static void past(std::int64_t &field, const std::optional<Instant> &value) {
        field = value ? to_ns(*value) : 0;
    }
    static void due(std::int64_t &field, const std::optional<Instant> &value) {
        past(field, value);
    }
};

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

void put_replay(HandoverRecord &record, const vrrp::ReplayState &replay) {
    record.has_sent = replay.sent.has_value();
    record.sent_sequence = replay.sent.value_or(0);
    for (const vrrp::ReplayMark &mark : replay.marks) {
        if (record.mark_count == kMostMarks) {
            return;
        }
        record.marks[record.mark_count++] = {mark.sequence,
                                             to_field(mark.source)};
    }
}

// Reading

std::optional<IpAddress> to_address(const AddressField &field) {
    for (const Family family : {Family::ipv4, Family::ipv6}) {
        if (field.family == to_number(family)) {
            return IpAddress::from_octets(
                std::span(field.octets).first(address_size(family)));
        }
    }
    return std::nullopt;
}

Duration to_duration(std::int64_t ns) {
    return std::clamp(Duration{ns}, Duration::zero(), kFarthest);
}

class Reader {
public:
    explicit Reader(Instant now) : now_(now) {}

    // The time of a past event is not in the future.
    Instant past(std::int64_t ns) const { return between(ns, now_); }
    Instant due(std::int64_t ns) const { return between(ns, now_ + kFarthest); }

    // For copy_fields(). Time: Instant, or optional.
    template <class T>
    static void octet(std::uint8_t field, T &value) {
        value = static_cast<T>(field);
    }
    static void duration(std::int64_t field, Duration &value) {
        value = to_duration(field);
    }
    template <class Time>
    void past(std::int64_t field, Time &value) const {
        value = field == 0 ? Time{} : past(field);
    }
    template <class Time>
    void due(std::int64_t field, Time &value) const {
        value = field == 0 ? Time{} : due(field);
    }

    std::vector<TimeOut> time_outs(const HandoverRecord &record) const;
    std::vector<SuspectedSign> signs(const HandoverRecord &record) const;

private:
    static Instant between(std::int64_t ns, Instant latest) {
        return instant_from_ns(std::clamp(ns, std::int64_t{0}, to_ns(latest)));
    }

    Instant now_;
};

// The fields of a checkpoint, except addresses, in both directions.
template <class Copy, class Fields, class Checkpoint>
void copy_fields(const Copy &copy, Fields &f, Checkpoint &c) {
    copy.octet(f.active, c.active);
    copy.past(f.link_up_at, c.link_up_at);
    copy.octet(f.advertised, c.advertised.value);
    copy.duration(f.advertised_interval, c.advertised_interval);
    copy.past(f.advertised_at, c.advertised_at);
    copy.due(f.advertise_at, c.advertise_at);
    copy.due(f.renew_at, c.renew_at);
    copy.due(f.announce_at, c.announce_at);
    copy.due(f.refresh_at, c.refresh_at);
    copy.past(f.timer_started, c.backup.timer_started);
    copy.duration(f.active_interval, c.backup.active_interval);
    copy.past(f.fell_at, c.backup.fell_at);
    copy.octet(f.fallen, c.backup.fallen);
    copy.octet(f.named, c.backup.named);
    copy.due(f.preempt_at, c.backup.preempt_at);
    copy.past(f.unheard_since, c.unheard_since);
    if (c.active_router) {
        copy.octet(f.active_priority, c.active_router->priority.value);
        copy.duration(f.active_router_interval, c.active_router->interval);
        copy.past(f.active_router_heard_at, c.active_router->heard_at);
    }
}

CheckpointFields to_fields(const vrrp::Checkpoint &checkpoint) {
    CheckpointFields fields{};
    fields.present = 1;
    if (checkpoint.backup.leaver) {
        fields.leaver = to_field(*checkpoint.backup.leaver);
    }
    if (checkpoint.active_router) {
        fields.has_active_router = 1;
        fields.active_address = to_field(checkpoint.active_router->address);
    }
    copy_fields(Writer{}, fields, checkpoint);
    return fields;
}

vrrp::Checkpoint to_checkpoint(const Reader &reader,
                               const CheckpointFields &fields) {
    vrrp::Checkpoint checkpoint;
    checkpoint.backup.leaver = to_address(fields.leaver);
    const auto active = to_address(fields.active_address);
    if (fields.has_active_router != 0 && active) {
        checkpoint.active_router.emplace().address = *active;
    }
    copy_fields(reader, fields, checkpoint);
    return checkpoint;
}

std::vector<TimeOut> Reader::time_outs(const HandoverRecord &record) const {
    std::vector<TimeOut> list;
    const std::size_t n =
        std::min<std::size_t>(record.time_out_count, kMostTimeOuts);
    for (std::size_t i = 0; i < n; ++i) {
        const TimeOutField &field = record.time_outs[i];
        if (field.cause < kFaultCauses.size()) {
            list.push_back({static_cast<FaultCause>(field.cause),
                            {std::string{field.text.view()},
                             {.length = std::min(to_duration(field.length),
                                                 kLongestBackoff),
                              .ends_at = std::min(due(field.ends_at),
                                                  now_ + kLongestBackoff)}}});
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

vrrp::ReplayState to_replay(const HandoverRecord &record) {
    vrrp::ReplayState replay;
    if (record.has_sent != 0) {
        replay.sent = record.sent_sequence;
    }
    const std::size_t n = std::min<std::size_t>(record.mark_count, kMostMarks);
    for (std::size_t i = 0; i < n; ++i) {
        if (const auto source = to_address(record.marks[i].source)) {
            replay.marks.push_back({*source, record.marks[i].sequence});
        }
    }
    return replay;
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
    if (handover.release) {
        record.released = 1;
        record.rescue = handover.release->rescue;
        record.released_until = to_ns(handover.release->ends_at);
    }
    put_time_outs(record, handover.time_outs);
    put_signs(record, handover.signs);
    if (handover.lost_adverts) {
        record.lost_adverts.since = to_ns(handover.lost_adverts->since);
        record.lost_adverts.detail.set(handover.lost_adverts->detail);
    }
    if (handover.distrust) {
        record.distrusted = to_field(handover.distrust->address);
        record.distrusted_until = to_ns(handover.distrust->until);
    }
    put_replay(record, handover.replay);
    if (handover.drain_ends_at) {
        record.drain_ends_at = to_ns(*handover.drain_ends_at);
    }
    if (handover.forwards_to) {
        record.forwards = 1;
        record.forwards_to = *handover.forwards_to;
    }
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
        handover.checkpoint = to_checkpoint(reader, record.checkpoint);
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
    if (record.released != 0) {
        handover.release = {record.rescue != 0,
                            reader.due(record.released_until)};
    }
    handover.signs = reader.signs(record);
    if (record.lost_adverts.since != 0) {
        handover.lost_adverts = {
            reader.past(record.lost_adverts.since),
            std::string{record.lost_adverts.detail.view()}};
    }
    if (const auto address = to_address(record.distrusted)) {
        handover.distrust = {
            *address,
            std::min(reader.due(record.distrusted_until), now + kDistrust)};
    }
    handover.replay = to_replay(record);
    reader.due(record.drain_ends_at, handover.drain_ends_at);
    if (record.forwards != 0) {
        handover.forwards_to = record.forwards_to;
    }
    return handover;
}

}  // namespace ngx_vrrp::engine
