// The process that notifies as a whole: joins the queue (core/notify) with
// those that deliver and with the events of the other processes
// (core/transport). It begins after the process that it replaces has ended, and
// ends after the senders.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/base/log.hpp"
#include "core/base/system_error.hpp"
#include "core/node/process.hpp"
#include "core/node/transports.hpp"
#include "core/notify/dispatcher.hpp"
#include "core/os/process_watch.hpp"
#include "core/os/watcher.hpp"
#include "core/status/area.hpp"

namespace ngx_vrrp::node {

// The time for which waiting events are delivered when nginx quits, or is
// terminated.
inline constexpr Duration kQuitTime = Seconds{30};
inline constexpr Duration kTerminateTime = Seconds{1};

// After a reload: the time for which the previous process may continue to
// deliver its events; it must quit a little after this one has started. Then
// both of them deliver.
inline constexpr Duration kPredecessorTime = kQuitTime + Seconds{5};

// How old the status may be.
inline constexpr Duration kChannelsInterval = Milliseconds{250};

class NotifyNode final : public Process, notify::DeliverySink {
public:
    // event_fd: the receiving end of the socket pair; it remains the caller's.
    // previous: the area of the previous generation, if it is another one.
    NotifyNode(std::vector<notify::ChannelConfig> channels, int event_fd,
               const status::Area &area,
               const std::optional<status::Area> &previous,
               const NotifyPorts &ports);
    ~NotifyNode() override;

    // With an error, the end of nginx could not be noticed, and the node has
    // finished.
    Status start(int master_pid) override;

    // Everything that still arrives and waits is delivered, within kQuitTime.
    void quit() override;

    // The same with one attempt for each event, within kTerminateTime.
    void terminate() override;

    void on_readable(int fd) override;
    void on_timer() override;
    std::optional<Instant> deadline() const override;
    bool finished() const override { return finished_; }

private:
    void finished(notify::DeliveryId id, const notify::Outcome &outcome,
                  Instant now) override;

    std::vector<notify::Dispatcher::Recipient> recipients(
        std::vector<notify::ChannelConfig> channels);
    Status watch_master(int pid);
    Status watch_events();
    void stop_listening();
    void await_predecessor(std::int32_t pid, Instant now);
    void begin(Instant now);
    void read_events(Instant now);
    void take_event(const notify::EventRecord &event, Instant now);
    void process_ended(int pid, Instant now);
    void end_by(Instant time);
    void end_if_done(Instant now);
    void publish_if_due(Instant now);
    void publish();

    Log log_;
    os::Watcher &watcher_;
    int event_fd_;
    status::Area area_;
    std::optional<status::Area> previous_area_;
    os::ProcessWatch processes_;
    Transports transports_;
    notify::Dispatcher dispatcher_;
    int master_pid_ = 0;
    Instant publish_at_{};
    bool has_news_ = true;  // for the status
    std::vector<int> predecessors_;
    std::optional<Instant> begins_by_;
    std::optional<Instant> ends_by_;
    bool listening_ = false;
    bool goodbye_received_ = false;  // the vrrp process, as its last word
    bool finished_ = false;
};

}  // namespace ngx_vrrp::node
