// When connections that were left behind are closed: together with the
// addresses if another router is known to have them, or some time after a
// router that has them was heard, so that a short flap closes nothing.
#pragma once

#include <optional>
#include <utility>

#include "core/base/time.hpp"

namespace ngx_vrrp::engine {

class ConnectionCut {
public:
    // A router that comes back sooner continues with the connections.
    static constexpr Duration kFlap = Seconds{3};

    // The time for which addresses stay for it, and the time between two
    // attempts.
    static constexpr Duration kHold = Milliseconds{300};
    static constexpr Duration kPause = Milliseconds{2};

    // The addresses are gone, and no router is known to have them.
    void wait_for_successor() { waits_ = true; }

    bool waits_for_successor() const { return waits_; }
    void on_successor(Instant now) {
        if (std::exchange(waits_, false)) {
            next_at_ = now + kFlap;
        }
    }

    // Some connections are left, and the addresses stay until they are gone.
    void hold_addresses(Instant now) {
        hold_until_ = now + kHold;
        next_at_ = now + kPause;
    }
    bool holds_addresses() const { return hold_until_.has_value(); }
    bool held_long_enough(Instant now) const {
        return hold_until_ && now >= *hold_until_;
    }

    // Some connections are left, and the addresses are removed anyway.
    void retry_later(Instant now) {
        hold_until_.reset();
        next_at_ = now + kFlap;
    }

    void retry_soon(Instant now) { next_at_ = now + kPause; }
    bool is_due(Instant now) const { return next_at_ && now >= *next_at_; }

    void count(unsigned connections) { closed_ += connections; }
    // The number of closed connections; the closing has ended.
    unsigned end() { return std::exchange(*this, {}).closed_; }

    std::optional<Instant> deadline() const { return next_at_; }

private:
    bool waits_ = false;
    std::optional<Instant> hold_until_;
    std::optional<Instant> next_at_;
    unsigned closed_ = 0;
};

}  // namespace ngx_vrrp::engine
