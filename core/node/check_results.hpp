// The results of the checks of this configuration for the vrrp process: the
// table in shared memory, the wake-up when a verdict has changed, and the
// detection of silent checker processes.
#pragma once

#include <optional>
#include <vector>

#include "core/base/log.hpp"
#include "core/base/system_error.hpp"
#include "core/base/time.hpp"
#include "core/bfd/status.hpp"
#include "core/check/role.hpp"
#include "core/check/table.hpp"
#include "core/engine/ports.hpp"
#include "core/os/watcher.hpp"

namespace ngx_vrrp::node {

class CheckResults final : public engine::Results {
public:
    // watcher and sink outlive it. wake_fd belongs to the caller; -1: there are
    // no checks. demand_fd, too: it wakes the process that makes those on
    // demand. roles: of the processes that check.
    CheckResults(check::Table table, int wake_fd, int demand_fd,
                 const std::vector<check::Role> &roles, os::Watcher &watcher,
                 LogSink &sink);
    CheckResults(const CheckResults &) = delete;
    CheckResults &operator=(const CheckResults &) = delete;
    ~CheckResults() override;

    Status open();

    // False: not ours. True: it is time to look.
    bool on_readable(int fd);

    std::optional<check::Verdict> verdict(check::CheckId id) const override;
    std::optional<engine::CheckResult> result(check::CheckId id) const override;
    void demand(check::CheckId id) override;

    // The sessions outlive it.
    void show(const bfd::Statuses &sessions) { bfd_ = &sessions; }
    std::optional<bfd::Status> bfd(std::size_t session) const override;

    // Any time. Logs when a process that checks has been silent for a while,
    // and when it reports again.
    void watch_for_silence(Instant now);

private:
    struct Process {
        check::Role role;
        Instant last_beat{};
        Duration silent{};
    };

    void check_process(Process &process, Duration since);

    check::Table table_;
    const bfd::Statuses *bfd_ = nullptr;
    int wake_fd_;
    int demand_fd_;
    os::Watcher &watcher_;
    Log log_;
    bool watching_ = false;

    std::optional<Instant> last_check_;
    Instant next_check_{};
    std::vector<Process> processes_;
};

}  // namespace ngx_vrrp::node
