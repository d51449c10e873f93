#include "core/node/notify_node.hpp"

#include <cerrno>
#include <utility>

#include "core/os/clock.hpp"
#include "core/transport/event_socket.hpp"

namespace ngx_vrrp::node {

namespace {

constexpr unsigned kMaxEventsPerWakeup = 64;

status::ChannelRecord to_record(const notify::ChannelConfig &config,
                                const notify::ChannelCounts &counts) {
    status::ChannelRecord record{};
    record.name.set(config.name);
    record.target.set(config.target);
    record.instance.set(config.instance);
    record.last_error.set(counts.last_error);
    record.delivered = counts.delivered;
    record.dropped = counts.dropped;
    record.skipped = counts.skipped;
    record.waiting = counts.waiting;
    record.failures = counts.failures;
    record.failed_at_ns = to_ns(counts.failed_at);
    record.delivered_at_ns = to_ns(counts.delivered_at);
    return record;
}

}  // namespace

NotifyNode::NotifyNode(std::vector<notify::ChannelConfig> channels,
                       int event_fd, const status::Area &area,
                       const std::optional<status::Area> &previous,
                       const NotifyPorts &ports)
    : log_(ports.log),
      watcher_(ports.watcher),
      event_fd_(event_fd),
      area_(area),
      previous_area_(previous),
      processes_(ports.watcher, ports.log),
      transports_(ports, *this),
      dispatcher_(recipients(std::move(channels)), ports.log,
                  static_cast<std::uint64_t>(to_ns(os::now()))) {}

NotifyNode::~NotifyNode() {
    stop_listening();
    area_.end_notifying(os::own_pid());
}

std::vector<notify::Dispatcher::Recipient> NotifyNode::recipients(
    std::vector<notify::ChannelConfig> channels) {
    std::vector<notify::Dispatcher::Recipient> list;
    for (notify::ChannelConfig &channel : channels) {
        notify::Transport &transport = transports_.find(channel);
        list.push_back({std::move(channel), &transport});
    }
    return list;
}

Status NotifyNode::start(int master_pid) {
    Status watching = watch_events();
    if (watching) {
        watching = watch_master(master_pid);
    }
    if (!watching) {
        finished_ = true;
        return watching;
    }

    const Instant now = os::now();
    await_predecessor(area_.begin_notifying(os::own_pid()), now);
    if (previous_area_) {
        await_predecessor(previous_area_->notifier(), now);
    }
    publish_if_due(now);
    return success();
}

Status NotifyNode::watch_events() {
    listening_ = watcher_.watch(event_fd_);
    return listening_ ? success()
                      : failure("adding the events to the event loop", EMFILE);
}

// A process that has ended already needs no watch.
Status NotifyNode::watch_master(int pid) {
    master_pid_ = pid;
    Status watching = processes_.watch(pid);
    if (!watching && watching.error().code == ESRCH) {
        quit();
        return success();
    }
    return watching;
}

void NotifyNode::stop_listening() {
    if (std::exchange(listening_, false)) {
        watcher_.unwatch(event_fd_);
    }
}

// A crashed process does not exist any more.
void NotifyNode::await_predecessor(std::int32_t pid, Instant now) {
    if (pid == 0 || pid == os::own_pid() || !processes_.watch(pid)) {
        return;
    }
    predecessors_.push_back(pid);
    begins_by_ = now + kPredecessorTime;
    dispatcher_.hold();
}

void NotifyNode::begin(Instant now) {
    predecessors_.clear();
    begins_by_.reset();
    dispatcher_.release(now);
}

// The final event may have arrived before.
void NotifyNode::quit() {
    const Instant now = os::now();
    end_by(now + kQuitTime);
    end_if_done(now);
}

void NotifyNode::terminate() {
    const Instant now = os::now();
    end_by(now + kTerminateTime);
    begin(now);
    dispatcher_.drain(now);
    end_if_done(now);
    publish_if_due(now);
}

void NotifyNode::end_by(Instant time) {
    take_earlier(ends_by_, time);
}

void NotifyNode::on_readable(int fd) {
    const Instant now = os::now();
    if (fd == event_fd_) {
        read_events(now);
    } else if (!transports_.on_readable(fd)) {
        if (const auto pid = processes_.take_ended(fd)) {
            process_ended(*pid, now);
        }
    }
    end_if_done(now);
    publish_if_due(now);
}

void NotifyNode::read_events(Instant now) {
    using Kind = transport::Incoming::Kind;
    for (unsigned n = 0; n < kMaxEventsPerWakeup; ++n) {
        const transport::Incoming incoming =
            transport::receive_event(event_fd_);
        switch (incoming.kind) {
            case Kind::event:
                take_event(incoming.event, now);
                break;
            case Kind::goodbye:
                goodbye_received_ = true;
                break;
            case Kind::garbage:
                log_(LogLevel::alert, "ignoring a malformed event");
                break;
            case Kind::closed:
                stop_listening();
                quit();
                return;
            case Kind::nothing:
                return;
        }
    }
}

// Events of upstream blocks come from the checker process, which ends without a
// message; all others come from a vrrp process, even if it is another one.
void NotifyNode::take_event(const notify::EventRecord &event, Instant now) {
    if (event.kind != notify::EventKind::upstream) {
        goodbye_received_ = false;
    }
    has_news_ = true;
    dispatcher_.add(event, now);
}

void NotifyNode::process_ended(int pid, Instant now) {
    if (pid == master_pid_) {
        quit();
    } else if (std::erase(predecessors_, pid) != 0 && predecessors_.empty()) {
        begin(now);
    }
}

void NotifyNode::on_timer() {
    const Instant now = os::now();
    if (begins_by_ && now >= *begins_by_) {
        log_(LogLevel::warn,
             "the previous vrrp notifier process has not exited, starting "
             "anyway");
        begin(now);
    }
    const auto due = dispatcher_.deadline();
    has_news_ = has_news_ || (due && now >= *due);
    dispatcher_.handle_time(now);
    end_if_done(now);
    publish_if_due(now);
}

// The master also has the senders' end, as long as it waits for us: the final
// event counts as the end of the senders.
void NotifyNode::end_if_done(Instant now) {
    if (finished_ || !ends_by_) {
        return;
    }
    const bool all_received = !listening_ || goodbye_received_;
    if (now < *ends_by_ && !(all_received && dispatcher_.idle())) {
        return;
    }
    dispatcher_.give_up(now);
    finished_ = true;
}

// A process that a later one replaces leaves the status to it.
void NotifyNode::publish_if_due(Instant now) {
    if (!has_news_ || now < publish_at_) {
        return;
    }
    publish_at_ = now + kChannelsInterval;
    has_news_ = false;
    if (area_.notifier() == os::own_pid()) {
        publish();
    }
}

void NotifyNode::publish() {
    std::vector<status::ChannelRecord> records;
    for (notify::ChannelId id = 0; id < dispatcher_.channels(); ++id) {
        records.push_back(
            to_record(dispatcher_.config(id), dispatcher_.counts(id)));
    }
    area_.channels().write(records);
}

std::optional<Instant> NotifyNode::deadline() const {
    if (finished_) {
        return std::nullopt;
    }
    std::optional<Instant> next = dispatcher_.deadline();
    if (has_news_) {
        take_earlier(next, publish_at_);
    }
    take_earlier(next, begins_by_);
    take_earlier(next, ends_by_);
    return next;
}

void NotifyNode::finished(notify::DeliveryId id, const notify::Outcome &outcome,
                          Instant now) {
    has_news_ = true;
    dispatcher_.finished(id, outcome, now);
}

}  // namespace ngx_vrrp::node
