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
    Instant timer_started{};
    Duration active_interval{};
    std::optional<IpAddress> leaver;
    std::optional<Instant> fell_at;
    bool fallen = false;
    std::optional<Instant> preempt_at;
    std::optional<ActiveRouter> active_router;

    friend bool operator==(const Checkpoint &, const Checkpoint &) = default;
};

}  // namespace ngx_vrrp::vrrp
