// The Backup state of a virtual router.
#include "core/vrrp/instance.hpp"

#include <algorithm>
#include <utility>

#include "core/base/log.hpp"
#include "core/vrrp/turn.hpp"

namespace ngx_vrrp::vrrp {

namespace {

std::string leaving_text(const IpAddress &leaver) {
    return leaver.to_string() + " leaves, and has named this node";
}

}  // namespace

Backup Instance::become_backup(std::string reason, Turn &turn) {
    turn.reason = std::move(reason);
    Backup next;
    next.timer_started = turn.now;
    next.active_interval = config_.advert_interval;
    return next;
}

// Computed from the start of the timer with the current priority, so that a
// change of the priority rescales a running timer.
[[gnu::hot]] Instant Instance::down_at(const Backup &state) const {
    const Duration skew =
        skew_time(config_.version, priority_, state.active_interval);
    if (state.leaver) {
        return state.timer_started +
               (state.named || follows_at_once(*state.leaver) ? Duration::zero()
                                                              : skew);
    }
    // a router that has become silent is not a lower one that is heard
    const Instant preempts = preempts_at(state, skew);
    const bool is_known = has_witness(state) || is_heard_until(state, preempts);
    return std::max(
        active_leaves_by_,
        std::min(is_known ? preempts : Instant::max(), silence_ends_at(state)));
}

[[gnu::hot]] Instant Instance::silence_ends_at(const Backup &state) const {
    return has_witness(state) ? answers_end_at(state)
                              : state.timer_started + kNever;
}

// An answer of the active router is as good as an advertisement, for a shorter
// time. A question that has no answer yet may get one.
[[gnu::hot]] Instant Instance::answers_end_at(const Backup &state) const {
    const Duration interval = state.active_interval;
    Instant ends = state.timer_started +
                   active_down_interval(config_.version, priority_, interval,
                                        config_.down_adverts);
    if (answered_at_ > state.timer_started) {
        ends = std::max(ends, answered_at_ + answer_lifetime(interval));
    }
    if (linked_since_ && unanswered_since_ > state.timer_started) {
        const Duration wait = answered_at_ > state.timer_started
                                  ? answer_time_again(interval)
                                  : answer_time(interval);
        ends = std::max(ends, unanswered_since_ + wait);
    }
    return ends;
}

// If we may replace the active router, there is no silence to wait for: the
// skew time lets the best backup be the first. Without preempt_delay the
// advertisements of a router that was lower from the beginning are discarded.
[[gnu::hot]] Instant Instance::preempts_at(const Backup &state,
                                           Duration skew) const {
    if (state.preempt_at && config_.preempt_delay > Duration::zero()) {
        return *state.preempt_at + skew;
    }
    return state.fell_at ? *state.fell_at + skew : Instant::max();
}

// While we listen, a switch port may not forward packets yet: silence during
// startup_delay or link_up_delay does not prove that the active router is gone.
[[gnu::hot]] Instant Instance::takeover_at(const Backup &state) const {
    return config_.election ? std::max(down_at(state), held_until())
                            : held_until();
}

// The advertisements of a lower router do not start the timer.
[[gnu::hot]] Instant Instance::silent_since(const Backup &state) const {
    return active_router_
               ? std::max(state.timer_started, active_router_->heard_at)
               : state.timer_started;
}

[[gnu::hot]] Instant Instance::overdue_at(const Backup &state) const {
    return silent_since(state) + overdue_time(config_.version, priority_,
                                              state.active_interval,
                                              config_.down_adverts);
}

// An answer before this time does not count: the network may have failed since
// then. While the active router answers, the witness is not asked; a question
// without an answer leaves half of its time for this.
Instant Instance::witness_due_at(const Backup &state) const {
    Instant due = std::max(overdue_at(state), held_until());
    if (answered_at_ > state.timer_started) {
        const Duration period = question_period(state.active_interval);
        due = std::max(due, answered_at_ + period * 3 / 2);
    }
    return due;
}

// A lower router that is still heard when it is preempted is no silence.
[[gnu::hot]] bool Instance::is_heard_until(const Backup &state,
                                           Instant takeover) const {
    return std::max(takeover, held_until()) < overdue_at(state);
}

[[gnu::hot]] bool Instance::has_witness(const Backup &state) const {
    return !config_.witness ||
           (silent_since(state) > state.timer_started &&
            is_heard_until(state, answers_end_at(state))) ||
           witness_answered_at_ >= witness_due_at(state);
}

[[gnu::hot]] Instant Instance::witness_question_at(const Backup &state) const {
    if (!config_.witness || state.leaver || has_witness(state)) {
        return Instant::max();
    }
    const Instant due = witness_due_at(state);
    if (witness_asked_at_ < due) {
        return due;
    }
    const Duration asking = witness_asked_at_ - due;
    return witness_asked_at_ +
           std::clamp(asking, kFirstWitnessPause, kLongestWitnessPause);
}

[[gnu::hot]] Instant Instance::question_at(const Backup &state) const {
    if (!linked_since_ || !config_.takeover_check || state.leaver) {
        return Instant::max();
    }
    const Instant since = silent_since(state);
    const Instant overdue = overdue_at(state);
    return asked_at_ > since && asked_at_ >= *linked_since_
               ? std::max(overdue,
                          asked_at_ + question_period(state.active_interval))
               : overdue;
}

// The advertisements of a router that is followed start the timer, also until
// the end of preempt_delay.
std::optional<IpAddress> Instance::preempts_within(Duration time,
                                                   Instant now) const {
    const auto *backup = std::get_if<Backup>(&state_);
    if (!backup || !active_router_ || backup->leaver ||
        active_router_->priority >= priority_) {
        return std::nullopt;
    }
    const Duration skew =
        skew_time(config_.version, priority_, backup->active_interval);
    const Instant preempts =
        follows_router() ? preempts_at(*backup, skew) : takeover_at(*backup);
    const bool is_heard =
        now < active_router_->heard_at + 2 * active_router_->interval;
    return is_heard && std::max(preempts, held_until()) <= now + time
               ? std::optional{active_router_->address}
               : std::nullopt;
}

bool Instance::owes_question(Instant now) const {
    const auto *backup = std::get_if<Backup>(&state_);
    return backup && now >= question_at(*backup);
}

// Earlier questions were lost with an earlier link, or their answers are too
// old, because this process did not run.
void Instance::ask(Instant silent_since, Duration interval, Turn &turn) {
    turn.act(AskActive{});
    if (unanswered_since_ <= silent_since ||
        unanswered_since_ < *linked_since_ ||
        turn.now - asked_at_ > answer_lifetime(interval)) {
        unanswered_since_ = turn.now;
    }
    asked_at_ = turn.now;
}

bool Instance::has_asked() const {
    const auto *backup = std::get_if<Backup>(&state_);
    return linked_since_ && (backup ? asked_at_ > silent_since(*backup)
                                    : state() == StateName::active);
}

// A router that we would replace if we heard it does not stop us: it yields to
// us as soon as it hears that we are active. Other routers may answer, too.
State Instance::on(Backup state, const ActiveAnswered &in, Turn &turn) {
    const Instant asked_at = in.asked_at.value_or(turn.now);
    if (in.is_active && follows(state, in.priority, turn.now)) {
        if (asked_at >= unanswered_since_) {
            unanswered_since_ = {};
        }
        answered_at_ = std::max(answered_at_, asked_at);
        answered_by_ = in.peer;
    } else if (in.peer == answered_by_) {
        answered_at_ = {};
    }
    return state;
}

// The timer of this process may have started with an answer to the previous
// one.
Instant Instance::missing_since(const Backup &state) const {
    return unheard_before_ && state.timer_started == continued_timer_
               ? *unheard_before_
               : state.timer_started;
}

std::optional<Instant> Instance::unheard_since(Instant now) const {
    const auto *backup = std::get_if<Backup>(&state_);
    if (!backup) {
        return std::nullopt;
    }
    const Instant since = missing_since(*backup);
    const bool stopped =
        std::max(answered_at_, backup->timer_started) > since &&
        !backup->leaver && now < answers_end_at(*backup) &&
        now >= since + active_down_interval(config_.version, priority_,
                                            backup->active_interval,
                                            config_.down_adverts);
    return stopped ? std::optional{since} : std::nullopt;
}

std::optional<Instant> Instance::cut_off_since(Instant now) const {
    const auto *backup = std::get_if<Backup>(&state_);
    const bool waits = backup && !backup->leaver && !has_witness(*backup) &&
                       now >= answers_end_at(*backup) && !is_held_back(now);
    return waits ? std::optional{missing_since(*backup)} : std::nullopt;
}

// RFC 9568, 6.4.2: "If the Active_Down_Timer fires, then: Send an
// ADVERTISEMENT ... Transition to the {Active} state".
State Instance::on(Backup state, const TimeReached &, Turn &turn) {
    if (turn.now >= question_at(state)) {
        ask(state.timer_started, state.active_interval, turn);
    }
    if (turn.now >= witness_question_at(state)) {
        turn.act(AskWitness{});
        witness_asked_at_ = turn.now;
    }
    if (turn.now < takeover_at(state) || config_.is_grouped()) {
        return state;
    }
    return become_active(takeover_reason(state, turn.now), turn);
}

State Instance::on(Backup state, const TakeOver &, Turn &turn) {
    return become_active(takeover_reason(state, turn.now), turn,
                         state.named ? state.leaver : std::nullopt);
}

void Instance::forget_leaver(Backup &state) {
    state.leaver.reset();
    state.named = false;
}

std::string Instance::leaver_text(const IpAddress &leaver) const {
    if (death_ && death_->address == leaver) {
        return death_->reason;
    }
    const std::string text = priority_from(kPriorityZero, leaver);
    return successor_of_ == leaver ? text + ", which has named this node"
                                   : text;
}

std::string Instance::takeover_reason(const Backup &state, Instant now) const {
    if (!config_.election) {
        return std::string{delay_in_force()} + " is over";
    }
    if (state.leaver) {
        return state.named ? leaving_text(*state.leaver)
                           : leaver_text(*state.leaver);
    }
    const Duration skew =
        skew_time(config_.version, priority_, state.active_interval);
    if (active_router_ && (state.fell_at || now >= preempts_at(state, skew) ||
                           active_router_->heard_at > state.timer_started)) {
        const std::string open =
            window_.empty() ? "" : "preempt_window " + window_ + " is open, ";
        return open + "preempting lower " +
               priority_from(active_router_->priority, active_router_->address);
    }
    const std::string answer = unanswered_since_ > state.timer_started
                                   ? " and no answer on the peer link for " +
                                         milliseconds(now - unanswered_since_)
                                   : "";
    const std::string silence =
        "no advertisement for " + milliseconds(now - state.timer_started) +
        answer +
        (!config_.witness    ? ""
         : witness_is_known_ ? ", the witness answers"
                             : ", whether the witness answers is not known");
    return active_router_ ? silence + ", the last with " +
                                priority_from(active_router_->priority,
                                              active_router_->address)
                          : silence;
}

// RFC 9568, 6.4.2: "If Preempt_Mode is False, or if the Priority in the
// ADVERTISEMENT is greater than or equal to the local Priority, then: Set
// Active_Adver_Interval to Max Advertise Interval contained in the
// ADVERTISEMENT ... Set the Active_Down_Timer to Active_Down_Interval; else ...
// Discard the ADVERTISEMENT". Discarding lets the timer run out, which takes up
// to three intervals more. These intervals distinguish silence from packet
// loss, but an active router that advertises a priority below ours is not
// silent: a tracker with a weight has failed there. Here we differ from the
// RFC: as after priority 0, we wait for the skew time only, so that the best
// backup is still the first.
[[gnu::hot]] State Instance::on(Backup state, const AdvertReceived &in,
                                Turn &turn) {
    const Priority theirs = in.advertisement.priority;
    const bool fallen = has_fallen(in);
    const bool still_low = theirs < priority_ && is_active_router(in.source);
    state.fallen = fallen || (state.fallen && still_low);
    on_advert(in, turn.now);

    if (theirs == kPriorityZero) {
        // another router has taken over: its advertisement was faster than
        // that of the router that leaves
        const bool follows_another =
            active_router_ && !state.leaver &&
            active_router_->heard_at == state.timer_started;
        if (follows_another) {
            return state;
        }
        return on_priority_zero(std::move(state), in.source, turn);
    }
    if (follows(state, theirs, turn.now)) {
        state.timer_started = turn.now;
        state.active_interval = interval_of(in.advertisement.interval);
        forget_leaver(state);
        state.fell_at.reset();
    } else if (fallen) {
        state.fell_at = turn.now;
    }
    return state;
}

// on(Backup, AdvertReceived) for the usual case, in which each way through it
// ends with a timer that starts again, and nothing else.
[[gnu::hot]] bool Instance::hear_again(const ActiveRouter &router,
                                       Instant now) {
    auto *backup = std::get_if<Backup>(&state_);
    if (!backup || router.priority <= priority_ ||
        !is_same(active_router_, router)) {
        return false;
    }
    active_router_->heard_at = now;
    *backup = Backup{};
    backup->timer_started = now;
    backup->active_interval = interval_of(router.interval);
    return true;
}

// Its priority was not lower than ours before.
[[gnu::hot]] bool Instance::has_fallen(const AdvertReceived &in) const {
    return is_active_router(in.source) &&
           active_router_->priority >= priority_ &&
           in.advertisement.priority < priority_;
}

[[gnu::hot]] bool Instance::is_active_router(const IpAddress &address) const {
    return active_router_ && active_router_->address == address;
}

// The cause that lowered the priority of the active router may lower ours, too.
State Instance::on(Backup state, const PriorityChanged &, Turn &) {
    if (active_router_ && active_router_->priority >= priority_) {
        follow_again(state);
    }
    return state;
}

// We did not discard the advertisements of the active router: it is not silent.
void Instance::follow_again(Backup &state) const {
    if (active_router_->heard_at >= state.timer_started) {
        state.timer_started = active_router_->heard_at;
        state.active_interval = interval_of(active_router_->interval);
        forget_leaver(state);
        state.fell_at.reset();
        state.preempt_at.reset();
        state.fallen = false;
    }
}

// RFC 9568, 6.4.2: "If the Priority in the ADVERTISEMENT is zero, then: Set the
// Active_Down_Timer to Skew_Time", also without preemption. A second priority 0
// does not set it again, or the takeover could be postponed for ever. The skew
// time keeps backups apart, so a sole backup does not wait, and neither does
// one that the active router has named.
State Instance::on_priority_zero(Backup state, const IpAddress &from,
                                 Turn &turn) {
    if (follows_at_once(from) && !is_held_back(turn.now) &&
        !config_.is_grouped()) {
        return become_active(leaver_text(from), turn);
    }
    if (!state.leaver) {
        state.timer_started = turn.now;
        state.leaver = from;
    }
    return state;
}

// It is priority 0 over the peer link. Whichever arrives first has the effect.
State Instance::on(Backup state, const MasterLeaves &in, Turn &turn) {
    if (!config_.election || followed() != in.source) {
        return state;
    }
    if (is_active_router(in.source)) {
        active_router_.reset();
    }
    if (!is_held_back(turn.now) && !config_.is_grouped()) {
        return become_active(leaving_text(in.source), turn, in.source);
    }
    if (state.leaver != in.source) {
        state.timer_started = turn.now;
        state.leaver = in.source;
    }
    state.named = true;
    return state;
}

// preempt_delay starts with the first advertisement that is lower than ours; a
// better router cancels it, and so does a closed window. Outside of its windows
// a router takes over from a router with a problem, but not from a healthy one.
// The address owner, while it is delayed, only waits for another address owner.
[[gnu::hot]] bool Instance::follows(Backup &state, Priority theirs,
                                    Instant now) const {
    if (is_owner()) {
        return theirs == kPriorityOwner;
    }
    if (!config_.preempt) {
        return true;
    }
    if (theirs >= priority_) {
        state.preempt_at.reset();
        return true;
    }
    if (is_closed() && !state.fallen) {
        state.preempt_at.reset();
        return true;
    }
    if (!state.preempt_at) {
        state.preempt_at = now + config_.preempt_delay;
    }
    return now < *state.preempt_at;
}

// The same as after priority 0, which this router could not send.
State Instance::on(Backup state, const ActiveDied &in, Turn &turn) {
    if (active_address(state) != in.address) {
        return state;
    }
    const Duration interval = active_router_
                                  ? interval_of(active_router_->interval)
                                  : state.active_interval;
    death_ = Death{
        .address = in.address,
        .reason = in.reason,
        .disproved_until = turn.now + config_.down_adverts * interval,
        .lease_ends = turn.now + kLeaseSlack +
                      lease(config_.version, interval, config_.down_adverts)};
    active_router_.reset();
    return on_priority_zero(std::move(state), in.address, turn);
}

void Instance::examine_death(const Input &input, Turn &turn) {
    const auto *in = std::get_if<AdvertReceived>(&input);
    if (!in || in->source != death_->address ||
        in->advertisement.priority == kPriorityZero) {
        return;
    }
    if (turn.now < death_->disproved_until &&
        in->advertisement.priority != kPriorityOwner) {
        turn.act(ReportFalseDeath{in->source});
    }
    if (auto *backup = std::get_if<Backup>(&state_);
        backup && backup->leaver == in->source) {
        forget_leaver(*backup);
    }
    death_.reset();
}

State Instance::on(Backup state, const FaultChanged &in, Turn &turn) {
    return in.reason.empty() ? state : become_fault(in.reason, turn);
}

bool Instance::is_closed() const {
    return preemption_held_ ||
           (!config_.preempt_windows.empty() && window_.empty());
}

State Instance::on(Backup state, const WindowChanged &, Turn &turn) {
    follow_window(state, turn.now);
    return state;
}

State Instance::on(Backup state, const PreemptionHeld &, Turn &turn) {
    follow_window(state, turn.now);
    return state;
}

// Other backups may have the same windows: as after priority 0, the skew time
// lets the best of them be the first. An advertisement from before the start of
// the timer (perhaps before a fault) does not describe the router that is
// active now.
void Instance::follow_window(Backup &state, Instant now) const {
    if (!active_router_ || active_router_->heard_at < state.timer_started) {
        return;
    }
    if (is_closed()) {
        if (!state.fallen) {
            follow_again(state);
        }
    } else if (!state.fell_at && config_.preempt &&
               config_.preempt_delay == Duration::zero() &&
               active_router_->priority < priority_) {
        state.fell_at = now;
    }
}

State Instance::on(Backup, const Shutdown &in, Turn &turn) {
    return become_initialize(in.reason, turn);
}

State Instance::on(Backup state, const Release &in, Turn &turn) {
    return in.standby ? state : become_fault(in.reason, turn);
}

// The active router yields to our advertisement, whether it preempts or not.
State Instance::on(Backup state, const Preempt &in, Turn &turn) {
    if (!preempt_refusal(state, turn.now).empty()) {
        return state;
    }
    return become_active(
        in.reason + ", preempting " +
            priority_from(active_router_->priority, active_router_->address),
        turn);
}

// Preempting a router that will not yield only causes a flap.
std::string Instance::preempt_refusal(const Backup &, Instant now) const {
    if (is_held_back(now)) {
        return format("%s delays it for %s", delay_in_force(),
                      milliseconds(held_until() - now).c_str());
    }
    if (!active_router_) {
        return "no MASTER is heard, it becomes MASTER automatically if there "
               "is none";
    }
    const Priority theirs = active_router_->priority;
    if (theirs > priority_) {
        return format("priority %u is below the MASTER's %u",
                      unsigned{priority_.value}, unsigned{theirs.value});
    }
    if (theirs == priority_ && active_router_->address > source_ &&
        !waits_for_first()) {
        return format(
            "priority %u equals the MASTER's, and the MASTER's address %s is "
            "higher",
            unsigned{theirs.value},
            active_router_->address.to_string().c_str());
    }
    return {};
}

}  // namespace ngx_vrrp::vrrp
