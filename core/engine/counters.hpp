// The counters of one virtual router, from this process and from the previous
// ones that handed over to it.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

#include "core/wire/drop_reason.hpp"

namespace ngx_vrrp::engine {

using DropCounters = std::array<std::uint64_t, wire::kDropReasons>;

struct Counters {
    std::uint64_t adverts_sent = 0;
    std::uint64_t adverts_received = 0;  // admitted ones
    std::uint64_t priority_zero_sent = 0;
    std::uint64_t priority_zero_received = 0;
    std::uint64_t transitions = 0;
    std::uint64_t became_init = 0;
    std::uint64_t became_backup = 0;
    std::uint64_t became_master = 0;
    std::uint64_t became_fault = 0;
    std::uint64_t released_master = 0;
    std::uint64_t announcements_sent = 0;  // gratuitous ARP, unsolicited NA
    std::uint64_t send_errors = 0;
    std::uint64_t address_errors = 0;
    std::uint64_t addresses_restored = 0;  // removed by others, added again
    std::uint64_t stayed_out = 0;          // for a time, after a failure
    std::uint64_t false_proofs = 0;        // of the death of a router
    DropCounters dropped{};
};

// All except the drops, by the names in status and handover.
struct CounterName {
    std::string_view name;
    std::uint64_t Counters::*counter;
};

inline constexpr std::array kCounterNames{
    CounterName{"adverts_sent", &Counters::adverts_sent},
    CounterName{"adverts_received", &Counters::adverts_received},
    CounterName{"priority_zero_sent", &Counters::priority_zero_sent},
    CounterName{"priority_zero_received", &Counters::priority_zero_received},
    CounterName{"transitions", &Counters::transitions},
    CounterName{"became_init", &Counters::became_init},
    CounterName{"became_backup", &Counters::became_backup},
    CounterName{"became_master", &Counters::became_master},
    CounterName{"became_fault", &Counters::became_fault},
    CounterName{"released_master", &Counters::released_master},
    CounterName{"announcements_sent", &Counters::announcements_sent},
    CounterName{"send_errors", &Counters::send_errors},
    CounterName{"address_errors", &Counters::address_errors},
    CounterName{"addresses_restored", &Counters::addresses_restored},
    CounterName{"stayed_out", &Counters::stayed_out},
    CounterName{"false_proofs", &Counters::false_proofs}};

}  // namespace ngx_vrrp::engine
