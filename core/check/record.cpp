#include "core/check/record.hpp"

#include <algorithm>
#include <string_view>

#include "core/base/fingerprint.hpp"
#include "core/base/sane_time.hpp"

namespace ngx_vrrp::check {

namespace {

template <std::size_t N>
bool is_kept(const Text<N> &kept, std::string_view text) {
    return kept.view() == text.substr(0, N - 1);
}

}  // namespace

// Each text ends with an octet that is not in UTF-8, so that moving text from
// one to the next changes the key.
std::uint64_t key_of(const Identity &identity) {
    std::uint64_t hash = fingerprint({});
    for (const std::string *text : {&identity.context, &identity.group,
                                    &identity.name, &identity.address}) {
        hash = fingerprint("\xff", fingerprint(*text, hash));
    }
    return hash == 0 ? 1 : hash;
}

Record first_record(const Config &config) {
    Record record{};
    if (config.initial == Verdict::unused) {
        return record;
    }
    record.key = key_of(config.identity);
    record.context.set(config.identity.context);
    record.group.set(config.identity.group);
    record.name.set(config.identity.name);
    record.address.set(config.identity.address);
    record.verdict = config.initial;
    record.backup = config.backup;
    return record;
}

Record made_sane(Record record) {
    if (!is_known(record.verdict)) {
        record.verdict = Verdict::unknown;
    }
    if (!is_known(record.reason)) {
        record.reason = Reason::none;
    }
    record.history_length = std::min(record.history_length, kHistoryBits);
    for (std::int64_t *time :
         {&record.checked_at_ns, &record.duration_ns, &record.failed_at_ns,
          &record.failed_duration_ns, &record.changed_at_ns,
          &record.downtime_ns, &record.recovered_at_ns}) {
        *time = sane_time(*time);
    }
    return record;
}

bool is_about(const Record &record, const Identity &identity) {
    return record.key == key_of(identity) &&
           is_kept(record.context, identity.context) &&
           is_kept(record.group, identity.group) &&
           is_kept(record.name, identity.name) &&
           is_kept(record.address, identity.address);
}

bool is_at(const Record &record, std::string_view address) {
    return is_kept(record.address, address);
}

void add_result(Record &record, const Outcome &outcome, Duration duration,
                Instant now) {
    const bool had_failed =
        record.history_length != 0 && (record.history & 1) != 0;
    record.history = record.history << 1 | (outcome.passed() ? 0U : 1U);
    record.history_length = static_cast<std::uint8_t>(
        std::min(record.history_length + 1, int{kHistoryBits}));
    record.value = outcome.value;
    record.checked_at_ns = to_ns(now);
    record.duration_ns = duration.count();

    if (outcome.passed()) {
        ++record.passes;
        if (had_failed) {
            record.recovered_at_ns = to_ns(now);
        }
        return;
    }
    ++record.fails[static_cast<std::size_t>(outcome.failure.reason)];
    record.reason = outcome.failure.reason;
    record.text.set(outcome.failure.text);
    record.failed_at_ns = to_ns(now);
    record.failed_duration_ns = duration.count();
}

Duration down_for(const Record &record, Instant now) {
    if (record.verdict != Verdict::down || record.changed_at_ns == 0) {
        return Duration{0};
    }
    return now - instant_from_ns(record.changed_at_ns);
}

std::string failure_text(const Record &record) {
    std::string text{to_string(record.reason)};
    if (!record.text.view().empty()) {
        text.append(" ").append(record.text.view());
    }
    return text;
}

void change_verdict(Record &record, Verdict verdict, Instant now) {
    record.downtime_ns += down_for(record, now).count();
    if (record.verdict == Verdict::down && verdict == Verdict::up) {
        record.recovered_at_ns = to_ns(now);
    }
    record.verdict = verdict;
    record.changed_at_ns = to_ns(now);
    ++record.changes;
}

}  // namespace ngx_vrrp::check
