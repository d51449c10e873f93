// What one virtual router counted since the process started.
#pragma once

#include <array>
#include <cstdint>

#include "core/wire/drop_reason.hpp"

namespace ngx_vrrp::engine {

using DropCounters = std::array<std::uint64_t, wire::kDropReasons>;

struct Counters {
    std::uint64_t adverts_sent = 0;
    std::uint64_t adverts_received = 0;  // admitted ones
    std::uint64_t priority_zero_sent = 0;
    std::uint64_t priority_zero_received = 0;
    std::uint64_t transitions = 0;
    std::uint64_t became_active = 0;
    std::uint64_t released = 0;            // left the active state
    std::uint64_t announcements_sent = 0;  // gratuitous ARP, unsolicited NA
    std::uint64_t send_errors = 0;
    std::uint64_t address_errors = 0;
    std::uint64_t addresses_restored = 0;  // removed by others, put back
    DropCounters dropped{};
};

}  // namespace ngx_vrrp::engine
