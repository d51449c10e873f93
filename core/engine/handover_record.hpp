// A handover as a record of fixed size in the memory that the vrrp processes of
// a node share. A process of ours has written it, perhaps of another version;
// still nothing in it is trusted.
#pragma once

#include <array>
#include <cstdint>
#include <type_traits>

#include "core/base/text.hpp"
#include "core/engine/handover.hpp"

namespace ngx_vrrp::engine {

// A record of another version, or of another length, is not read.
inline constexpr std::uint32_t kHandoverVersion = 8;

// All addresses, excluded addresses, routes and rules that a configuration can
// have: 255 of each. A route that is not recorded would stay when the next
// configuration does not have it.
inline constexpr std::size_t kMostHeld = 4 * 255;
// Excess failed trackers are not recorded: they are reported again.
inline constexpr std::size_t kMostFailed = 64;
inline constexpr std::size_t kMostTimeOuts = 3;
inline constexpr std::size_t kMostMarks = 64;  // those heard last

// family 0: none.
struct AddressField {
    std::uint8_t family;
    std::array<std::uint8_t, 16> octets;
};

// Times are nanoseconds of CLOCK_BOOTTIME, 0: none.
struct CheckpointFields {
    std::uint8_t present;
    std::uint8_t active;
    std::uint8_t advertised;
    std::uint8_t fallen;
    std::uint8_t named;
    std::uint8_t has_active_router;
    std::uint8_t active_priority;
    AddressField leaver;
    AddressField active_address;
    std::int64_t link_up_at;
    std::int64_t advertised_interval;
    std::int64_t advertised_at;
    std::int64_t advertise_at;
    std::int64_t renew_at;
    std::int64_t announce_at;
    std::int64_t refresh_at;
    std::int64_t timer_started;
    std::int64_t active_interval;
    std::int64_t fell_at;
    std::int64_t preempt_at;
    std::int64_t active_router_interval;
    std::int64_t active_router_heard_at;
    std::int64_t unheard_since;
};

struct TimeOutField {
    std::uint8_t cause;
    Text<192> text;
    std::int64_t length;
    std::int64_t ends_at;
};

// since 0: there is none.
struct SignField {
    std::int64_t since;
    Text<256> detail;
};

struct MarkField {
    std::uint64_t sequence;
    AddressField source;
};

struct HandoverRecord {
    std::uint32_t version;
    std::uint32_t length;
    std::uint64_t written_by;  // ProcessId
    CheckpointFields checkpoint;
    std::int64_t last_at;
    Text<256> last_reason;
    std::array<std::uint64_t, kCounterNames.size()> counters;
    DropCounters dropped;
    std::uint32_t held_count;
    std::uint32_t failed_count;
    std::uint32_t time_out_count;
    std::uint8_t released;
    std::uint8_t rescue;
    std::int64_t released_until;
    std::array<std::uint64_t, kMostHeld> held;
    std::array<std::uint64_t, kMostFailed> failed;
    std::array<TimeOutField, kMostTimeOuts> time_outs;
    std::array<SignField, kSplitBrainSigns.size()> signs;
    SignField lost_adverts;
    AddressField distrusted;
    std::int64_t distrusted_until;
    std::uint64_t sent_sequence;
    std::uint8_t has_sent;
    std::uint32_t mark_count;
    std::array<MarkField, kMostMarks> marks;
    std::int64_t drain_ends_at;
    std::uint8_t forwards;
    MacAddress forwards_to;
};

static_assert(std::is_trivially_copyable_v<HandoverRecord>);

HandoverRecord to_record(const Handover &handover);

// With valid values only: counts within bounds, times near now, existing
// enumerators. Nothing for another version.
std::optional<Handover> to_handover(const HandoverRecord &record, Instant now);

}  // namespace ngx_vrrp::engine
