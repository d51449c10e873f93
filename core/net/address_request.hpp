// Virtual addresses into the kernel and out again.
#pragma once

#include "core/base/time.hpp"
#include "core/engine/facts.hpp"
#include "core/net/netlink_socket.hpp"
#include "core/vrrp/config.hpp"

namespace ngx_vrrp::net {

// Adds the address for the time of the lease, or prolongs it: one request for
// both, so there is no moment without it.
Status add_address(RequestSocket &socket, const engine::Interface &interface,
                   const vrrp::VirtualAddress &address, Seconds lease);

// Removes this address with this prefix length and nothing else. Success when
// it, or the interface, was not there; an error when the same address is
// there with another prefix length, which is left alone.
Status remove_address(RequestSocket &socket, const engine::Interface &interface,
                      const vrrp::VirtualAddress &address);

// Lets an IPv4 address go alone. Without this (net.ipv4.conf.*.
// promote_secondaries, which systemd sets and containers mostly lack) the
// kernel removes all addresses of a subnet together with the first one, and
// the first one is the virtual address when the machine's own came later.
Status promote_secondaries(RequestSocket &socket,
                           const engine::Interface &interface);

}  // namespace ngx_vrrp::net
