#include "core/engine/trackers.hpp"

#include <algorithm>
#include <utility>

namespace ngx_vrrp::engine {

Trackers::Trackers(std::vector<TrackerConfig> configs) {
    list_.reserve(configs.size());
    for (TrackerConfig &config : configs) {
        list_.emplace_back(std::move(config));
    }
    told_.resize(list_.size());
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

void Trackers::look(const Interfaces &interfaces, Shared &shared, Instant now) {
    next_look_.reset();
    for (Tracker &tracker : list_) {
        tracker.look(interfaces, shared, now);
        take_earlier(next_look_, {now + kTrackerLook});
        take_earlier(next_look_, tracker.deadline());
    }
}

bool Trackers::are_known() const {
    return std::none_of(list_.begin(), list_.end(),
                        [](const Tracker &t) { return t.is_awaited(); });
}

std::string Trackers::fault() const {
    const auto it = std::find_if(list_.begin(), list_.end(),
                                 [](const Tracker &t) { return t.is_fault(); });
    return it == list_.end() ? "" : it->title() + ": " + it->reason();
}

Priority Trackers::effective(Priority base) const {
    if (base == kPriorityOwner) {
        return base;
    }
    int sum = base.value;
    for (const Tracker &tracker : list_) {
        sum += tracker.adds();
    }
    return Priority{static_cast<std::uint8_t>(std::clamp(sum, 1, 254))};
}

std::string Trackers::take_news() {
    std::string news;
    for (std::size_t i = 0; i < list_.size(); ++i) {
        const int adds = list_[i].adds();
        if (std::exchange(told_[i], adds) != adds) {
            news += (news.empty() ? "" : "; ") + list_[i].story();
        }
    }
    return news;
}

}  // namespace ngx_vrrp::engine
