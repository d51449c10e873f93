// An event that receivers may subscribe to, as a record of fixed size: it goes
// from the process where it occurs to the notifier process in one datagram. No
// pointers; texts are cut to their field and end with a zero.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <type_traits>

#include "core/base/enum_name.hpp"
#include "core/base/text.hpp"
#include "core/base/time.hpp"

namespace ngx_vrrp::notify {

enum class EventKind : std::uint8_t {
    state,        // an instance went from one state to another
    tracker,      // a tracker of an instance failed, or is up again
    upstream,     // a server of an upstream block went down, or is up again
    split_brain,  // a sign that two nodes hold an address, or that it is over
    // a BACKUP does not receive the advertisements of a MASTER that answers on
    // a peer link, or it is over
    adverts_lost,
    drift,               // configurations of nodes differ, or it is over
    priority,            // the effective priority of an instance has changed
    master_rx_lower_pri  // a MASTER received an advertisement that loses
};

enum class Gravity : std::uint8_t {
    good,     // a problem has ended
    info,     // nothing to worry about
    warning,  // the addresses move, something does not work
    critical  // this node cannot do its work, or two do it
};

struct GravityTraits {
    const char *severity;  // Alertmanager
    const char *colour;    // Slack
};

inline constexpr std::array<GravityTraits, 4> kGravityTraits{
    {{"info", "good"},
     {"info", "#439fe0"},
     {"warning", "warning"},
     {"critical", "danger"}}};

constexpr const GravityTraits &traits_of(Gravity gravity) {
    return kGravityTraits[static_cast<std::size_t>(gravity)];
}

// All that differs between kinds. In texts, a name in braces is a field of the
// event, see filled().
struct EventTraits {
    const char *name;     // events=, VRRP_EVENT
    const char *webhook;  // "event" in the generic format
    Gravity gravity;      // while the problem lasts; state: gravity_of()

    // Of Alertmanager: the alert, and the label that has the subject.
    const char *alert;
    const char *subject_label;

    // Messages to people are "ABOUT: CHANGE", subjects of mails as
    // keepalived's.
    const char *about;
    const char *change;
    const char *mail;

