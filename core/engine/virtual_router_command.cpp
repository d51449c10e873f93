// Commands of operators to a virtual router, by request or by time of day.
#include <algorithm>
#include <chrono>
#include <string>
#include <utility>

#include "core/engine/virtual_router.hpp"
#include "core/vrrp/timing.hpp"

namespace ngx_vrrp::engine {

namespace {

constexpr const char *kReleased = "released by the operator";
constexpr const char *kReleaseEnded = "the time of the release is over";
constexpr const char *kResumed = "resumed by the operator";

// The lowest one: every other router may preempt, and this one never does.
constexpr Priority kRescuePriority{1};

// As in nginx: "1h30m".
std::string to_time(Duration length) {
    const std::chrono::hh_mm_ss time{
        std::chrono::duration_cast<std::chrono::seconds>(length)};
    std::string text;
    const auto put = [&](long long number, const char *unit) {
        text += number == 0 ? "" : std::to_string(number) + unit;
    };
    put(time.hours().count(), "h");
    put(time.minutes().count(), "m");
    put(time.seconds().count(), "s");
    return text;
}

// Behind the detail of an outcome.
std::string describe(const ReleaseTerms &terms, bool was_released) {
    return (terms.length != Duration::zero()
                ? ", for " + to_time(terms.length)
                : std::string{was_released ? ", until it is resumed" : ""}) +
           (terms.rescue ? ", takes over only if there is no other MASTER"
                         : "");
}

}  // namespace

Outcome VirtualRouter::execute(Command command, const ReleaseTerms &terms,
                               const GroupCan &group, Instant now) {
    if (stopped_) {
        return {false, "nginx is shutting down"};
    }
    switch (command) {
        case Command::release:
            return release(terms, now);
        case Command::resume:
            return resume(group.keep, now);
        case Command::failback:
            return fail_back(group.ask, now);
    }
    return {};
}

std::string VirtualRouter::refusal(Command command, const ReleaseTerms &terms,
                                   Instant now) const {
    switch (command) {
        case Command::release:
            return terms.rescue ? rescue_refusal() : std::string{};
        case Command::resume:
            return {};
        case Command::failback:
            return failback_refusal(now);
    }
    return {};
}

std::string VirtualRouter::rescue_refusal() const {
    if (!config().election) {
        return "has \"election off\", and does not know whether another node "
               "has the addresses: needs rescue=off";
    }
    return config().priority == kPriorityOwner
               ? "is the address owner, whose priority is always 255: needs "
                 "rescue=off"
               : "";
}

// The command is recorded even in a fault, or in a process that takes no part
// in the election. A second one changes the terms of the first one.
Outcome VirtualRouter::release(const ReleaseTerms &terms, Instant now) {
    if (std::string why = refusal(Command::release, terms, now); !why.empty()) {
        return {false, std::move(why)};
    }
    const OperatorRelease wanted{terms.rescue, terms.length == Duration::zero()
                                                   ? Instant{}
                                                   : now + terms.length};
    // One that came to the rescue leaves again.
    const bool serves = is_master() && !postponed_;
    if (release_ == wanted && !serves) {
        return {true, "is already released"};
    }
    const std::uint64_t before = counters_.transitions;
    const bool was_released = is_released();
    const bool was_out = was_released && !release_->rescue && !postponed_;
    const bool kept = keep_release(wanted);
    faults_.set(FaultCause::released, {});
    const std::string other = faults_.reason();
    faults_.set(FaultCause::released, wanted.rescue ? "" : kReleased);
    if (wanted.rescue && was_out) {
        take_part_again({kReleased, false}, now);
    } else {
        if (other.empty() && (serves || postponed_ ||
                              !(wanted.rescue ? was_released : was_out))) {
            leave_by(vrrp::Release{kReleased, successor_grace(), wanted.rescue},
                     true, now);
        }
        if (!postponed_) {
            report_priority(now, kReleased);
        }
    }
    Outcome outcome = done(before, !other.empty() ? "stays in FAULT: " + other
                                   : was_released ? "is already released"
                                                  : kReleased);
    outcome.terms = describe(terms, was_released);
    if (!kept) {
        outcome.terms += ", until the vrrp process dies";
    }
    return outcome;
}

// False: a new process does not learn it after a crash of this one.
bool VirtualRouter::keep_release(
    const std::optional<OperatorRelease> &release) {
    release_ = release;
    return ports_.shared.set_released(key(), release);
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
    const bool was_leaving = instance_.is_leaving();
    cancel_drain();
    keep_release(std::nullopt);
    faults_.set(FaultCause::released, {});
    take_part_again({kResumed, may_keep}, now);
    const std::string other = faults_.reason();
    if (instance_.is_leaving()) {
        return {true, std::string{kResumed} + ", a peer has taken over"};
    }
    if (instance_.state() == vrrp::StateName::active) {
        return done(before, was_leaving
                                ? "stays MASTER, no router had taken over"
                                : "stays MASTER");
    }
    return done(before, other.empty() ? kResumed : "stays in FAULT: " + other);
}

// With the priority that it has from now on.
void VirtualRouter::take_part_again(const vrrp::Resume &resume, Instant now) {
    report_priority(now, resume.reason);
    if (faults_.reason().empty()) {
        input(resume, now);
    }
}

// Only for the process that owns the router. One that ends leaves in any case.
std::optional<Instant> VirtualRouter::release_ends_at() const {
    return owner_ && !stopped_ && release_ && release_->ends_at != Instant{}
               ? std::optional{release_->ends_at}
               : std::nullopt;
}

void VirtualRouter::end_release(Instant now) {
    const auto ends_at = release_ends_at();
    if (!ends_at || now < *ends_at) {
        return;
    }
    mark_changed();
    cancel_drain();
    keep_release(std::nullopt);
    faults_.set(FaultCause::released, {});
    take_part_again({kReleaseEnded, false}, now);
}

Priority VirtualRouter::priority_now() const {
    return stands_in_ || (release_ && release_->rescue)
               ? kRescuePriority
               : trackers_.effective(config().priority);
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

Outcome VirtualRouter::fail_back(bool may_ask, Instant now) {
    if (std::string why = failback_refusal(now); !why.empty()) {
        return {false, std::move(why)};
    }
    const std::uint64_t before = counters_.transitions;
    if (!may_ask && is_held_by_group(now)) {
        input(vrrp::TakeOver{}, now);
    } else {
        preempt(vrrp::Preempt{kFailback}, may_ask, now);
    }
    return done(before, preempts_at_ ? "asks the MASTER to leave first"
                                     : "is already MASTER");
}

Outcome VirtualRouter::done(std::uint64_t transitions_before,
                            std::string_view otherwise) const {
    return {true, counters_.transitions != transitions_before
                      ? last_.reason
                      : std::string{otherwise}};
}

// A command that another process of this node received. If this configuration
// refuses a rescue, the router stays out.
void VirtualRouter::continue_release(std::optional<OperatorRelease> release,
                                     Instant now) {
    if (release) {
        release->ends_at = std::min(release->ends_at, now + kLongestRelease);
        release->rescue = release->rescue && rescue_refusal().empty();
    }
    keep_release(release);
    set_fault(FaultCause::released,
              release && !release->rescue ? kReleased : "", now);
    report_priority(now, kReleased);
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
