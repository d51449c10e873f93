// One process wakes another through a non-blocking eventfd that both have. Many
// wakes become one: it only means that there is a change.
#pragma once

#include <unistd.h>

#include <cstdint>

namespace ngx_vrrp::os {

// Has no effect with fd -1: there is no receiver. A full counter (EAGAIN) is as
// good as another wake-up, and an eventfd has no other errors.
inline void wake(int fd) {
    if (fd >= 0) {
        const std::uint64_t one = 1;
        [[maybe_unused]] const ssize_t n = ::write(fd, &one, sizeof(one));
    }
}

// The receiver, before it checks: fd is readable again after the next wake().
// False: there was no wake-up.
inline bool take_wakes(int fd) {
    std::uint64_t count = 0;
    return ::read(fd, &count, sizeof(count)) == sizeof(count);
}

}  // namespace ngx_vrrp::os
