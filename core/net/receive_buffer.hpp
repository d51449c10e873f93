// Room for what arrives while the process does not run.
#pragma once

#include <sys/socket.h>

namespace ngx_vrrp::net {

// As many octets as are wanted; without CAP_NET_ADMIN, as many as
// net.core.rmem_max allows. A small buffer only means that more is lost, which
// each socket notices.
inline void enlarge_receive_buffer(int fd, int octets) {
    if (::setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &octets, sizeof(octets)) <
        0) {
        ::setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &octets, sizeof(octets));
    }
}

}  // namespace ngx_vrrp::net
