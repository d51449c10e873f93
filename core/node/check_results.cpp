#include "core/node/check_results.hpp"

#include <algorithm>
#include <cerrno>
#include <string>
#include <utility>

#include "core/os/clock.hpp"
#include "core/os/wake.hpp"

namespace ngx_vrrp::node {

namespace {

// Counted in checks and not in time, which continues while the machine sleeps.
constexpr Duration kCheckPeriod = Seconds{1};
constexpr Seconds kSilence{5};

// Looks are closer together. A longer pause means that the machine was asleep,
// and the other process, too.
constexpr Duration kLongestPause = Seconds{2};

}  // namespace

CheckResults::CheckResults(check::Table table, int wake_fd, int demand_fd,
                           const std::vector<check::Role> &roles,
                           os::Watcher &watcher, LogSink &sink)
    : table_(table),
      wake_fd_(wake_fd),
      demand_fd_(demand_fd),
      watcher_(watcher),
      log_(sink) {
    for (const check::Role role : roles) {
        processes_.push_back({.role = role});
    }
}

CheckResults::~CheckResults() {
    if (watching_) {
        watcher_.unwatch(wake_fd_);
    }
}

Status CheckResults::open() {
    if (wake_fd_ < 0) {
        return success();
    }
    watching_ = watcher_.watch(wake_fd_);
    return watching_ ? success()
                     : failure("adding the checks to the event loop", EMFILE);
}

bool CheckResults::on_readable(int fd) {
    if (fd != wake_fd_) {
        return false;
    }
    os::take_wakes(fd);
    return true;
}

std::optional<check::Verdict> CheckResults::verdict(check::CheckId id) const {
    const check::Verdict verdict = table_.verdict(id);
    if (verdict == check::Verdict::unused && !table_.is_current()) {
        return std::nullopt;
    }
    return verdict;
}

std::optional<engine::CheckResult> CheckResults::result(
    check::CheckId id) const {
    const auto record = table_.load(id);
    if (!record) {
        return std::nullopt;
    }
    return engine::CheckResult{
        .verdict = record->verdict,
        .value = record->value,
        .text = failure_text(*record),
        .checked_at = instant_from_ns(record->checked_at_ns),
        .passed = record->history_length != 0 && (record->history & 1U) == 0};
}

void CheckResults::demand(check::CheckId id) {
    table_.demand(id, os::now());
    os::wake(demand_fd_);
}

std::optional<bfd::Status> CheckResults::bfd(std::size_t session) const {
    return bfd_ != nullptr ? std::optional{bfd_->status(session)}
                           : std::nullopt;
}

[[gnu::hot]] void CheckResults::watch_for_silence(Instant now) {
    if (wake_fd_ < 0 || now < next_check_ || !table_.is_current()) {
        return;
    }
    next_check_ = now + kCheckPeriod;
    const Duration since =
        std::min(now - last_check_.value_or(now), kLongestPause);
    last_check_ = now;

    for (Process &process : processes_) {
        check_process(process, since);
    }
}

void CheckResults::check_process(Process &process, Duration since) {
    const char *name = to_string(process.role).data();
    const Instant beat = table_.last_beat(process.role).at;
    if (std::exchange(process.last_beat, beat) == beat) {
        const bool reported = process.silent >= kSilence;
        process.silent += since;
        if (!reported && process.silent >= kSilence) {
            log_(LogLevel::warn,
                 "the vrrp %s process has been silent for %lld s: its last "
                 "results stay in effect",
                 name, static_cast<long long>(kSilence.count()));
        }
        return;
    }
    if (std::exchange(process.silent, Duration::zero()) >= kSilence) {
        log_(LogLevel::notice, "the vrrp %s process is checking again", name);
    }
}

}  // namespace ngx_vrrp::node
