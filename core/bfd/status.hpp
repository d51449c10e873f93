// What others see of a session: trackers, the status.
#pragma once

#include <cstdint>
#include <string>

#include "core/bfd/session.hpp"

namespace ngx_vrrp::bfd {

struct Status {
    State state = State::down;
    State remote_state = State::down;
    Diagnostic diagnostic{};
    Diagnostic remote_diagnostic{};
    std::uint32_t local_discriminator = 0;
    std::uint32_t remote_discriminator = 0;
    std::uint8_t remote_multiplier = 0;
    // Negotiated; 0: none.
    Duration transmit_interval{0};
    Duration receive_interval{0};
    Duration detection_time{0};
    Instant changed_at{};
    bool was_up = false;
    std::uint64_t downs = 0;
    std::string trouble{};  // why no packets are exchanged; empty: none
};

Status status_of(const Session &session);

// "Down (control detection time expired), the peer is Down".
std::string reason_of(const Status &status);

// The sessions of this node, by their number in the configuration.
class Statuses {
public:
    virtual ~Statuses() = default;

    virtual Status status(std::size_t session) const = 0;
};

}  // namespace ngx_vrrp::bfd
