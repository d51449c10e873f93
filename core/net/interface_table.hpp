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

// Everything there is in this network namespace.
Result<engine::Interfaces, SystemError> read_interfaces(RequestSocket &socket);

// False for the event of an address of ours that was only prolonged: nothing
// of what is known has changed.
bool is_news(const engine::Interfaces &known, nlmsghdr *event);

}  // namespace ngx_vrrp::net
