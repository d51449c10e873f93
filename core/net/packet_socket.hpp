// Whole Ethernet frames out: gratuitous ARP and neighbour advertisements.
// One socket for all interfaces; it receives nothing.
#pragma once

#include "core/base/bytes.hpp"
#include "core/base/system_error.hpp"
#include "core/engine/facts.hpp"
#include "core/net/fd.hpp"

namespace ngx_vrrp::net {

class PacketSocket {
public:
    // Opens the socket when it is first needed. EINVAL for less than an
    // Ethernet header.
    Status send(const engine::Interface &interface, Bytes frame);

private:
    Status open();

    Fd fd_;
};

}  // namespace ngx_vrrp::net
