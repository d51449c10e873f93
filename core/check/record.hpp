// A check and its results as they lie in shared memory: plain, of fixed size.
#pragma once

#include <array>
#include <cstdint>
#include <type_traits>

#include "core/base/text.hpp"
#include "core/check/verdict.hpp"

namespace ngx_vrrp::check {

struct Record {
    // Texts are cut to their field; key is the hash of the whole Identity.
    std::uint64_t key;
    Text<8> context;
    Text<64> group;
    Text<128> name;
    Text<128> address;

    Verdict verdict;
    Reason reason;  // of the last failure
    bool backup;
    std::uint8_t history_length;  // results in history, up to 64
    std::uint32_t streak;         // results in a row against the verdict
    std::uint64_t history;  // the last results, newest in bit 0; 1: failed
    std::int64_t value;     // of the last result
    Text<128> text;         // of the last failure

    std::int64_t checked_at_ns;  // CLOCK_BOOTTIME; 0: never
    std::int64_t duration_ns;    // of the last check
    std::int64_t failed_at_ns;   // CLOCK_BOOTTIME; 0: never
    std::int64_t failed_duration_ns;
    std::int64_t changed_at_ns;  // CLOCK_BOOTTIME; 0: never
    std::int64_t downtime_ns;    // before the last change
    std::uint64_t passes;
    std::uint64_t changes;
    std::array<std::uint64_t, kReasons.size()> fails;  // by reason
};

static_assert(std::is_trivially_copyable_v<Record>);

}  // namespace ngx_vrrp::check
