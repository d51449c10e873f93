// track_script: the exit status 0 of a script passes. The first line of its
// output is the text of a failure, the rest is dropped. At its timeout the
// whole process group is killed. The script is not run again until the kernel
// has ended it: two runs never overlap.
#pragma once

#include <optional>
#include <string>

#include "core/check/ports.hpp"
#include "core/net/script_runs.hpp"
#include "core/net/watcher.hpp"

namespace ngx_vrrp::probe {

class ScriptProber final : public check::Prober, net::ScriptSink {
public:
    // Both outlive the prober, whose end kills every script.
    ScriptProber(net::Watcher &watcher, check::Outcomes &outcomes);

    // A script that other users can write is not run.
    void start(check::CheckId id, const check::Config &config,
               Instant now) override;
    check::Outcome cancel(check::CheckId id) override;
    void forget(check::CheckId id) override;

    // False: not one of ours.
    bool on_readable(int fd) { return runs_.on_readable(fd); }

private:
    void script_ended(net::RunId id, const net::ScriptResult &result) override;

    std::optional<check::Outcome> begin(check::CheckId id,
                                        const check::Config &config);

    check::Outcomes &outcomes_;
    net::ScriptRuns runs_;
};

}  // namespace ngx_vrrp::probe
