// The state that a virtual router needs to continue in another process of the
// same node without an interruption: reload and binary upgrade hand it over.
// Times are of the one clock that all processes of a machine share.
#pragma once

#include <cstdint>
#include <optional>

#include "core/base/ip.hpp"
#include "core/base/time.hpp"
#include "core/base/types.hpp"

namespace ngx_vrrp::vrrp {

// The router that we believe to be active, if it is not us.
struct ActiveRouter {
    IpAddress address;
    Priority priority;
    Duration interval{};
    Instant heard_at{};

    friend bool operator==(const ActiveRouter &,
                           const ActiveRouter &) = default;
};

// Heard again, or still not heard at all.
inline bool is_same(const std::optional<ActiveRouter> &before,
                    const std::optional<ActiveRouter> &after) {
    return before.has_value() == after.has_value() &&
           (!after || (before->address == after->address &&
                       before->priority == after->priority &&
                       before->interval == after->interval));
}

// The state of that name (RFC 9568, 6.4.2).
struct Backup {
    Instant timer_started{};     // Active_Down_Timer
    Duration active_interval{};  // Active_Adver_Interval, learned (v3)
    // The router that sent priority 0: the timer runs for the skew time only.
    std::optional<IpAddress> leaver;
    // A peer link: it has named this node, which does not wait.
    bool named = false;
    // The time at which the priority of the active router fell below ours, or
    // at which the window for preemption opened: we preempt after the skew
    // time.
    std::optional<Instant> fell_at;
    std::optional<Instant> preempt_at;  // preempt_delay runs until then
    // The priority of the active router was not lower than ours, and is now: it
    // has a problem, and windows for preemption do not apply.
    bool fallen = false;

    friend bool operator==(const Backup &, const Backup &) = default;
};

struct Checkpoint {
    bool active = false;  // else backup
    std::optional<Instant> link_up_at;

    // active
    Priority advertised;
    Duration advertised_interval{};
    Instant advertised_at{};
    Instant advertise_at{};
    Instant renew_at{};
    std::optional<Instant> announce_at;
    std::optional<Instant> refresh_at;

    // backup
    Backup backup;
    // Answers took the place of the advertisements that are missing since then.
    std::optional<Instant> unheard_since;
    std::optional<ActiveRouter> active_router;

    friend bool operator==(const Checkpoint &, const Checkpoint &) = default;
};

}  // namespace ngx_vrrp::vrrp