    // Of scripts and FIFOs, as keepalived's. The second one is a name.
    std::array<const char *, 4> arguments;
};

// In the order of EventKind: the only place that lists them.
inline constexpr std::array<EventTraits, 8> kEventTraits{{
    {.name = "state",
     .webhook = "state_change",
     .gravity = Gravity::critical,
     .alert = "NginxVrrpTransition",
     .subject_label = "subject",
     .about = "{instance}",
     .change = "{from} -> {to}",
     .mail = "VRRP Instance {instance} - Entering {to} state",
     .arguments = {"INSTANCE", "{instance}", "{TO}", "{priority}"}},
    {.name = "tracker",
     .webhook = "tracker",
     .gravity = Gravity::warning,
     .alert = "NginxVrrpTrackerDown",
     .subject_label = "tracker",
     .about = "{instance}",
     .change = "{subject} is {to}",
     .mail = "VRRP Instance {instance} - {subject} is {to}",
     .arguments = {"TRACKER", "{instance}", "{subject}", "{TO}"}},
    {.name = "upstream",
     .webhook = "upstream",
     .gravity = Gravity::warning,
     .alert = "NginxVrrpUpstreamDown",
     .subject_label = "upstream",
     .about = "upstream {subject}",
     .change = "server {server} is {to}",
     .mail = "Upstream {subject} - server {server} is {to}",
     .arguments = {"UPSTREAM", "{subject}", "{server}", "{TO}"}},
    {.name = "split_brain",
     .webhook = "split_brain",
     .gravity = Gravity::critical,
     .alert = "NginxVrrpSplitBrain",
     .subject_label = "sign",
     .about = "{instance}",
     .change = "split brain {to}: {subject}",
     .mail = "VRRP Instance {instance} - split brain {to}: {subject}",
     .arguments = {"SPLIT_BRAIN", "{instance}", "{subject}", "{TO}"}},
    {.name = "adverts_lost",
     .webhook = "adverts_lost",
     .gravity = Gravity::warning,
     .alert = "NginxVrrpAdvertsLost",
     .subject_label = "subject",
     .about = "{instance}",
     .change = "advertisements {to}",
     .mail = "VRRP Instance {instance} - advertisements {to}",
     .arguments = {"INSTANCE", "{instance}", "ADVERTS_{TO}", "{priority}"}},
    {.name = "drift",
     .webhook = "drift",
     .gravity = Gravity::warning,
     .alert = "NginxVrrpDrift",
     .subject_label = "drift",
     .about = "",
     .change = "drift {to}: {subject}",
     .mail = "Nodes - drift {to}: {subject}",
     .arguments = {"DRIFT", "{server}", "{subject}", "{TO}"}},
    {.name = "priority",
     .webhook = "priority",
     .gravity = Gravity::info,
     .alert = "NginxVrrpPriority",
     .subject_label = "subject",
     .about = "{instance}",
     .change = "priority {from} -> {to}",
     .mail = "VRRP Instance {instance} - priority {from} -> {to}",
     .arguments = {"INSTANCE", "{instance}", "{STATE}_PRIORITY", "{to}"}},
    {.name = "master_rx_lower_pri",
     .webhook = "master_rx_lower_pri",
     .gravity = Gravity::info,
     .alert = "NginxVrrpLowerPriority",
     .subject_label = "subject",
     .about = "{instance}",
     .change = "losing advertisement from {subject}",
     .mail = "VRRP Instance {instance} - losing advertisement from {subject}",
     .arguments = {"INSTANCE", "{instance}", "MASTER_RX_LOWER_PRI",
                   "{priority}"}},
}};

constexpr std::string_view to_string(EventKind kind) {
    const auto number = static_cast<std::size_t>(kind);
    return number < kEventTraits.size() ? kEventTraits[number].name : "unknown";
}

constexpr const EventTraits &traits_of(EventKind kind) {
    return kEventTraits[static_cast<std::size_t>(kind) % kEventTraits.size()];
}

// The states of instances, as in keepalived's scripts and in the status.
enum class State : std::uint8_t { master, backup, fault, stop, init, deleted };

constexpr std::string_view to_string(State state) {
    constexpr std::array<std::string_view, 6> names{
        "MASTER", "BACKUP", "FAULT", "STOP", "INIT", "DELETED"};
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
    std::uint8_t of_group;  // of a sync_group: `instance` is its name
    State previous;         // of kind state: the old one, as `from` has it
    State state;            // of kind state: the new one, as `to` has it;
                            // priority, master_rx_lower_pri: the present one

    std::int64_t at_ns;      // CLOCK_BOOTTIME
    std::int64_t wall_ns;    // since 1970, UTC
    std::uint64_t sequence;  // of the process that it happened in, from 1
    std::int32_t pid;        // that process

    Text<64> node;      // router_id
    Text<64> instance;  // empty: of none
    Text<64> group;     // the sync_group of the instance, or empty
    Text<16> interface;

    // State: INIT, BACKUP, MASTER, FAULT, STOP (INIT, when nginx ends), DELETED
    // (INIT, when a reload removes the instance). priority: numbers;
    // master_rx_lower_pri: MASTER. Others: "up" and "down"; split_brain:
    // "suspected", "over"; adverts_lost: "lost", "heard"; drift: "found",
    // "over".
    Text<16> from;
    Text<16> to;

    // tracker: "track_http http://127.0.0.1/"; upstream: its block's name;
    // split_brain: engine::to_words() of the sign; master_rx_lower_pri: the
    // address of the other router; drift: the difference.
    Text<128> subject;
    // upstream: the server as it was written; drift: the other node.
    Text<128> server;
    Text<256> reason;
    Text<256> addresses;  // virtual ones, apart by blanks
};

static_assert(std::is_trivially_copyable_v<EventRecord>);

// Its kind and its states exist.
constexpr bool is_known(const EventRecord &event) {
    return static_cast<std::size_t>(event.kind) < kEventTraits.size() &&
           event.previous <= State::deleted && event.state <= State::deleted;
}

}  // namespace ngx_vrrp::notify
