// Notices the end of processes: one pidfd for each that is watched.
//
// Where pidfd_open() is refused, a signal reports the death of the parent, and
// only watch() reports that other processes have ended.
#pragma once

#include <optional>
#include <vector>

#include "core/base/log.hpp"
#include "core/base/system_error.hpp"
#include "core/os/fd.hpp"
#include "core/os/watcher.hpp"

namespace ngx_vrrp::os {

int own_pid();

// The limit of watched processes, so that descriptors, and room in the event
// loop, are left for sockets.
inline constexpr std::size_t kMostWatchedProcesses = 512;

class ProcessWatch {
public:
    // Both outlive it.
    ProcessWatch(Watcher &watcher, LogSink &log)
        : watcher_(watcher), log_(log) {}
    ProcessWatch(const ProcessWatch &) = delete;
    ProcessWatch &operator=(const ProcessWatch &) = delete;
    ~ProcessWatch();

    // No effect for a process that is watched already. ESRCH: the process does
    // not exist (any more). EMFILE: too many are watched.
    Status watch(int pid);

    // The process of this descriptor; it has ended and is not watched any more.
    std::optional<int> take_ended(int fd);

private:
    struct Process {
        int pid;
        Fd fd;
        bool is_signal;  // signalfd in place of a pidfd
    };

    Status watch_without_pidfd(int pid);
    Status watch_parent(int pid);
    Status add(int pid, Fd fd, bool is_signal);

    Watcher &watcher_;
    Log log_;
    bool refused_ = false;
    std::vector<Process> processes_;
};

}  // namespace ngx_vrrp::os
