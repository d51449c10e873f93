// Limits how often an event may occur: `burst` times at once, and once per
// `period` in the long run.
#pragma once

#include <algorithm>

#include "core/base/time.hpp"

namespace ngx_vrrp::vrrp {

class TokenBucket {
public:
    constexpr TokenBucket(Duration period, unsigned burst)
        : period_(period), burst_(burst) {}

    // Takes a token if there is one.
    constexpr bool take(Instant now) {
        if (now < ready_at()) {
            return false;
        }
        full_at_ = std::max(full_at_, now) + period_;
        return true;
    }

    // The time from which a token is available.
    constexpr Instant ready_at() const {
        return full_at_ - period_ * (burst_ - 1);
    }

private:
    Duration period_;
    unsigned burst_;
    Instant full_at_{};  // all tokens are back then
};

}  // namespace ngx_vrrp::vrrp
