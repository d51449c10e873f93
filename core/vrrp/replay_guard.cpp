#include "core/vrrp/replay_guard.hpp"

#include <algorithm>

namespace ngx_vrrp::vrrp {

namespace {

bool is_within(Seconds difference, Seconds window) {
    return difference <= window && -difference <= window;
}

}  // namespace

Seconds clock_difference(wire::Sequence sequence, WallTime now) {
    return Seconds{static_cast<std::int32_t>(
        wire::seconds_of(sequence) - wire::seconds_of(wire::sequence_of(now)))};
}

bool ReplayGuard::is_in_time(const HmacConfig &config, wire::Sequence sequence,
                             WallTime now) {
    return config.anti_replay != AntiReplay::time ||
           is_within(clock_difference(sequence, now), config.window);
}

wire::Sequence ReplayGuard::next(const HmacConfig &config, WallTime now) {
    const wire::Sequence clock = wire::sequence_of(now);
    const bool grows = !state_.sent || wire::is_after(clock, *state_.sent);
    const bool was_set_back =
        !grows && config.anti_replay == AntiReplay::time &&
        clock_difference(*state_.sent, now) > config.window;
    state_.sent = grows || was_set_back ? clock : *state_.sent + 1;
    return *state_.sent;
}

bool ReplayGuard::admit(const HmacConfig &config, const IpAddress &source,
                        wire::Sequence sequence, std::size_t peers,
                        WallTime now) {
    std::vector<ReplayMark> &marks = state_.marks;
    auto mark = std::ranges::find(marks, source, &ReplayMark::source);
    // a mark outside of the window forbids nothing that the window allows
    if (mark != marks.end() && is_in_time(config, mark->sequence, now) &&
        !wire::is_after(sequence, mark->sequence)) {
        return false;
    }
    if (mark == marks.end()) {
        if (marks.size() >= std::max(kLeastMarks, peers)) {
            marks.pop_back();
        }
        mark = marks.insert(marks.end(), {source, sequence});
    }
    mark->sequence = sequence;
    std::rotate(marks.begin(), mark, mark + 1);
    return true;
}

}  // namespace ngx_vrrp::vrrp
