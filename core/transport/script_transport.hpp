// notify, notify_master ...: programs of the operator. An exit status other
// than 0 is a failure; their output goes to the log. At its timeout the whole
// process group is killed.
#pragma once

#include <map>
#include <optional>
#include <string>

#include "core/base/log.hpp"
#include "core/notify/ports.hpp"
#include "core/os/watcher.hpp"
#include "core/script/script_runs.hpp"

namespace ngx_vrrp::transport {

class ScriptTransport final : public notify::Transport, script::ScriptSink {
public:
    // All of them outlive the transport, whose end kills every script.
    ScriptTransport(os::Watcher &watcher, notify::DeliverySink &sink,
                    LogSink &log);

    // For a ScriptChannel, one event. A script that other users may write is
    // not run.
    void deliver(const notify::Delivery &delivery,
                 const notify::ChannelConfig &config, Instant now) override;
    notify::Outcome cancel(notify::DeliveryId id) override;

    // False: not one of ours.
    bool on_readable(int fd) { return runs_.on_readable(fd); }

private:
    void script_ended(script::RunId id,
                      const script::ScriptResult &result) override;

    std::optional<notify::Outcome> begin(const notify::Delivery &delivery,
                                         const notify::ChannelConfig &config);
    notify::Outcome conclude(script::RunId id,
                             const script::ScriptResult &result);
    void log_output(script::RunId id, const std::string &output);

    notify::DeliverySink &sink_;
    Log log_;
    script::ScriptRuns runs_;
    std::map<script::RunId, std::string>
        names_;  // of those under way, for the log
};

}  // namespace ngx_vrrp::transport
