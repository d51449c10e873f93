// When to retry after a failure: soon at first, then after pauses that double.
#pragma once

#include <algorithm>
#include <optional>

#include "core/base/time.hpp"

namespace ngx_vrrp::os {

class Retry {
public:
    static constexpr Duration kFirstPause = Milliseconds{10};
    static constexpr Duration kLongestPause = Seconds{1};

    // It has failed. Returns the pause.
    Duration failed(Instant now, Duration shortest = kFirstPause) {
        const Duration pause = std::max(pause_, shortest);
        at_ = now + pause;
        pause_ = std::min(2 * pause_, kLongestPause);
        return pause;
    }

    // It has not failed, but is to be done in a while.
    void want(Duration delay, Instant now) { at_ = at_.value_or(now + delay); }

    void succeeded() { *this = {}; }

    bool is_due(Instant now) const { return at_ && now >= *at_; }
    const std::optional<Instant> &at() const { return at_; }

private:
    std::optional<Instant> at_;
    Duration pause_ = kFirstPause;
};

}  // namespace ngx_vrrp::os
