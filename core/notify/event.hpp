// An event that receivers may subscribe to, as a record of fixed size: it goes
// from the process where it occurs to the notifier process in one datagram. No
// pointers; texts are cut to their field and end with a zero.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>
#include <type_traits>

#include "core/base/enum_name.hpp"
#include "core/base/text.hpp"
#include "core/base/time.hpp"

namespace ngx_vrrp::notify {

enum class EventKind : std::uint8_t {
    state,       // an instance went from one state to another
    tracker,     // a tracker of an instance failed, or is up again
    upstream,    // a server of an upstream block went down, or is up again
    split_brain  // a sign that two nodes hold an address, or that it is over
};

inline constexpr std::array kEventKinds{EventKind::state, EventKind::tracker,
                                        EventKind::upstream,
                                        EventKind::split_brain};

// The word for it in the configuration and in messages.
constexpr std::string_view to_string(EventKind kind) {
    constexpr std::array<std::string_view, 4> names{"state", "tracker",
                                                    "upstream", "split_brain"};
    return name_of(kind, names);
}

// The states of instances, as in keepalived's scripts and in the status.
enum class State : std::uint8_t { master, backup, fault, stop, init };

constexpr std::string_view to_string(State state) {
    constexpr std::array<std::string_view, 5> names{"MASTER", "BACKUP", "FAULT",
                                                    "STOP", "INIT"};
    return name_of(state, names);
}

// Problems are repeated at this interval, for receivers that end an alert
// without a repetition; others do not get the repetitions.
inline constexpr Duration kRepeat = Seconds{60};

// A condition lasts until an event ends it: of several events with the same
// kind, instance and subject, the last one is valid.
struct EventRecord {
    EventKind kind;
    std::uint8_t vrid;      // 0: of no instance
    std::uint8_t priority;  // effective
    std::uint8_t bad;       // a failure, or a sign of one, begins; 0: it ends
    std::uint8_t again;     // nothing new: it is still so, see kRepeat
    State state;            // of kind state: the new one, as `to` has it

    std::int64_t at_ns;      // CLOCK_BOOTTIME
    std::int64_t wall_ns;    // since 1970, UTC
    std::uint64_t sequence;  // of the process that it happened in, from 1
    std::int32_t pid;        // that process

    Text<64> node;      // router_id
    Text<64> instance;  // empty: of none
    Text<16> interface;

    // State: INIT, BACKUP, MASTER, FAULT, STOP (INIT, when nginx ends). Others:
    // "up" and "down"; split_brain: "suspected", "over".
    Text<16> from;
    Text<16> to;

    // tracker: "track_http http://127.0.0.1/"; upstream: its block's name;
    // split_brain: engine::to_words() of the sign.
    Text<128> subject;
    Text<128> server;  // upstream: the server as it was written
    Text<256> reason;
    Text<256> addresses;  // virtual ones, apart by blanks
};

static_assert(std::is_trivially_copyable_v<EventRecord>);

}  // namespace ngx_vrrp::notify
