// The delay of deadlines: time lost to the scheduler, to a blocked call, or
// while the process was stopped. Half an advertisement interval is harmless;
// the time after which a peer takes over is not.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "core/base/time.hpp"

namespace ngx_vrrp::engine {

// Upper bounds of the histogram, inclusive; the last bucket has none.
inline constexpr std::array<Duration, 7> kTimerLagBounds{
    Milliseconds{1},   Milliseconds{5},   Milliseconds{10}, Milliseconds{50},
    Milliseconds{100}, Milliseconds{500}, Seconds{1}};

// A plain value: it is copied to the status unchanged.
struct TimerLag {
    std::int64_t last_ns = 0;
    std::int64_t max_ns = 0;
    std::int64_t sum_ns = 0;
    std::array<std::uint64_t, kTimerLagBounds.size() + 1> buckets{};

    bool operator==(const TimerLag &) const = default;

    void record(Duration lag) {
        const auto bound =
            std::find_if(kTimerLagBounds.begin(), kTimerLagBounds.end(),
                         [&](Duration b) { return lag <= b; });
        ++buckets[static_cast<std::size_t>(bound - kTimerLagBounds.begin())];
        last_ns = lag.count();
        max_ns = std::max(max_ns, last_ns);
        sum_ns += last_ns;
    }
};

// A lag of at least this length is time that this process lost: it was stopped,
// or waited for the scheduler. Other processes that are late may have been
// stopped with it.
inline constexpr Duration kLostTime = Milliseconds{50};

// The number of lags that are remembered.
inline constexpr std::size_t kRememberedLags = 16;

// Observes a deadline that is set and served. A deadline that is set to a past
// time (a rescaled timer) is due when it is set, and a deadline that is moved
// in time was never late.
class TimerLagWatch {
public:
    // After each event: the present deadline.
    [[gnu::hot]] void next(std::optional<Instant> deadline, Instant now) {
        if (deadline == deadline_) {
            return;
        }
        if (deadline_ && now >= due_) {
            lag_.record(now - due_);
            remember({due_, now});
        }
        deadline_ = deadline;
        due_ = std::max(deadline.value_or(now), now);
    }

    const TimerLag &lag() const { return lag_; }

    // The time that this process has lost since then, including a deadline that
    // is late now.
    Duration lost_since(Instant then, Instant now) const {
        Duration lost{0};
        for (const Lag &lag : lags_) {
            lost += lag.since(then);
        }
        const Lag current{due_, now};
        return deadline_ && current.is_lost() ? lost + current.since(then)
                                              : lost;
    }

private:
    struct Lag {
        Instant due;
        Instant served;

        bool is_lost() const { return served - due >= kLostTime; }
        Duration since(Instant then) const {
            return std::max(served - std::max(due, then), Duration{0});
        }
    };

    void remember(const Lag &lag) {
        if (!lag.is_lost()) {
            return;
        }
        if (lags_.size() == kRememberedLags) {
            lags_.erase(lags_.begin());
        }
        lags_.push_back(lag);
    }

    std::optional<Instant> deadline_;
    Instant due_{};
    std::vector<Lag> lags_;  // oldest first
    TimerLag lag_;
};

}  // namespace ngx_vrrp::engine
