// When an active router tells the LAN where its addresses are: a burst when
// it gets them, a second one later (the first may have met a switch port that
// did not forward yet), a refresh now and then, and again when somebody else
// claimed to be active and may have told the LAN so.
//
// Every function that takes the time answers with the number of frames per
// address to send now, 0 for none.
#pragma once

#include <algorithm>
#include <optional>

#include "core/base/time.hpp"
#include "core/vrrp/config.hpp"
#include "core/vrrp/timing.hpp"
#include "core/vrrp/token_bucket.hpp"

namespace ngx_vrrp::vrrp {

class AnnounceSchedule {
public:
    explicit AnnounceSchedule(const AnnouncePolicy &policy) : policy_(policy) {}

    // We have just become active.
    unsigned begin(Instant now) {
        if (policy_.refresh > Duration::zero()) {
            refresh_at_ = now + policy_.refresh;
        }
        return burst(now);
    }

    // A router that must lose against us claimed to be active. One that goes
    // on doing so must not make us flood the LAN; what is left out here, the
    // second burst makes good.
    unsigned contested(Instant now) {
        return contests_.take(now) ? burst(now) : 0;
    }

    unsigned due(Instant now) {
        unsigned frames = 0;
        if (refresh_at_ && now >= *refresh_at_) {
            refresh_at_ = next_due(*refresh_at_, policy_.refresh, now);
            frames = policy_.refresh_repeat;
        }
        if (second_at_ && now >= *second_at_) {
            second_at_.reset();
            frames = std::max(frames, policy_.repeat);
        }
        return frames;
    }

    std::optional<Instant> deadline() const {
        if (second_at_ && refresh_at_) {
            return std::min(*second_at_, *refresh_at_);
        }
        return second_at_ ? second_at_ : refresh_at_;
    }

private:
    unsigned burst(Instant now) {
        if (policy_.delay > Duration::zero()) {
            second_at_ = now + policy_.delay;
        }
        return policy_.repeat;
    }

    AnnouncePolicy policy_;
    std::optional<Instant> second_at_;
    std::optional<Instant> refresh_at_;
    TokenBucket contests_{kContestPeriod, kContestBurst};
};

}  // namespace ngx_vrrp::vrrp
