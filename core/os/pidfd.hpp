// pidfd_open() was added in Linux 5.3, and seccomp filters of older container
// runtimes refuse it. The callers then use another method.
#pragma once

#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>

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

}  // namespace ngx_vrrp::os
