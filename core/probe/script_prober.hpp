// track_script: a check by a script. Its exit status 0 passes; the first line
// that it writes is the text of a failure, the rest is dropped. At its timeout
// the whole process group is killed, and it does not run again until the
// process has ended: there are never two at once.
#pragma once

#include <optional>
#include <string>

#include "core/check/ports.hpp"
#include "core/os/watcher.hpp"
#include "core/script/script_runs.hpp"

namespace ngx_vrrp::probe {

class ScriptProber final : public check::Prober, script::ScriptSink {
public:
    // Both outlive the prober, whose end kills every script.
    ScriptProber(os::Watcher &watcher, check::Outcomes &outcomes);

    // A script that other users may write is not run.
    void start(check::CheckId id, const check::Config &config,
               Instant now) override;
    check::Outcome cancel(check::CheckId id) override;
    void forget(check::CheckId id) override;

    bool on_readable(int fd) override { return runs_.on_readable(fd); }

private:
    void script_ended(script::RunId id,
                      const script::ScriptResult &result) override;

    std::optional<check::Outcome> begin(check::CheckId id,
                                        const check::Config &config);

    check::Outcomes &outcomes_;
    script::ScriptRuns runs_;
};

}  // namespace ngx_vrrp::probe
