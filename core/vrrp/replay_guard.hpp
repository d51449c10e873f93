// An advertisement with a right HMAC can be a copy that another host has
// recorded. So each has a sequence, the time of its sender, that must be near
// our own time, and after the sequence of the previous advertisement of its
// sender.
//
// A process hands its state over to the next one. After a crash it is lost:
// our own sequence continues with the time; in the mode "time", a copy of an
// advertisement is accepted only while it is not older than the window, and the
// sender has not been heard by the new process.
#pragma once

#include <cstdint>
#include <optional>
#include <utility>
#include <vector>

#include "core/base/ip.hpp"
#include "core/base/time.hpp"
#include "core/vrrp/hmac_config.hpp"
#include "core/wire/hmac_trailer.hpp"

namespace ngx_vrrp::vrrp {

// The last accepted sequence of a sender.
struct ReplayMark {
    IpAddress source;
    wire::Sequence sequence = 0;

    friend bool operator==(const ReplayMark &, const ReplayMark &) = default;
};

struct ReplayState {
    std::optional<wire::Sequence> sent;
    std::vector<ReplayMark> marks;  // the last heard first

    friend bool operator==(const ReplayState &, const ReplayState &) = default;
};

// By how much the clock of a sender is ahead of ours.
Seconds clock_difference(wire::Sequence sequence, WallTime now);

class ReplayGuard {
public:
    // The number of senders whose marks are kept; those heard longest ago are
    // forgotten first. Only senders that have a key are among them.
    static constexpr std::size_t kLeastMarks = 16;

    // The sequence of the next advertisement: the time, or one more than the
    // last one if the clock has not advanced. If the clock was set back by more
    // than the window, the receivers would refuse the continued sequence, and
    // they have forgotten their marks: it begins again with the time.
    wire::Sequence next(const HmacConfig &config, WallTime now);

    // Before the HMAC is verified, which costs more: is the time of the sender
    // within the window?
    static bool is_in_time(const HmacConfig &config, wire::Sequence sequence,
                           WallTime now);

    // After that: false for a copy. peers: how many senders there can be; 0:
    // not known.
    bool admit(const HmacConfig &config, const IpAddress &source,
               wire::Sequence sequence, std::size_t peers, WallTime now);

    const ReplayState &state() const { return state_; }
    void resume(ReplayState state) { state_ = std::move(state); }

private:
    ReplayState state_;
};

}  // namespace ngx_vrrp::vrrp
