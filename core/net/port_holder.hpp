// The program that has a UDP port of this network namespace. It is searched in
// /proc, which shows the sockets of other users only to root.
#pragma once

#include <cstdint>
#include <string>

namespace ngx_vrrp::net {

// "bird (process 1234)"; empty: there is none, or it cannot be seen.
std::string find_udp_holder(std::uint16_t port);

}  // namespace ngx_vrrp::net
