// pidfd_open() was added in Linux 5.3, and seccomp filters of older container
// runtimes refuse it. The callers then use another method.
#pragma once

#include <poll.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>

#include "core/os/fd.hpp"

namespace ngx_vrrp::os {

// Empty on failure, with errno. The C library of Debian 12 is the first with a
// wrapper.
inline Fd open_pidfd(int pid) {
    return Fd(static_cast<int>(::syscall(SYS_pidfd_open, pid, 0)));
}

// The system call is not available here: it fails for every process.
inline bool is_refused(int error) {
    return error == EPERM || error == ENOSYS;
}

// Does a process exist? Also of another user; a zombie does not count. Without
// pidfd_open(), it counts until its parent has waited for it.
inline bool is_process_alive(int pid) {
    if (const Fd fd = open_pidfd(pid)) {
        pollfd end{.fd = fd.get(), .events = POLLIN, .revents = 0};
        return ::poll(&end, 1, 0) != 1;
    }
    return errno != ESRCH && (::kill(pid, 0) == 0 || errno != ESRCH);
}

}  // namespace ngx_vrrp::os
