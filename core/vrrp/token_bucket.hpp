// A limit on how often something may happen: `burst` times at once, and once
// per `period` in the long run.
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
        if (full_at_ - now > period_ * (burst_ - 1)) {
            return false;
        }
        full_at_ = std::max(full_at_, now) + period_;
        return true;
    }

private:
    Duration period_;
    unsigned burst_;
    Instant full_at_{};  // all tokens are back then
};

}  // namespace ngx_vrrp::vrrp
