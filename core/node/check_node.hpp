// A process that checks as a whole: joins the checks (core/check) with the
// machine (core/net) and with the shared memory of its nginx. It decides
// nothing about health; it has the list of its checks, their probers, and the
// receivers of the results.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "core/base/system_error.hpp"
#include "core/check/checker.hpp"
#include "core/check/config.hpp"
#include "core/check/connection_prober.hpp"
#include "core/check/ports.hpp"
#include "core/check/role.hpp"
#include "core/check/table.hpp"
#include "core/node/probers.hpp"
#include "core/node/process.hpp"
#include "core/os/process_watch.hpp"
#include "core/transport/event_socket.hpp"

namespace ngx_vrrp::node {

class CheckNode final : public Process, check::Outcomes, check::VerdictSink {
public:
    CheckNode(std::vector<check::Config> configs, std::string router_id,
              check::Table table, check::Role role, const CheckPorts &ports,
              const CheckFds &fds);
    ~CheckNode() override;

    // Begins to check; finishes when the master ends. With an error, the end of
    // the master could not be noticed, and the node has finished.
    Status start(int master_pid) override;

    // At once: others have its results.
    void quit() override { finished_ = true; }
    void terminate() override { finished_ = true; }

    // A reserved slot becomes this check; it may have been another one before.
    void assign(check::CheckId id, check::Config config);
    void release(check::CheckId id);

    // Reports of the transport.
    check::ConnectionProber &connections() { return probers_.connections(); }

    void on_readable(int fd) override;
    void on_timer() override;

    // Wakes the vrrp process if a verdict has changed.
    void share() override;

    std::optional<Instant> deadline() const override;

    // A process of a generation that is two behind has no table any more, but
    // waits for QUIT: the master would start one that ends earlier again.
    bool finished() const override { return finished_; }

private:
    void finished(check::CheckId id, const check::Outcome &outcome,
                  Instant now) override;
    void check_now(check::CheckId id, Instant now) override;
    void verdict_changed(check::CheckId id, check::Verdict verdict) override;
    void recovered(check::CheckId id) override;
    void served(check::CheckId id) override;

    Status watch_master(int pid);
    void add(check::CheckId id, check::Config config, Instant now);
    void remove(check::CheckId id);
    void send_event(check::CheckId id, bool again);
    void repeat_events(Instant now);
    void serve_demands(Instant now);
    void compare_value(check::CheckId id, std::int64_t value);
    void beat(Instant now);

    std::vector<check::Config> configs_;
    check::Table table_;
    check::Role role_;
    check::VerdictSink &verdicts_;
    std::string router_id_;
    int wake_fd_;
    int demand_fd_;
    os::Watcher &watcher_;
    transport::EventSender events_;
    os::ProcessWatch processes_;
    check::Checker checker_;
    Probers probers_;
    std::map<check::CheckId, std::optional<std::int64_t>> values_;  // of files
    std::set<check::CheckId> own_;
    std::map<check::CheckId, Instant> demanded_;  // of those on demand
    Instant beat_at_{};
    Instant next_repeat_{};
    bool news_ = false;
    bool replaced_ = false;
    bool finished_ = false;
};

}  // namespace ngx_vrrp::node
