// track_script: what only a script knows. Its exit status 0 passes; the first
// line that it writes is the text of a failure, the rest is dropped. At its
// timeout the whole process group is killed, and before the kernel has given
// it back it does not run again: there are never two at once.
//
// Used in the runner process only, which has no other children: SIGCHLD is
// set to its default there, since nginx's handler would wait for ours.
#pragma once

#include <map>
#include <optional>
#include <string>

#include "core/check/ports.hpp"
#include "core/net/fd.hpp"
#include "core/net/spawn.hpp"
#include "core/net/watcher.hpp"

namespace ngx_vrrp::net {

class ScriptProber final : public check::Prober {
public:
    // Both outlive the prober, with which every script ends.
    ScriptProber(Watcher &watcher, check::Outcomes &outcomes);
    ScriptProber(const ScriptProber &) = delete;
    ScriptProber &operator=(const ScriptProber &) = delete;
    ~ScriptProber() override;

    // What others may write to is not run.
    void start(check::CheckId id, const check::Config &config,
               Instant now) override;
    check::Outcome cancel(check::CheckId id) override;
    void forget(check::CheckId id) override;

    // False: not one of ours.
    bool on_readable(int fd);

private:
    // Until it has been waited for.
    struct Run {
        Child child;
        std::string line;     // what it has written, up to the first end
        bool killed = false;  // and has its result
    };

    using Runs = std::map<check::CheckId, Run>;

    std::optional<check::Outcome> begin(check::CheckId id,
                                        const check::Config &config);
    bool watch(Run &run);
    std::optional<check::Outcome> reap(Runs::iterator run);
    void read_output(Run &run);
    void kill(Run &run);
    void close(Fd &fd);

    Watcher &watcher_;
    check::Outcomes &outcomes_;
    Runs runs_;
};

}  // namespace ngx_vrrp::net
