// Notices the end of processes: one pidfd for each that is watched.
//
// Where pidfd_open() is refused, a signal tells that the parent has died, and
// of other processes only watch() tells that they are gone.
#pragma once

#include <optional>
#include <vector>

#include "core/base/log.hpp"
#include "core/base/system_error.hpp"
#include "core/net/fd.hpp"
#include "core/net/watcher.hpp"

namespace ngx_vrrp::net {

int own_pid();

// More are not watched, so that there are always descriptors, and room in the
// event loop, for sockets.
inline constexpr std::size_t kMostWatchedProcesses = 512;

class ProcessWatch {
public:
    // Both outlive it.
    ProcessWatch(Watcher &watcher, LogSink &log)
        : watcher_(watcher), log_(log) {}
    ProcessWatch(const ProcessWatch &) = delete;
    ProcessWatch &operator=(const ProcessWatch &) = delete;
    ~ProcessWatch();

    // Nothing happens for a process that is watched already. ESRCH: there is
    // no such process (any more). EMFILE: too many are watched.
    Status watch(int pid);

    // Whose descriptor it is; that process has ended and is forgotten.
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

}  // namespace ngx_vrrp::net
