// All trackers of one virtual router, in the order of the configuration, and
// their combined effect: a fault, and a sum of weights.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "core/base/time.hpp"
#include "core/base/types.hpp"
#include "core/engine/tracker.hpp"

namespace ngx_vrrp::engine {

// Changed results wake this process; it also checks at this interval.
inline constexpr Duration kTrackerPeriod = Seconds{1};

struct TrackerChange {
    const Tracker *tracker;  // of Trackers::list()
    check::Verdict from;
};

class Trackers {
public:
    explicit Trackers(std::vector<TrackerConfig> configs);

    // See Tracker.
    void begin(Instant checks_started_by);
    void trust(Instant now);

    void evaluate(const Interfaces &interfaces, const Results &results,
                  Instant now);

    // When to check again; nothing before the first check.
    std::optional<Instant> deadline() const { return next_check_; }

    // No first result is awaited any more.
    bool are_known() const;

    // The first tracker that is a fault, "track_http http://...: L7STS ...".
    std::string fault() const;

    // The base priority and all weights: 1..254, or 255 for the owner.
    Priority effective(Priority base) const;

    // The descriptions of those trackers whose contribution has changed since
    // the last call.
    std::string take_news();

    // The trackers that went up or down since the last call. A first result
    // "up" is not reported, unless the tracker was down in the previous
    // process.
    std::vector<TrackerChange> take_changes();

    // Latches those that must be, for has_latched(); the titles of those.
    std::vector<std::string> latch();
    bool has_latched() const;
    // By its title; nothing happens if it does not latch.
    void set_latched(
        const std::function<bool(const std::string &)> &is_latched);
    // The titles of those that were.
    std::vector<std::string> unlatch();

    // For the next process, and from the previous one: the fingerprints of the
    // titles of failed trackers, and of latched ones.
    std::vector<std::uint64_t> failed() const;
    void expect_failed(const std::vector<std::uint64_t> &titles);

    const std::vector<Tracker> &list() const { return list_; }

private:
    struct Reported {
        int delta = 0;
        check::Verdict state = check::Verdict::unknown;
    };

    std::vector<Tracker> list_;
    std::vector<Reported> reported_;  // of each of them
    std::optional<Instant> next_check_;
};

}  // namespace ngx_vrrp::engine
