// Neighbors that have not answered the kernel's requests for their link-layer
// address (ARP and neighbor discovery).
#pragma once

#include <optional>

#include "core/engine/facts.hpp"
#include "core/net/netlink_message.hpp"
#include "core/net/netlink_socket.hpp"

namespace ngx_vrrp::net {

// Deletes the entries on this interface: the next packet to such a neighbour
// makes the kernel ask again at once. Packets that wait for the answer are
// lost, and their sender gets an error, as if the kernel had given up.
Status forget_unanswered(RequestSocket &socket,
                         const engine::Interface &interface);

// The request that deletes the neighbor of a dump; nothing: it has answered, or
// is elsewhere.
std::optional<Message> removal_of(nlmsghdr *dumped,
                                  const engine::Interface &interface);

}  // namespace ngx_vrrp::net
