// The kernel's links and addresses, read from netlink into facts.
#pragma once

#include "core/engine/facts.hpp"
#include "core/net/netlink_socket.hpp"

namespace ngx_vrrp::net {

// The mark of our addresses in the kernel (IFA_PROTO, "proto 112" in ip
// address): the protocol number of VRRP. The kernel gives a meaning to 1..3
// only, keepalived uses 18. Kernels before 5.18 ignore and do not report it.
inline constexpr std::uint8_t kAddressMark = 112;

// IFA_PROTO, in headers since Linux 5.18.
inline constexpr int kIfaProto = 11;

struct InterfaceDump {
    engine::Interfaces interfaces;
    // A change interrupted each attempt: the content is true, but some
    // addresses may be missing.
    bool interrupted = false;
};

// All links and addresses in this network namespace.
Result<InterfaceDump, SystemError> read_interfaces(RequestSocket &socket);

// Completes `dump`, which was interrupted, with the facts from before it.
void complete(engine::Interfaces &dump, const engine::Interfaces &known);

enum class Effect : std::uint8_t {
    none,       // for example, an address of ours was prolonged
    changed,    // and `known` is what the kernel has
    unsure,     // changed; the order of addresses, or which of two equal
                // addresses was removed, needs a dump
    link_down,  // changed; an interface that is deleted goes down first
};

// Applies the change of the event.
Effect apply(nlmsghdr *event, engine::Interfaces &known);

}  // namespace ngx_vrrp::net
