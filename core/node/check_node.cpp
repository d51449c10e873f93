#include "core/node/check_node.hpp"

#include <algorithm>
#include <cerrno>
#include <utility>
#include <variant>

#include "core/node/event_records.hpp"
#include "core/os/clock.hpp"
#include "core/os/wake.hpp"

namespace ngx_vrrp::node {

namespace {

// The interval of heartbeats in the table, and of checks that this process
// still belongs to the table.
constexpr Duration kBeatInterval = Milliseconds{250};

}  // namespace

CheckNode::CheckNode(std::vector<check::Config> configs, std::string router_id,
                     check::Table table, check::Role role,
                     const CheckPorts &ports, const CheckFds &fds)
    : configs_(std::move(configs)),
      table_(table),
      role_(role),
      verdicts_(ports.verdicts),
      router_id_(std::move(router_id)),
      wake_fd_(fds.wake),
      demand_fd_(fds.demand),
      watcher_(ports.watcher),
      events_(fds.events, ports.log),
      processes_(ports.watcher, ports.log),
      checker_(table_, *this, ports.log,
               static_cast<std::uint64_t>(to_ns(os::now()))),
      probers_(role, ports, fds, *this) {}

CheckNode::~CheckNode() {
    if (!demanded_.empty() && demand_fd_ >= 0) {
        watcher_.unwatch(demand_fd_);
    }
}

Status CheckNode::start(int master_pid) {
    const Status watching = watch_master(master_pid);
    if (finished_) {
        return watching;
    }
    const Instant now = os::now();
    for (check::CheckId id = 0; id < configs_.size(); ++id) {
        if (configs_[id].initial != check::Verdict::unused) {
            add(id, std::move(configs_[id]), now);
        }
    }
    configs_.clear();
    beat(now);
    // without it, they are made at their interval only
    if (!demanded_.empty() && demand_fd_ >= 0 && !watcher_.watch(demand_fd_)) {
        demanded_.clear();
    }
    return success();
}

// A process that has ended already needs no watch.
Status CheckNode::watch_master(int pid) {
    const Status watching = processes_.watch(pid);
    finished_ = !watching;
    return finished_ && watching.error().code == ESRCH ? success() : watching;
}

void CheckNode::assign(check::CheckId id, check::Config config) {
    remove(id);
    table_.assign(id, config);
    add(id, std::move(config), os::now());
}

void CheckNode::release(check::CheckId id) {
    remove(id);
    table_.release(id);
}

void CheckNode::remove(check::CheckId id) {
    checker_.remove(id);
    own_.erase(id);
    values_.erase(id);
    news_ = true;
}

void CheckNode::on_readable(int fd) {
    if (fd >= 0 && fd == demand_fd_) {
        os::take_wakes(fd);
        serve_demands(os::now());
        return;
    }
    if (!probers_.on_readable(fd) && processes_.take_ended(fd)) {
        finished_ = true;
    }
}

void CheckNode::serve_demands(Instant now) {
    for (auto &[id, served] : demanded_) {
        const Instant at = table_.demanded_at(id);
        if (std::exchange(served, at) != at) {
            checker_.check_now(id, now);
        }
    }
}

void CheckNode::on_timer() {
    const Instant now = os::now();
    checker_.handle_time(now);
    if (now >= beat_at_) {
        beat(now);
    }
    events_.handle_time(now);
}

void CheckNode::share() {
    if (std::exchange(news_, false)) {
        os::wake(wake_fd_);
    }
}

std::optional<Instant> CheckNode::deadline() const {
    if (finished_ || replaced_) {
        return std::nullopt;
    }
    Instant next = beat_at_;
    for (const auto &due : {checker_.deadline(), events_.deadline()}) {
        next = std::min(next, due.value_or(beat_at_));
    }
    return next;
}

void CheckNode::finished(check::CheckId id, const check::Outcome &outcome,
                         Instant now) {
    checker_.finished(id, outcome, now);
    compare_value(id, outcome.value);
}

void CheckNode::check_now(check::CheckId id, Instant now) {
    checker_.check_now(id, now);
}

void CheckNode::verdict_changed(check::CheckId id, check::Verdict verdict) {
    news_ = true;
    send_event(id, false);
    verdicts_.verdict_changed(id, verdict);
}

void CheckNode::served(check::CheckId) {
    news_ = true;
}

void CheckNode::recovered(check::CheckId id) {
    verdicts_.recovered(id);
}

void CheckNode::send_event(check::CheckId id, bool again) {
    const auto record = events_.has_listener() ? table_.load(id) : std::nullopt;
    if (!record || (again && record->verdict != check::Verdict::down)) {
        return;
    }
    const Instant now = os::now();
    if (auto event = to_event(*record, router_id_, {now, os::wall_clock()})) {
        event->again = again;
        events_.send(*event, now);
    }
}

void CheckNode::repeat_events(Instant now) {
    if (!events_.has_listener() || now < next_repeat_) {
        return;
    }
    next_repeat_ = now + notify::kRepeat;
    for (const check::CheckId id : own_) {
        send_event(id, true);
    }
}

void CheckNode::add(check::CheckId id, check::Config config, Instant now) {
    check::Prober *prober = probers_.find(config.probe);
    if (prober == nullptr) {
        return;
    }
    if (std::holds_alternative<check::FileCheck>(config.probe)) {
        values_[id] = std::nullopt;
    }
    if (config.on_demand) {
        demanded_[id] = {};
    }
    checker_.add(id, std::move(config), *prober, now);
    own_.insert(id);
}

// A tracker multiplies the number in a file, so each change of the number is
// reported.
void CheckNode::compare_value(check::CheckId id, std::int64_t value) {
    const auto told = values_.find(id);
    if (told != values_.end() && told->second != value) {
        told->second = value;
        news_ = true;
    }
}

void CheckNode::beat(Instant now) {
    replaced_ = !table_.is_current();
    table_.beat(role_, {.at = now,
                        .late_wakes = checker_.late_wakes(),
                        .worst_lag = checker_.worst_lag()});
    beat_at_ = now + kBeatInterval;
    repeat_events(now);
}

}  // namespace ngx_vrrp::node
