// One process wakes another through an eventfd that both have, non-blocking.
// Many wakes become one: it says that there is something to look at, not what.
#pragma once

#include <unistd.h>

#include <cstdint>

namespace ngx_vrrp::net {

// Nothing happens with fd -1: nobody is there. That the counter is full
// (EAGAIN) is as good as another wake, and an eventfd has no other errors.
inline void wake(int fd) {
    if (fd >= 0) {
        const std::uint64_t one = 1;
        [[maybe_unused]] const ssize_t n = ::write(fd, &one, sizeof(one));
    }
}

// The other side, before it looks: fd is readable again after the next wake().
// False: nobody has called.
inline bool take_wakes(int fd) {
    std::uint64_t count = 0;
    return ::read(fd, &count, sizeof(count)) == sizeof(count);
}

}  // namespace ngx_vrrp::net
