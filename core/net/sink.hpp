// Receives the facts that a Host reads from its sockets.
#pragma once

#include <cstdint>

#include "core/engine/facts.hpp"

namespace ngx_vrrp::net {

class Sink {
public:
    virtual ~Sink() = default;
    virtual void packet_received(const engine::ReceivedPacket &packet) = 0;

    // Links or addresses have changed: the complete state. Packets that were
    // received before have been handed over.
    virtual void interfaces_changed(const engine::Interfaces &interfaces) = 0;

    virtual void process_ended(int pid) = 0;

    virtual void neighbour_claimed(const engine::NeighbourClaim &claim) = 0;
};

// Packets that came when the queue of a VRRP socket was full.
struct LostPackets {
    std::uint64_t wanted = 0;  // IPv6: or those with a wrong checksum
    std::uint64_t others = 0;  // not for our virtual routers
};

}  // namespace ngx_vrrp::net
