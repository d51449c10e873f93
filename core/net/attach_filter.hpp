// Gives a socket a filter in the kernel (classic BPF).
#pragma once

#include <linux/filter.h>
#include <sys/socket.h>

#include <cerrno>
#include <vector>

#include "core/base/system_error.hpp"

namespace ngx_vrrp::net {

// Replaces the previous filter, for packets that arrive from now on.
inline Status attach_filter(int fd, std::vector<sock_filter> code) {
    const sock_fprog program{static_cast<unsigned short>(code.size()),
                             code.data()};
    if (::setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &program,
                     sizeof(program)) < 0) {
        return failure("setsockopt(SO_ATTACH_FILTER)");
    }
    return success();
}

}  // namespace ngx_vrrp::net
