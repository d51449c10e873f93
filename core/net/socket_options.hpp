// Options and addresses of sockets, for both families.
#pragma once

#include <sys/socket.h>

#include "core/base/ip.hpp"

namespace ngx_vrrp::net {

// CS6, network control: of packets without which other traffic stops.
inline constexpr int kTrafficClass = 0xc0;

inline bool set(int fd, int level, int option, int value) {
    return ::setsockopt(fd, level, option, &value, sizeof(value)) == 0;
}

inline IpAddress unspecified(Family family) {
    return family == Family::ipv4 ? IpAddress::v4({}) : IpAddress::v6({});
}

}  // namespace ngx_vrrp::net
