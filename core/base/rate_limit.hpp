// At most one log line per period; the next one has the number of suppressed
// lines.
#pragma once

#include <utility>

#include "core/base/time.hpp"

namespace ngx_vrrp {

class RateLimit {
public:
    explicit constexpr RateLimit(Duration period) : period_(period) {}

    // May I speak now? Else it counts.
    bool allow(Instant now) {
        if (now < next_) {
            ++suppressed_;
            return false;
        }
        next_ = now + period_;
        return true;
    }

    // The number of refused ones since the last allowed one; resets the count.
    unsigned take_suppressed() { return std::exchange(suppressed_, 0); }

private:
    Duration period_;
    Instant next_{};
    unsigned suppressed_ = 0;
};

}  // namespace ngx_vrrp
