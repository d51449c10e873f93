// What the checks of this configuration have found, as the vrrp process reads
// it: the table in shared memory, the call when a verdict has changed, and
// whether anybody is checking at all.
#pragma once

#include <optional>

#include "core/base/log.hpp"
#include "core/base/system_error.hpp"
#include "core/base/time.hpp"
#include "core/check/table.hpp"
#include "core/engine/ports.hpp"
#include "core/net/watcher.hpp"

namespace ngx_vrrp::node {

class CheckResults {
public:
    // watcher and sink outlive it. wake_fd is somebody else's; -1: nothing is
    // checked.
    CheckResults(check::Table table, int wake_fd, net::Watcher &watcher,
                 LogSink &sink);
    CheckResults(const CheckResults &) = delete;
    CheckResults &operator=(const CheckResults &) = delete;
    ~CheckResults();

    Status open();

    // False: not ours. True: it is time to look.
    bool on_readable(int fd);

    // Nothing when it cannot be read now.
    std::optional<check::Verdict> verdict(check::CheckId id) const;
    std::optional<engine::CheckResult> result(check::CheckId id) const;

    // Any time. Says when no process that checks has given a sign of life for
    // a while, and when one does again.
    void watch_for_silence(Instant now);

private:
    check::Table table_;
    int wake_fd_;
    net::Watcher &watcher_;
    Log log_;
    bool watching_ = false;

    Instant next_look_{};
    Instant last_beat_{};
    unsigned silent_looks_ = 0;  // in a row
};

}  // namespace ngx_vrrp::node
