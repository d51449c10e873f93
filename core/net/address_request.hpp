// Virtual addresses into the kernel and out again.
#pragma once

#include <vector>

#include "core/base/time.hpp"
#include "core/engine/facts.hpp"
#include "core/engine/ports.hpp"
#include "core/net/netlink_socket.hpp"
#include "core/vrrp/config.hpp"

namespace ngx_vrrp::net {

// Adds addresses for the time of their leases, or prolongs these: one request
// for both, so there is no moment without the address. What has become of each.
std::vector<Status> add_addresses(
    RequestSocket &socket, const std::vector<engine::LeaseRequest> &wanted);

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
