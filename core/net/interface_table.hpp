// The kernel's links and addresses, read from netlink into facts.
#pragma once

#include "core/engine/facts.hpp"
#include "core/net/netlink_socket.hpp"

namespace ngx_vrrp::net {

// How the kernel shows that an address is ours (IFA_PROTO, "proto 112" in ip
// address): the protocol number of VRRP. The kernel gives a meaning to 1..3
// only, keepalived uses 18. Kernels before 5.18 ignore and do not report it.
inline constexpr std::uint8_t kAddressMark = 112;

// IFA_PROTO, which headers know since Linux 5.18.
inline constexpr int kIfaProto = 11;

struct InterfaceDump {
    engine::Interfaces interfaces;
    // Something changed meanwhile, as often as it was tried: what is in it is
    // true, but some may be missing.
    bool interrupted = false;
};

// Everything there is in this network namespace.
Result<InterfaceDump, SystemError> read_interfaces(RequestSocket &socket);

// Adds what is missing in `dump`, which was interrupted, from what was known
// before it.
void complete(engine::Interfaces &dump, const engine::Interfaces &known);

enum class Effect : std::uint8_t {
    none,       // for example, an address of ours was prolonged
    changed,    // and `known` is what the kernel has
    unsure,     // changed, but the order of addresses, or which of two equal
                // ones was removed, only a dump can tell
    link_down,  // changed; an interface that is deleted goes down first
};

// Makes the change that the event is about.
Effect apply(nlmsghdr *event, engine::Interfaces &known);

}  // namespace ngx_vrrp::net
