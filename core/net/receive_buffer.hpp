// The receive buffer of a socket, for the time in which the process does not
// run.
#pragma once

#include <sys/socket.h>

namespace ngx_vrrp::net {

// This number of octets; without CAP_NET_ADMIN, at most net.core.rmem_max. A
// smaller buffer only means more lost packets, which each socket counts.
inline void enlarge_receive_buffer(int fd, int octets) {
    if (::setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &octets, sizeof(octets)) <
        0) {
        ::setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &octets, sizeof(octets));
    }
}

}  // namespace ngx_vrrp::net
