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

    // Goes on from another schedule; this policy counts from now on.
    AnnounceSchedule(const AnnouncePolicy &policy,
                     std::optional<Instant> second_at,
                     std::optional<Instant> refresh_at, Instant now)
        : policy_(policy), second_at_(second_at) {
        if (policy_.refresh > Duration::zero()) {
            const Instant latest = now + policy_.refresh;
            refresh_at_ = std::min(refresh_at.value_or(latest), latest);
        }
    }

    // We have just become active.
    unsigned begin(Instant now) {
        if (policy_.refresh > Duration::zero()) {
            refresh_at_ = now + policy_.refresh;
        }
        return burst(now);
    }

    // A router that must lose against us claimed to be active. One that goes
    // on doing so must not make us flood the LAN: we have the last word, but
    // perhaps a little later.
    unsigned contested(Instant now) {
        if (contests_.take(now)) {
            return burst(now);
        }
        owed_at_ = contests_.ready_at();
        return 0;
    }

    unsigned due(Instant now) {
        unsigned frames = 0;
        if (has_come(refresh_at_, now)) {
            refresh_at_ = next_due(*refresh_at_, policy_.refresh, now);
            frames = policy_.refresh_repeat;
        }
        if (has_come(second_at_, now)) {
            second_at_.reset();
            frames = std::max(frames, policy_.repeat);
        }
        if (has_come(owed_at_, now)) {
            contests_.take(now);
            frames = std::max(frames, burst(now));
        }
        return frames;
    }

    // The next one is due then; Instant::max() when there is none.
    Instant deadline() const {
        return std::min({second_at_.value_or(Instant::max()),
                         refresh_at_.value_or(Instant::max()),
                         owed_at_.value_or(Instant::max())});
    }

    // What another schedule goes on from: a burst that is still to come, and
    // the next refresh.
    std::optional<Instant> second_at() const {
        return owed_at_ && (!second_at_ || *owed_at_ < *second_at_)
                   ? owed_at_
                   : second_at_;
    }
    std::optional<Instant> refresh_at() const { return refresh_at_; }

private:
    static bool has_come(const std::optional<Instant> &at, Instant now) {
        return at && now >= *at;
    }

    unsigned burst(Instant now) {
        owed_at_.reset();
        if (policy_.delay > Duration::zero()) {
            second_at_ = now + policy_.delay;
        }
        return policy_.repeat;
    }

    AnnouncePolicy policy_;
    std::optional<Instant> second_at_;
    std::optional<Instant> refresh_at_;
    std::optional<Instant> owed_at_;  // a burst that was too much
    TokenBucket contests_{kContestPeriod, kContestBurst};
};

}  // namespace ngx_vrrp::vrrp
