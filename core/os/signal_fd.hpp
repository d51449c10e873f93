// A signal as a descriptor that becomes readable: the signal is blocked for
// this thread, and for the threads and processes that it starts from now on.
#pragma once

#include <sys/signalfd.h>
#include <unistd.h>

#include <csignal>

#include "core/os/fd.hpp"

namespace ngx_vrrp::os {

// Empty on failure, with errno.
inline Fd open_signal_fd(int signal) {
    sigset_t set;
    ::sigemptyset(&set);
    ::sigaddset(&set, signal);
    ::sigprocmask(SIG_BLOCK, &set, nullptr);
    return Fd(::signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC));
}

inline void take_signals(int fd) {
    signalfd_siginfo taken;
    while (::read(fd, &taken, sizeof(taken)) > 0) {
    }
}

}  // namespace ngx_vrrp::os
