#include "core/node/check_results.hpp"

#include <cerrno>
#include <string>
#include <utility>

#include "core/net/wake.hpp"

namespace ngx_vrrp::node {

namespace {

// Counted in looks and not in time, which goes on while the machine sleeps.
constexpr Duration kLook = Seconds{1};
constexpr unsigned kSilentLooks = 5;

std::string text_of(const check::Record &record) {
    std::string text{to_string(record.reason)};
    if (!record.text.view().empty()) {
        text.append(" ").append(record.text.view());
    }
    return text;
}

}  // namespace

CheckResults::CheckResults(check::Table table, int wake_fd,
                           net::Watcher &watcher, LogSink &sink)
    : table_(table), wake_fd_(wake_fd), watcher_(watcher), log_(sink) {}

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
                     : Unexpected(SystemError{
                           "adding the checks to the event loop", EMFILE});
}

bool CheckResults::on_readable(int fd) {
    if (fd != wake_fd_) {
        return false;
    }
    net::take_wakes(fd);
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
    return engine::CheckResult{.verdict = record->verdict,
                               .value = record->value,
                               .text = text_of(*record)};
}

void CheckResults::watch_for_silence(Instant now) {
    if (wake_fd_ < 0 || now < next_look_ || !table_.is_current()) {
        return;
    }
    next_look_ = now + kLook;

    const Instant beat = table_.last_beat();
    if (std::exchange(last_beat_, beat) == beat) {
        if (++silent_looks_ == kSilentLooks) {
            log_(LogLevel::warn,
                 "no check has been made for %u s: is there no vrrp checker "
                 "process? All verdicts stay as they are",
                 kSilentLooks);
        }
        return;
    }
    if (std::exchange(silent_looks_, 0) >= kSilentLooks) {
        log_(LogLevel::notice, "checks are being made again");
    }
}

}  // namespace ngx_vrrp::node
