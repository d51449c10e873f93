// The program that has a UDP port of this network namespace. It is searched in
// /proc, which shows the sockets of other users only to root.
#pragma once

#include <cstdint>
#include <string>

#include "core/base/time.hpp"

namespace ngx_vrrp::net {

// "bird (process 1234)"; empty: there is none, it cannot be seen, or it was not
// found before give_up: a machine may have very many descriptors.
std::string find_udp_holder(std::uint16_t port, Instant give_up);

}  // namespace ngx_vrrp::net
