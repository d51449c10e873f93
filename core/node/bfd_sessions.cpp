#include "core/node/bfd_sessions.hpp"

#include <algorithm>
#include <cerrno>
#include <utility>

#include "core/os/clock.hpp"

namespace ngx_vrrp::node {

namespace {

// A port that another program has may come free.
constexpr Duration kRetry = Seconds{1};

// How often a process that waits looks whether the other one has ended.
constexpr Duration kLongestPoll = Milliseconds{100};
constexpr Duration kShortestPoll = Milliseconds{5};

std::vector<std::string> names_of(
    const std::vector<bfd::SessionConfig> &configs) {
    std::vector<std::string> names;
    for (const bfd::SessionConfig &config : configs) {
        names.push_back(to_string(config));
    }
    return names;
}

Duration poll_of(const std::vector<bfd::SessionConfig> &configs) {
    Duration poll = kLongestPoll;
    for (const bfd::SessionConfig &config : configs) {
        poll = std::min(poll, config.min_tx / 4);
    }
    return std::max(poll, kShortestPoll);
}

}  // namespace

std::vector<bfd::SessionConfig> sessions_of(
    const std::vector<engine::RouterConfig> &configs) {
    std::vector<bfd::SessionConfig> sessions;
    for (const engine::RouterConfig &config : configs) {
        for (const engine::TrackerConfig &tracker : config.trackers) {
            if (tracker.kind == engine::TrackKind::bfd) {
                sessions.resize(
                    std::max(sessions.size(), tracker.session_id + 1));
                sessions[tracker.session_id] = tracker.session;
            }
        }
    }
    return sessions;
}

BfdSessions::BfdSessions(std::vector<bfd::SessionConfig> configs, Ports ports,
                         void *memory, engine::ProcessId self,
                         engine::Processes &processes, os::Watcher &watcher,
                         LogSink &sink)
    : configs_(std::move(configs)),
      holder_(std::move(ports.holder)),
      log_(sink),
      ownership_(memory, self, names_of(configs_), processes),
      sockets_(ports.descriptors, configs_.size(), watcher),
      speaker_(configs_,
               self.word() ^ static_cast<std::uint64_t>(to_ns(os::now())),
               *this, sink),
      poll_(poll_of(configs_)),
      ports_(configs_.size()) {}

void BfdSessions::start(Instant now) {
    now_ = now;
    started_ = !configs_.empty();
    has_sessions(now);
}

// The word in shared memory is read before anything is sent or received.
bool BfdSessions::has_sessions(Instant now) {
    if (!started_) {
        return false;
    }
    if (ours_ && !ownership_.owns()) {
        lose(now);
    }
    if (!ours_ && !stopped_ && ownership_.claim(now)) {
        take_over(now);
    }
    poll_at_ = ours_ || stopped_ ? std::nullopt : std::optional{now + poll_};
    return ours_;
}

void BfdSessions::take_over(Instant now) {
    ours_ = true;
    for (std::size_t i = 0; i < configs_.size(); ++i) {
        const bfd::Saved saved = ownership_.read(i, now).value_or(bfd::Saved{});
        const bool runs = saved.variables.local_discriminator != 0 &&
                          saved.variables.state != bfd::State::admin_down;
        if (runs) {
            ports_[i] = saved.source_port;
            speaker_.resume(i, saved.variables, now);
        } else {
            speaker_.start(i, now);
        }
        ownership_.write(i, {speaker_.sessions()[i].variables(),
                             saved.source_port, saved.sequence});
    }
    open(now);
    save();
}

// Sessions that the next process does not have end here.
void BfdSessions::lose(Instant now) {
    ours_ = false;
    news_ = true;
    for (std::size_t i = 0; i < configs_.size(); ++i) {
        if (ownership_.is_last(i)) {
            speaker_.take_down(i, now);
        }
        sockets_.close_session(i);
    }
    sockets_.stop_listening();
    retry_at_.reset();
}

std::string BfdSessions::with_hint(const SystemError &error) const {
    if (error.code != EADDRINUSE) {
        return error.to_string();
    }
    if (holder_.empty()) {
        return error.to_string() +
               ": another program on this machine, usually bird or bfdd of "
               "FRR, has the port of BFD: switch BFD off there, or remove "
               "\"track_bfd\" here";
    }
    const std::string advice =
        holder_.starts_with("nginx (")
            ? "wait until it has ended, switch BFD off there"
            : "switch BFD off there";
    return error.to_string() + ": when this process started, " + holder_ +
           " had the port of BFD: " + advice + ", or remove \"track_bfd\" here";
}

void BfdSessions::open(Instant now) {
    const Status opened = open_all();
    const std::string before =
        std::exchange(trouble_, opened ? "" : with_hint(opened.error()));
    news_ = news_ || trouble_ != before;
    retry_at_ = opened ? std::nullopt : std::optional{now + kRetry};
    if (!opened) {
        trouble_line_.write(log_, LogLevel::error,
                            "no BFD: " + trouble_ + "; retrying each second",
                            now);
    } else if (!before.empty()) {
        log_(LogLevel::notice, "BFD is possible now");
    }
}

bool BfdSessions::is_used(std::size_t which) const {
    return std::ranges::any_of(configs_, [&](const bfd::SessionConfig &c) {
        return net::bfd_socket_of(c.peer.family(), c.multihop) == which;
    });
}

// All that is possible; the first error.
Status BfdSessions::open_all() {
    Status result = success();
    const auto note = [&](const Status &status) {
        if (result && !status) {
            result = status;
        }
    };
    for (std::size_t i = 0; i < net::kBfdSockets; ++i) {
        if (is_used(i)) {
            note(sockets_.listen(i));
        }
    }
    for (std::size_t i = 0; i < configs_.size(); ++i) {
        if (!sockets_.is_open(i)) {
            note(sockets_.open_session(i, configs_[i], ports_[i]));
        }
    }
    return result;
}

void BfdSessions::stop(Instant now) {
    now_ = now;
    if (ours_ && !ownership_.owns()) {
        lose(now);
    }
    if (ours_ && ownership_.owns() && !ownership_.has_successor(now)) {
        speaker_.take_down(now);
        save();
    } else {
        ours_ = false;
        sockets_.stop_listening();
        ownership_.give_up();
    }
    stopped_ = true;
    poll_at_.reset();
}

[[gnu::hot]] bool BfdSessions::on_readable(int fd, Instant now) {
    if (!sockets_.is_listening(fd)) {
        return false;
    }
    now_ = now;
    if (has_sessions(now)) {
        sockets_.read(fd, [&](const bfd::Arrival &arrival) {
            speaker_.receive(arrival, now);
        });
        save();
    }
    return true;
}

// A process that was not scheduled reads what has arrived before it decides
// that a peer is silent.
[[gnu::hot]] void BfdSessions::handle_time(Instant now) {
    now_ = now;
    const auto due = deadline();
    if (!due || now < *due || !has_sessions(now)) {
        return;
    }
    if (retry_at_ && now >= *retry_at_) {
        open(now);
    }
    if (speaker_.is_expiring(now)) {
        sockets_.read_all([&](const bfd::Arrival &arrival) {
            speaker_.receive(arrival, now);
        });
    }
    speaker_.handle_time(now);
    save();
}

[[gnu::hot]] std::optional<Instant> BfdSessions::deadline() const {
    std::optional<Instant> earliest = poll_at_;
    if (ours_) {
        take_earlier(earliest, retry_at_);
        take_earlier(earliest, speaker_.deadline());
    }
    return earliest;
}

bool BfdSessions::take_news() {
    return std::exchange(news_, false);
}

// A process that waits shows the state that the other one has saved.
bfd::Status BfdSessions::status(std::size_t session) const {
    if (!ours_ && !stopped_) {
        if (const auto saved = ownership_.read(session, os::now())) {
            bfd::Session copy(configs_[session], 1, 1);
            copy.show(saved->variables);
            return status_of(copy);
        }
    }
    bfd::Status status = status_of(speaker_.sessions()[session]);
    const bfd::SessionConfig &config = configs_[session];
    if (!sockets_.is_open(session) ||
        !sockets_.listens(
            net::bfd_socket_of(config.peer.family(), config.multihop))) {
        status.trouble = trouble_;
    }
    return status;
}

// A peer that gets nothing goes down by itself.
void BfdSessions::send(std::size_t session, Bytes payload) {
    if (!sockets_.is_open(session)) {
        return;
    }
    const Status sent = sockets_.send(session, configs_[session], payload);
    if (!sent) {
        send_line_.write(log_, LogLevel::error, sent.error().to_string(), now_);
    }
}

void BfdSessions::save() {
    if (!ownership_.owns()) {
        return;
    }
    for (std::size_t i = 0; i < configs_.size(); ++i) {
        if (speaker_.take_touched(i)) {
            ownership_.write(
                i, {speaker_.sessions()[i].variables(), sockets_.port(i), 0});
        }
    }
}

}  // namespace ngx_vrrp::node
