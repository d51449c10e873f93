#include "core/net/process_watch.hpp"

#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <utility>

#include "core/base/log.hpp"

namespace ngx_vrrp::net {

int own_pid() {
    return ::getpid();
}

ProcessWatch::~ProcessWatch() {
    for (const Process &process : processes_) {
        watcher_.unwatch(process.fd.get());
    }
}

// Linux 5.3; the C library of Debian 12 is the first with a wrapper.
Status ProcessWatch::watch(int pid) {
    const bool known =
        std::any_of(processes_.begin(), processes_.end(),
                    [&](const Process &p) { return p.pid == pid; });
    if (known) {
        return success();
    }

    Fd fd(static_cast<int>(::syscall(SYS_pidfd_open, pid, 0)));
    if (!fd) {
        return Unexpected(
            SystemError{format("pidfd_open() of process %d", pid), errno});
    }
    if (!watcher_.watch(fd.get())) {
        return Unexpected(SystemError{
            format("adding process %d to the event loop", pid), EMFILE});
    }
    processes_.push_back({pid, std::move(fd)});
    return success();
}

std::optional<int> ProcessWatch::take_ended(int fd) {
    const auto it =
        std::find_if(processes_.begin(), processes_.end(),
                     [&](const Process &p) { return p.fd.get() == fd; });
    if (it == processes_.end()) {
        return std::nullopt;
    }
    const int pid = it->pid;
    watcher_.unwatch(fd);
    processes_.erase(it);
    return pid;
}

}  // namespace ngx_vrrp::net
