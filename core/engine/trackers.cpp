#include "core/engine/trackers.hpp"

#include <algorithm>
#include <utility>

#include "core/base/find.hpp"
#include "core/base/fingerprint.hpp"

namespace ngx_vrrp::engine {

namespace {

std::uint64_t latched_title(const Tracker &tracker) {
    return fingerprint("latched " + tracker.label());
}

}  // namespace

Trackers::Trackers(std::vector<TrackerConfig> configs) {
    list_.reserve(configs.size());
    for (TrackerConfig &config : configs) {
        list_.emplace_back(std::move(config));
    }
    reported_.resize(list_.size());
}

void Trackers::begin(Instant checks_started_by) {
    for (Tracker &tracker : list_) {
        tracker.begin(checks_started_by);
    }
}

void Trackers::trust(Instant now) {
    for (Tracker &tracker : list_) {
        tracker.trust(now);
    }
}

void Trackers::evaluate(const Interfaces &interfaces, const Results &results,
                        Instant now) {
    next_check_.reset();
    for (Tracker &tracker : list_) {
        tracker.evaluate(interfaces, results, now);
        take_earlier(next_check_, {now + kTrackerPeriod});
        take_earlier(next_check_, tracker.deadline());
    }
}

bool Trackers::are_known() const {
    return std::ranges::none_of(list_, &Tracker::is_awaited);
}

std::string Trackers::fault() const {
    const Tracker *first = find_first(list_, &Tracker::is_fault);
    return first ? first->label() + ": " + first->reason() : "";
}

Priority Trackers::effective(Priority base) const {
    if (base == kPriorityOwner) {
        return base;
    }
    int sum = base.value;
    for (const Tracker &tracker : list_) {
        sum += tracker.priority_delta();
    }
    return Priority{static_cast<std::uint8_t>(std::clamp(sum, 1, 254))};
}

std::string Trackers::take_news() {
    std::string news;
    for (std::size_t i = 0; i < list_.size(); ++i) {
        const int delta = list_[i].priority_delta();
        if (std::exchange(reported_[i].delta, delta) != delta) {
            news += (news.empty() ? "" : "; ") + list_[i].describe();
        }
    }
    return news;
}

std::vector<TrackerChange> Trackers::take_changes() {
    using check::Verdict;
    std::vector<TrackerChange> changes;
    for (std::size_t i = 0; i < list_.size(); ++i) {
        const Verdict state = list_[i].state();
        if (state == Verdict::unknown) {
            continue;
        }
        const Verdict before = std::exchange(reported_[i].state, state);
        const bool first_up =
            before == Verdict::unknown && state == Verdict::up;
        if (state != before && !first_up) {
            changes.push_back({&list_[i], before});
        }
    }
    return changes;
}

std::vector<std::string> Trackers::latch() {
    std::vector<std::string> titles;
    for (Tracker &tracker : list_) {
        if (tracker.must_latch()) {
            tracker.set_latched(true);
            titles.push_back(tracker.label());
        }
    }
    return titles;
}

bool Trackers::has_latched() const {
    return std::ranges::any_of(list_, &Tracker::is_latched);
}

void Trackers::set_latched(
    const std::function<bool(const std::string &)> &is_latched) {
    for (Tracker &tracker : list_) {
        if (tracker.config().latch && is_latched(tracker.label())) {
            tracker.set_latched(true);
        }
    }
}

std::vector<std::string> Trackers::unlatch() {
    std::vector<std::string> titles;
    for (Tracker &tracker : list_) {
        if (tracker.is_latched()) {
            tracker.set_latched(false);
            titles.push_back(tracker.label());
        }
    }
    return titles;
}

std::vector<std::uint64_t> Trackers::failed() const {
    std::vector<std::uint64_t> titles;
    for (std::size_t i = 0; i < list_.size(); ++i) {
        if (reported_[i].state == check::Verdict::down) {
            titles.push_back(fingerprint(list_[i].label()));
        }
        if (list_[i].is_latched()) {
            titles.push_back(latched_title(list_[i]));
        }
    }
    return titles;
}

void Trackers::expect_failed(const std::vector<std::uint64_t> &titles) {
    for (std::size_t i = 0; i < list_.size(); ++i) {
        const std::uint64_t title = fingerprint(list_[i].label());
        if (std::ranges::find(titles, title) != titles.end()) {
            reported_[i].state = check::Verdict::down;
        }
        if (list_[i].config().latch &&
            std::ranges::find(titles, latched_title(list_[i])) !=
                titles.end()) {
            list_[i].set_latched(true);
        }
    }
}

}  // namespace ngx_vrrp::engine
