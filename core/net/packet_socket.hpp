// Sends whole Ethernet frames: gratuitous ARP and neighbor advertisements. One
// socket for all interfaces; it receives nothing.
#pragma once

#include "core/base/bytes.hpp"
#include "core/base/system_error.hpp"
#include "core/engine/facts.hpp"
#include "core/os/fd.hpp"

namespace ngx_vrrp::net {

class PacketSocket {
public:
    // Opens the socket at its first use. EINVAL if the frame is shorter than an
    // Ethernet header.
    Status send(const engine::Interface &interface, Bytes frame);

private:
    os::Fd fd_;
};

}  // namespace ngx_vrrp::net
