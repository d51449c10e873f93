// A check and its results in shared memory: plain, of fixed size.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <type_traits>

#include "core/base/text.hpp"
#include "core/base/time.hpp"
#include "core/check/config.hpp"
#include "core/check/verdict.hpp"

namespace ngx_vrrp::check {

struct Record {
    // Texts are truncated to their field; key is the hash of the whole
    // Identity.
    std::uint64_t key;
    Text<8> context;
    Text<64> group;
    Text<128> name;
    Text<128> address;

    Verdict verdict;
    Reason reason;  // of the last failure
    std::uint8_t backup;
    std::uint8_t history_length;  // results in history, up to 64
    std::uint32_t streak;         // results in a row against the verdict
    std::uint64_t history;  // the last results, newest in bit 0; 1: failed
    std::int64_t value;     // of the last result
    Text<128> text;         // of the last failure

    std::int64_t checked_at_ns;  // CLOCK_BOOTTIME; 0: never
    std::int64_t duration_ns;    // of the last check
    std::int64_t failed_at_ns;   // CLOCK_BOOTTIME; 0: never
    std::int64_t failed_duration_ns;
    std::int64_t changed_at_ns;    // CLOCK_BOOTTIME; 0: never
    std::int64_t downtime_ns;      // before the last change
    std::int64_t recovered_at_ns;  // CLOCK_BOOTTIME; 0: never
    std::uint64_t passes;
    std::uint64_t changes;
    std::array<std::uint64_t, kReasons.size()> fails;  // by reason
};

static_assert(std::is_trivially_copyable_v<Record>);

inline constexpr std::uint8_t kHistoryBits = 64;

// The hash by which a check is known again, never 0.
std::uint64_t key_of(const Identity &identity);

// A new record of a check without results; an unused one, with key 0, if that
// is its initial verdict.
Record first_record(const Config &config);

// Makes a record from shared memory safe: a compromised process may have
// written anything there, and values out of their range are replaced.
Record made_sane(Record record);

// Is it about this check? Compares texts as far as a record keeps them.
bool is_about(const Record &record, const Identity &identity);

// Does it ask this address? Compares as much of it as a record keeps.
bool is_at(const Record &record, std::string_view address);

// Counts a result, but does not change the verdict. The first pass after a
// failure is a recovery.
void add_result(Record &record, const Outcome &outcome, Duration duration,
                Instant now);

// How long it has been down until now, since it was last up; 0 when it is up.
Duration down_for(const Record &record, Instant now);

// Of the last failure: "L7STS status 500".
std::string failure_text(const Record &record);

// Becoming up is a recovery, too: it may have taken several passes.
void change_verdict(Record &record, Verdict verdict, Instant now);

}  // namespace ngx_vrrp::check
