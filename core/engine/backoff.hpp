// Keeps a router out of the election for a time after repeated failures: each
// time twice as long as the last time, so that a node which cannot hold the
// address does not move it back and forth.
#pragma once

#include <algorithm>
#include <string>

#include "core/base/time.hpp"

namespace ngx_vrrp::engine {

inline constexpr Duration kLongestBackoff = Seconds{600};

// A failure within this time after a time out has ended counts as the same
// failure; after that all is forgotten.
inline constexpr Duration kProbation = Seconds{600};

// Plain numbers, all zero at first, so that it can lie in shared memory.
struct Backoff {
    Duration length{};  // of the last time out; 0: there was none
    Instant ends_at{};

    // A failure: out from now on, for `first` or for longer.
    constexpr void begin(Duration first, Instant now) {
        length = is_on_probation(now, kProbation)
                     ? std::min(2 * length, kLongestBackoff)
                     : first;
        ends_at = now + length;
    }

    // A failure while we were out: the same time again, from now on.
    constexpr void restart(Instant now) { ends_at = now + length; }

    constexpr bool is_out(Instant now) const {
        return length != Duration::zero() && now < ends_at;
    }

    // Out, or out until a short time ago.
    constexpr bool is_on_probation(Instant now, Duration probation) const {
        return length != Duration::zero() && now < ends_at + probation;
    }
};

// "staying in FAULT for 10 s"
inline std::string to_string(const Backoff &backoff) {
    return "staying in FAULT for " +
           std::to_string(to_ms(backoff.length) / 1000) + " s";
}

}  // namespace ngx_vrrp::engine
