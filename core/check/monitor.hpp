// From single results to a verdict: "fall" failures in a row make a check down,
// "rise" passes make it up. The first result decides alone.
#pragma once

#include <cstdint>

#include "core/check/verdict.hpp"

namespace ngx_vrrp::check {

class Monitor {
public:
    constexpr Monitor(unsigned fall, unsigned rise, Verdict initial)
        : fall_(fall), rise_(rise), verdict_(initial) {}

    // Continues the state of another process.
    constexpr Monitor(unsigned fall, unsigned rise, Verdict verdict,
                      unsigned streak)
        : fall_(fall), rise_(rise), verdict_(verdict), streak_(streak) {}

    // True: the verdict has changed.
    bool add(bool passed);

    constexpr Verdict verdict() const { return verdict_; }

    // Results in a row that speak against the verdict.
    constexpr unsigned streak() const { return streak_; }
    constexpr bool is_undecided() const {
        return streak_ != 0 || verdict_ == Verdict::unknown;
    }

private:
    unsigned fall_;
    unsigned rise_;
    Verdict verdict_;
    unsigned streak_ = 0;
};

}  // namespace ngx_vrrp::check
