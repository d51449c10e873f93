// Does a process exist? Also of another user; a zombie does not count.
#pragma once

#include <poll.h>
#include <signal.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>

#include "core/os/fd.hpp"

namespace ngx_vrrp::os {

// Without pidfd_open() (Linux 5.3, or forbidden), a zombie counts until its
// parent has waited for it.
inline bool is_process_alive(int pid) {
    const Fd fd(static_cast<int>(::syscall(SYS_pidfd_open, pid, 0)));
    if (fd) {
        pollfd end{.fd = fd.get(), .events = POLLIN, .revents = 0};
        return ::poll(&end, 1, 0) != 1;
    }
    return errno != ESRCH && (::kill(pid, 0) == 0 || errno != ESRCH);
}

}  // namespace ngx_vrrp::os
