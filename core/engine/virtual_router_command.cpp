// Commands of operators to a virtual router, by request or by time of day.
#include "core/engine/virtual_router.hpp"
#include "core/vrrp/timing.hpp"

namespace ngx_vrrp::engine {

namespace {

constexpr const char *kReleased = "released by the operator";
constexpr const char *kResumed = "resumed by the operator";
constexpr const char *kFailback = "failback by the operator";

}  // namespace

Outcome VirtualRouter::execute(Command command, bool may_keep, Instant now) {
    if (stopped_) {
        return {false, "nginx is shutting down"};
    }
    switch (command) {
        case Command::release:
            return release(now);
        case Command::resume:
            return resume(may_keep, now);
        case Command::failback:
            return fail_back(now);
    }
    return {};
}

// The command is recorded even in a fault, or in a process that takes no part
// in the election.
Outcome VirtualRouter::release(Instant now) {
    if (is_released()) {
        return {true, "is already released"};
    }
    const std::uint64_t before = counters_.transitions;
    const std::string other = faults_.reason();
    const bool kept = ports_.shared.set_released(key(), true);
    faults_.set(FaultCause::released, kReleased);
    if (other.empty()) {
        input(vrrp::Release{kReleased, successor_grace()}, now);
    }
    Outcome outcome =
        done(before, other.empty() ? kReleased : "stays in FAULT: " + other);
    if (!kept) {
        outcome.detail += ", until the vrrp process dies";
    }
    return outcome;
}

Outcome VirtualRouter::resume(bool may_keep, Instant now) {
    const std::uint64_t before = counters_.transitions;
    const bool unlatched = unlatch(now);
    const bool ended = end_time_outs(now);
    if (!is_released()) {
        return unlatched || ended
                   ? done(before, faults_.reason().empty()
                                      ? kResumed
                                      : "stays in FAULT: " + faults_.reason())
                   : Outcome{true, "was not released"};
    }
    ports_.shared.set_released(key(), false);
    faults_.set(FaultCause::released, {});
    const std::string other = faults_.reason();
    if (other.empty()) {
        input(vrrp::Resume{kResumed, may_keep}, now);
    }
    if (instance_.is_leaving()) {
        return {true, std::string{kResumed} + ", a peer has taken over"};
    }
    if (instance_.state() == vrrp::StateName::active) {
        return done(before, "stays MASTER, no router had taken over");
    }
    return done(before, other.empty() ? kResumed : "stays in FAULT: " + other);
}

// The cause of a fault "staying in FAULT for 600 s" may be gone before that.
bool VirtualRouter::end_time_outs(Instant now) {
    if (!faults_.deadline()) {
        return false;
    }
    const std::string before = faults_.reason();
    ports_.shared.end_crash_time_out(now);
    faults_.end_time_outs(now);
    report_fault(before, now);
    return true;
}

// A tracker that still fails does not latch before it has been up again. False:
// none was latched.
bool VirtualRouter::unlatch(Instant now) {
    const std::vector<std::string> titles = trackers_.unlatch();
    for (const std::string &title : titles) {
        ports_.shared.set_latched(key(), title, false);
    }
    if (!titles.empty()) {
        evaluate_trackers(now);
    }
    return !titles.empty();
}

// A member of a group that would become MASTER anyway does not refuse.
std::string VirtualRouter::failback_refusal(Instant now) const {
    if (is_released()) {
        return "is released, resume it first";
    }
    return is_held_by_group(now) ? "" : instance_.preempt_refusal(now);
}

bool VirtualRouter::is_held_by_group(Instant now) const {
    const auto at = instance_.takeover_at();
    return config().is_grouped() && at && now >= *at;
}

Outcome VirtualRouter::fail_back(Instant now) {
    if (std::string why = failback_refusal(now); !why.empty()) {
        return {false, std::move(why)};
    }
    const std::uint64_t before = counters_.transitions;
    if (is_held_by_group(now)) {
        input(vrrp::TakeOver{}, now);
    } else {
        input(vrrp::Preempt{kFailback}, now);
    }
    return done(before, "is already MASTER");
}

Outcome VirtualRouter::done(std::uint64_t transitions_before,
                            std::string_view otherwise) const {
    return {true, counters_.transitions != transitions_before
                      ? last_.reason
                      : std::string{otherwise}};
}

// A command that another process of this node received.
void VirtualRouter::keep_released(bool released, Instant now) {
    ports_.shared.set_released(key(), released);
    set_fault(FaultCause::released, released ? kReleased : "", now);
}

void VirtualRouter::hold_preemption(bool held, Instant now) {
    input(vrrp::PreemptionHeld{held}, now);
}

void VirtualRouter::set_time_of_day(vrrp::TimeOfDay time, Instant now) {
    std::string open = vrrp::open_window(config().preempt_windows, time);
    if (open != window_) {
        window_ = std::move(open);
        input(vrrp::WindowChanged{window_}, now);
    }
}

}  // namespace ngx_vrrp::engine
