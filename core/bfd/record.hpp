// A session in the memory that the vrrp processes of a node share: plain, of
// fixed size. The process that has the sessions writes it after each change,
// and the next one continues with it, also if the first one was killed.
#pragma once

#include <cstdint>
#include <optional>
#include <type_traits>

#include "core/bfd/session.hpp"

namespace ngx_vrrp::bfd {

struct Record {
    std::uint64_t sequence;  // grows with each record of a session
    std::uint32_t version;
    std::uint32_t local_discriminator;
    std::uint32_t remote_discriminator;
    std::uint16_t source_port;
    std::uint8_t state;
    std::uint8_t remote_state;
    std::uint8_t diagnostic;
    std::uint8_t remote_diagnostic;
    std::uint8_t remote_multiplier;
    std::uint8_t polling;
    std::uint32_t spare;
    std::int64_t desired_tx_ns;
    std::int64_t required_rx_ns;
    std::int64_t used_tx_ns;
    std::int64_t used_rx_ns;
    std::int64_t remote_desired_tx_ns;
    std::int64_t remote_min_rx_ns;
    std::int64_t transmit_at_ns;
    std::int64_t detect_at_ns;
    std::int64_t changed_at_ns;
    std::int64_t was_up_at_ns;
    std::uint64_t downs;
    std::uint64_t checksum;  // of all before it
};

static_assert(std::is_trivially_copyable_v<Record>);

struct Saved {
    Variables variables;
    std::uint16_t source_port = 0;
    std::uint64_t sequence = 0;
};

Record to_record(const Saved &saved);

// Nothing: not written completely, or by another version.
std::optional<Saved> from_record(const Record &record, Instant now);

}  // namespace ngx_vrrp::bfd
