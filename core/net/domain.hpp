// The kernel's name of an address family.
#pragma once

#include <sys/socket.h>

#include "core/base/types.hpp"

namespace ngx_vrrp::net {

constexpr unsigned char domain_of(Family family) {
    return family == Family::ipv4 ? AF_INET : AF_INET6;
}

}  // namespace ngx_vrrp::net
