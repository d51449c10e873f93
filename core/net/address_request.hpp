// Virtual addresses into the kernel and out again.
#pragma once

#include <span>
#include <vector>

#include "core/base/time.hpp"
#include "core/engine/facts.hpp"
#include "core/engine/ports.hpp"
#include "core/net/netlink_socket.hpp"
#include "core/vrrp/config.hpp"

namespace ngx_vrrp::net {

// Adds addresses for the time of their leases, or renews the leases: one
// request for both, so there is no moment without the address. Appends the
// result of each. batch: memory for the requests. known: the interfaces.
void add_addresses(RequestSocket &socket, RequestBatch &batch,
                   std::span<const engine::LeaseRequest> wanted,
                   const engine::Interfaces &known,
                   std::vector<Status> &answers);

// Removes this address with this prefix length and no other. Success if it, or
// the interface, did not exist; an error if the same address has another prefix
// length; that address is not removed.
Status remove_address(RequestSocket &socket, const engine::Interface &interface,
                      const vrrp::VirtualAddress &address);

// Makes the removal of an IPv4 address remove only this address. Without this
// setting (net.ipv4.conf.*.promote_secondaries, which systemd sets and most
// containers lack) the kernel removes all addresses of a subnet together with
// the first one, and the virtual address is the first one if it was added
// before the machine's own.
Status promote_secondaries(RequestSocket &socket,
                           const engine::Interface &interface);

}  // namespace ngx_vrrp::net
