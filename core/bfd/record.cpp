#include "core/bfd/record.hpp"

#include <algorithm>
#include <cstddef>
#include <string_view>

#include "core/base/fingerprint.hpp"

namespace ngx_vrrp::bfd {

namespace {

constexpr std::uint32_t kRecordVersion = 1;

// The longest interval in a packet, and the longest detection time.
constexpr Duration kLongestInterval = Microseconds{0xffffffff};
constexpr Duration kFarthest = 255 * kLongestInterval;

std::uint64_t checksum_of(const Record &record) {
    return fingerprint(
        {reinterpret_cast<const char *>(&record), offsetof(Record, checksum)});
}

Duration interval(std::int64_t ns) {
    return std::clamp(Duration{ns}, Duration::zero(), kLongestInterval);
}

Instant between(std::int64_t ns, Instant latest) {
    return std::clamp(instant_from_ns(ns), Instant{}, latest);
}

}  // namespace

Record to_record(const Saved &saved) {
    const Variables &v = saved.variables;
    Record record{};
    record.sequence = saved.sequence;
    record.version = kRecordVersion;
    record.local_discriminator = v.local_discriminator;
    record.remote_discriminator = v.remote_discriminator;
    record.source_port = saved.source_port;
    record.state = static_cast<std::uint8_t>(v.state);
    record.remote_state = static_cast<std::uint8_t>(v.remote_state);
    record.diagnostic = static_cast<std::uint8_t>(v.diagnostic);
    record.remote_diagnostic = static_cast<std::uint8_t>(v.remote_diagnostic);
    record.remote_multiplier = v.remote_multiplier;
    record.polling = v.polling ? 1 : 0;
    record.desired_tx_ns = v.desired_tx.count();
    record.required_rx_ns = v.required_rx.count();
    record.used_tx_ns = v.used_tx.count();
    record.used_rx_ns = v.used_rx.count();
    record.remote_desired_tx_ns = v.remote_desired_tx.count();
    record.remote_min_rx_ns = v.remote_min_rx.count();
    record.transmit_at_ns = to_ns(v.transmit_at);
    record.detect_at_ns = to_ns(v.detect_at);
    record.changed_at_ns = to_ns(v.changed_at);
    record.was_up_at_ns = to_ns(v.was_up_at);
    record.downs = v.downs;
    record.checksum = checksum_of(record);
    return record;
}

std::optional<Saved> from_record(const Record &record, Instant now) {
    if (record.version != kRecordVersion ||
        record.checksum != checksum_of(record) ||
        record.local_discriminator == 0) {
        return std::nullopt;
    }
    const auto state = [](std::uint8_t value) {
        return static_cast<State>(value & 3U);
    };
    Saved saved;
    saved.source_port = record.source_port;
    saved.sequence = record.sequence;
    Variables &v = saved.variables;
    v.local_discriminator = record.local_discriminator;
    v.remote_discriminator = record.remote_discriminator;
    v.state = state(record.state);
    v.remote_state = state(record.remote_state);
    v.diagnostic = static_cast<Diagnostic>(record.diagnostic);
    v.remote_diagnostic = static_cast<Diagnostic>(record.remote_diagnostic);
    v.remote_multiplier = record.remote_multiplier;
    v.polling = record.polling != 0;
    v.desired_tx = interval(record.desired_tx_ns);
    v.required_rx = interval(record.required_rx_ns);
    v.used_tx = interval(record.used_tx_ns);
    v.used_rx = interval(record.used_rx_ns);
    v.remote_desired_tx = interval(record.remote_desired_tx_ns);
    v.remote_min_rx = interval(record.remote_min_rx_ns);
    v.transmit_at = between(record.transmit_at_ns, now + kFarthest);
    v.detect_at = between(record.detect_at_ns, now + kFarthest);
    v.changed_at = between(record.changed_at_ns, now);
    v.was_up_at = between(record.was_up_at_ns, now);
    v.downs = record.downs;
    return saved;
}

}  // namespace ngx_vrrp::bfd
