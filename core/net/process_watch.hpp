// Who ends: one pidfd for each process that is watched.
#pragma once

#include <optional>
#include <vector>

#include "core/base/system_error.hpp"
#include "core/net/fd.hpp"
#include "core/net/watcher.hpp"

namespace ngx_vrrp::net {

int own_pid();

class ProcessWatch {
public:
    explicit ProcessWatch(Watcher &watcher) : watcher_(watcher) {}
    ProcessWatch(const ProcessWatch &) = delete;
    ProcessWatch &operator=(const ProcessWatch &) = delete;
    ~ProcessWatch();

    // Nothing happens for a process that is watched already. ESRCH: there is
    // no such process (any more).
    Status watch(int pid);

    // Whose descriptor it is; that process has ended and is forgotten.
    std::optional<int> take_ended(int fd);

private:
    struct Process {
        int pid;
        Fd fd;
    };

    Watcher &watcher_;
    std::vector<Process> processes_;
};

}  // namespace ngx_vrrp::net
