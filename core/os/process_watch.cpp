#include "core/os/process_watch.hpp"

#include <sys/prctl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <utility>

#include "core/base/find.hpp"
#include "core/os/pidfd.hpp"
#include "core/os/signal_fd.hpp"

namespace ngx_vrrp::os {

namespace {

// Ignored by default, so it does no harm to a thread that does not block it.
constexpr int kParentDied = SIGURG;

Unexpected<SystemError> failed(const char *call, int pid, int error = errno) {
    return failure(format("%s of process %d", call, pid), error);
}

}  // namespace

int own_pid() {
    return ::getpid();
}

ProcessWatch::~ProcessWatch() {
    for (const Process &process : processes_) {
        watcher_.unwatch(process.fd.get());
    }
}

[[gnu::hot]] Status ProcessWatch::watch(int pid) {
    if (find_first(processes_, pid, &Process::pid)) {
        return success();
    }
    if (refused_) {
        return watch_without_pidfd(pid);
    }
    if (processes_.size() >= kMostWatchedProcesses) {
        return failed("watching the end", pid, EMFILE);
    }

    Fd fd = open_pidfd(pid);
    if (fd) {
        return add(pid, std::move(fd), false);
    }
    const int error = errno;
    if (!is_refused(error)) {
        return failed("pidfd_open()", pid, error);
    }
    refused_ = true;
    log_(LogLevel::warn,
         "pidfd_open() failed (%d: %s), the kernel is older than 5.3 or a "
         "seccomp filter refuses it: a signal reports the death of the master "
         "process, and the exit of a worker process is detected later",
         error, std::strerror(error));
    return watch_without_pidfd(pid);
}

Status ProcessWatch::watch_without_pidfd(int pid) {
    if (pid == ::getppid()) {
        return watch_parent(pid);
    }
    return ::kill(pid, 0) != 0 && errno == ESRCH
               ? Status{failed("kill(0)", pid, ESRCH)}
               : success();
}

// After any change of the user or of capabilities, which would undo it. The
// parent may have died before.
Status ProcessWatch::watch_parent(int pid) {
    Fd fd = open_signal_fd(kParentDied);
    if (!fd) {
        return failed("signalfd() for the end", pid);
    }
    if (::prctl(PR_SET_PDEATHSIG, kParentDied) != 0) {
        return failed("prctl(PR_SET_PDEATHSIG) for the end", pid);
    }
    if (::getppid() != pid) {
        return failed("getppid()", pid, ESRCH);
    }
    return add(pid, std::move(fd), true);
}

Status ProcessWatch::add(int pid, Fd fd, bool is_signal) {
    if (!watcher_.watch(fd.get())) {
        return failure(format("adding process %d to the event loop", pid),
                       EMFILE);
    }
    processes_.push_back({pid, std::move(fd), is_signal});
    return success();
}

// Any process of our user can send the signal.
[[gnu::hot]] std::optional<int> ProcessWatch::take_ended(int fd) {
    const auto it =
        std::find_if(processes_.begin(), processes_.end(),
                     [&](const Process &p) { return p.fd.get() == fd; });
    if (it == processes_.end()) {
        return std::nullopt;
    }
    if (it->is_signal) {
        take_signals(fd);
        if (::getppid() == it->pid) {
            return std::nullopt;
        }
    }
    const int pid = it->pid;
    watcher_.unwatch(fd);
    processes_.erase(it);
    return pid;
}

}  // namespace ngx_vrrp::os
