// Neighbours that the kernel has asked for their link-layer address (ARP and
// neighbour discovery) and that have not answered.
#pragma once

#include "core/engine/facts.hpp"
#include "core/net/netlink_socket.hpp"

namespace ngx_vrrp::net {

// Forgets those on this interface: the next packet to one of them makes the
// kernel ask again at once. What waits for the answer is lost, and its sender
// is told, as if the kernel had given up.
Status forget_unanswered(RequestSocket &socket,
                         const engine::Interface &interface);

}  // namespace ngx_vrrp::net
