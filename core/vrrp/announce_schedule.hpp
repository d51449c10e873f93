// When an active router announces its addresses on the LAN: in a burst after it
// has added them, in a second burst later (a switch port may not have forwarded
// the first one yet), in a periodic refresh, and again after another router
// claimed to be active and may have announced the addresses, too. The kernel of
// a node that died answers requests until the lease ends: so long they are
// announced repeatedly, and once after that.
//
// Every function that takes the time returns the number of frames per address
// to send now, 0 for none.
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

    // Continues another schedule; this policy applies from now on.
    AnnounceSchedule(const AnnouncePolicy &policy,
                     std::optional<Instant> second_at,
                     std::optional<Instant> refresh_at, Instant now)
        : policy_(policy), second_at_(second_at) {
        if (policy_.refresh > Duration::zero()) {
            const Instant latest = now + policy_.refresh;
            refresh_at_ = std::min(refresh_at.value_or(latest), latest);
        }
    }

    // This router has just become active.
    unsigned begin(Instant now) {
        if (policy_.refresh > Duration::zero()) {
            refresh_at_ = now + policy_.refresh;
        }
        return burst(now);
    }

    // Other routers may continue to send after us.
    void expect_contradiction(Instant now) {
        contested_at_ = now;
        again_at_ = again_at_.value_or(now + kLastWord);
    }

    // The kernel of another router answers until then.
    void outlast(Instant until, Instant now) {
        if (now < until) {
            outlasts_ = until;
            outlast_at_ = std::min(now + kOutlastPeriod, until);
        }
    }

    // A router that must lose against us claimed to be active, and may announce
    // the addresses after our answer. If it continues to do so, this must not
    // make us flood the LAN.
    unsigned contested(Instant now) {
        claims_ = 0;
        expect_contradiction(now);
        return contests_.take(now) ? burst(now) : 0;
    }

    // Another machine announced an address of ours: a router whose
    // advertisements we missed. Two routers that never receive each other would
    // move the clients back and forth for ever, so there are only a few answers
    // until an advertisement of that router is received, or until it is quiet
    // for a while.
    void claimed(Instant now) {
        if (claimed_at_ && now - *claimed_at_ >= kClaimMemory) {
            claims_ = 0;
        }
        claimed_at_ = now;
        const Instant answer_at = now + kClaimAnswer;
        if (claims_ < kClaimBurst &&
            answer_at < again_at_.value_or(Instant::max())) {
            again_at_ = answer_at;
            ++claims_;
        }
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
        if (has_come(again_at_, now)) {
            frames = std::max(frames, again(now));
        }
        if (has_come(outlast_at_, now)) {
            outlast_at_.reset();
            outlast(outlasts_, now);
            frames = std::max(frames, 1U);
        }
        return frames;
    }

    // The time of the next announcement; Instant::max() when there is none.
    Instant deadline() const {
        return std::min({second_at_.value_or(Instant::max()),
                         refresh_at_.value_or(Instant::max()),
                         again_at_.value_or(Instant::max()),
                         outlast_at_.value_or(Instant::max())});
    }

    // The state that another schedule continues: a burst that is still due, and
    // the next refresh.
    std::optional<Instant> second_at() const {
        return again_at_ && (!second_at_ || *again_at_ < *second_at_)
                   ? again_at_
                   : second_at_;
    }
    std::optional<Instant> refresh_at() const { return refresh_at_; }

private:
    static bool has_come(const std::optional<Instant> &at, Instant now) {
        return at && now >= *at;
    }

    // Another contest may have occurred since this announcement was planned.
    unsigned again(Instant now) {
        again_at_.reset();
        if (contested_at_ && *contested_at_ + kLastWord > now) {
            again_at_ = *contested_at_ + kLastWord;
        }
        return contests_.take(now) ? burst(now) : 1;
    }

    unsigned burst(Instant now) {
        if (policy_.delay > Duration::zero()) {
            second_at_ = now + policy_.delay;
        }
        return policy_.repeat;
    }

    AnnouncePolicy policy_;
    std::optional<Instant> second_at_;
    std::optional<Instant> refresh_at_;
    std::optional<Instant> again_at_;  // others have spoken
    std::optional<Instant> contested_at_;
    std::optional<Instant> outlast_at_;
    Instant outlasts_{};
    std::optional<Instant> claimed_at_;
    unsigned claims_ = 0;  // answered
    TokenBucket contests_{kContestPeriod, kContestBurst};
};

}  // namespace ngx_vrrp::vrrp
