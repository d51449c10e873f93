#include "core/vrrp/instance.hpp"

#include <algorithm>
#include <array>
#include <utility>
#include <variant>

#include "core/base/log.hpp"
#include "core/vrrp/turn.hpp"

namespace ngx_vrrp::vrrp {

Instance::Instance(Config config)
    : config_(std::move(config)),
      source_(config_.source.value_or(IpAddress{})),
      priority_(config_.priority) {}

[[gnu::hot]] Actions Instance::handle(const Input &input, Instant now) {
    Turn turn{now, {}, {}};

    remember(input, now);
    if (death_) {
        examine_death(input, turn);
    }
    enter(std::visit([&](const auto &state) { return wake(state, turn); },
                     state_),
          turn);
    enter(std::visit([&](const auto &state,
                         const auto &in) { return on(state, in, turn); },
                     state_, input),
          turn);

    return std::move(turn.actions);
}

// Facts are updated in every state.
[[gnu::hot]] void Instance::remember(const Input &input, Instant now) {
    if (const auto *fault = std::get_if<FaultChanged>(&input)) {
        fault_ = fault->reason;
    }
    if (const auto *release = std::get_if<Release>(&input);
        release && !release->standby) {
        fault_ = release->reason;
    }
    if (std::holds_alternative<Resume>(input)) {
        fault_.clear();
    }
    if (std::holds_alternative<LinkUp>(input)) {
        link_up_at_ = now;
    }
    if (const auto *compares = std::get_if<ComparesFrom>(&input)) {
        compares_from_ = compares->from;
    }
    if (const auto *advert = std::get_if<AdvertReceived>(&input);
        advert && advert->advertisement.priority == priority_ &&
        advert->source != source_) {
        if (state() != StateName::active || !is_contested(now)) {
            contested_since_ = now;
        }
        equal_heard_at_ = now;
    }
    if (const auto *active = std::get_if<ActiveLinked>(&input)) {
        if (!active->linked) {
            linked_since_.reset();
        } else if (!linked_since_ || active->begins) {
            linked_since_ = now;
        }
    }
    if (const auto *witness = std::get_if<WitnessAnswered>(&input)) {
        witness_answered_at_ = std::max(witness_answered_at_, witness->at);
        witness_is_known_ = witness->is_known;
    }
    if (const auto *window = std::get_if<WindowChanged>(&input)) {
        window_ = window->open;
    }
    if (const auto *preemption = std::get_if<PreemptionHeld>(&input)) {
        preemption_held_ = preemption->held;
    }
    if (const auto *active = std::get_if<ActiveLeavesBy>(&input)) {
        active_leaves_by_ = active->until;
    }
    if (const auto *source = std::get_if<SourceChanged>(&input)) {
        source_ = source->source;
    }
    if (const auto *priority = std::get_if<PriorityChanged>(&input);
        priority && !is_owner()) {
        priority_ = std::clamp(priority->effective, Priority{1}, Priority{254});
    }
}

// The only function that changes the state, and reports the change.
[[gnu::hot]] void Instance::enter(State next, Turn &turn) {
    const StateName from = state();
    state_ = std::move(next);
    if (state() != from) {
        if (from == StateName::active) {
            left_at_ = turn.now;
        }
        turn.act(ReportTransition{from, state(), std::move(turn.reason)});
    }
}

[[gnu::hot]] std::optional<Instant> Instance::deadline() const {
    if (const auto *backup = std::get_if<Backup>(&state_)) {
        const Instant ask_at =
            std::min(question_at(*backup), witness_question_at(*backup));
        if (!config_.is_grouped()) {
            return std::min(takeover_at(*backup), ask_at);
        }
        return ask_at == Instant::max() ? std::nullopt : std::optional{ask_at};
    }
    if (const auto *active = std::get_if<Active>(&state_)) {
        const Instant judge_at =
            active->rival ? judged_at(*active->rival) : Instant::max();
        return std::min({active->advertise_at, active->announcements.deadline(),
                         judge_at, question_at(*active)});
    }
    if (const auto *leaving = std::get_if<Leaving>(&state_)) {
        return std::min(leaving->drop_at, leaving->renew_at);
    }
    return std::nullopt;
}

// A router that is leaving still holds the addresses.
[[gnu::hot]] StateName Instance::state() const {
    constexpr std::array<StateName, std::variant_size_v<State>> names{
        StateName::initialize, StateName::fault, StateName::backup,
        StateName::active, StateName::active};
    return names[state_.index()];
}

// Initialize

// RFC 9568, 6.4.1: "If a Startup event is received, then: If the Priority =
// 255 ... Send an ADVERTISEMENT ... Transition to the {Active} state; else
// ... Set the Active_Adver_Interval to Advertisement_Interval; Set the
// Active_Down_Timer to Active_Down_Interval; Transition to the {Backup}
// state".
State Instance::on(Initialize, const Startup &in, Turn &turn) {
    if (!fault_.empty()) {
        return become_fault(fault_, turn);
    }
    if (is_held_back(turn.now)) {
        return become_backup(in.reason + held_back(turn.now), turn);
    }
    if (!config_.election) {
        return become_active(in.reason + " without election", turn);
    }
    if (is_owner()) {
        return become_active(in.reason + " as address owner", turn);
    }
    return become_backup(in.reason, turn);
}

State Instance::become_initialize(std::string reason, Turn &turn) {
    turn.reason = std::move(reason);
    active_router_.reset();
    return Initialize{};
}

// Fault

State Instance::become_fault(std::string reason, Turn &turn) {
    turn.reason = reason;
    return Fault{std::move(reason)};
}

// The active router may have lost our link-layer address meanwhile. Then it
// could not reach us by unicast, and we would wrongly believe that it is
// silent.
State Instance::on(Fault state, const FaultChanged &in, Turn &turn) {
    return in.reason.empty()
               ? clear_fault("fault cleared: " + state.reason, turn)
               : Fault{in.reason};
}

State Instance::clear_fault(std::string reason, Turn &turn) {
    if (!config_.election && !is_held_back(turn.now)) {
        return become_active(std::move(reason), turn);
    }
    if (config_.is_unicast()) {
        turn.act(AnnounceSource{});
    }
    return become_backup(reason + held_back(turn.now), turn);
}

State Instance::on(Fault state, const Release &in, Turn &) {
    return in.standby ? state : Fault{in.reason};
}

State Instance::on(Fault, const Resume &in, Turn &turn) {
    return clear_fault(in.reason, turn);
}

State Instance::on(Fault state, const AdvertReceived &in, Turn &turn) {
    on_advert(in, turn.now);
    return state;
}

State Instance::on(Fault, const Shutdown &in, Turn &turn) {
    return become_initialize(in.reason, turn);
}

// Leaving

State Instance::leave(const Active &state, Leaving leaving, Turn &turn) {
    turn.act(SendAdvert{kPriorityZero});
    if (leaving.drop_at <= turn.now) {
        return drop(leaving, leaving.reason, false, turn);
    }
    if (!config_.election) {
        turn.act(WithdrawRoutes{});
    }
    leaving.renew_at = state.renew_at;
    leaving.began = turn.now;
    return leaving;
}

// A release may have been withdrawn before it was complete.
State Instance::drop(const Leaving &state, std::string reason, bool may_wait,
                     Turn &turn) {
    departure_ = Departure{state.began, state.successor, state.taken_at};
    turn.act(RemoveAddresses{.successor = state.successor.has_value(),
                             .may_wait = may_wait});
    if (state.for_good) {
        return become_initialize(std::move(reason), turn);
    }
    if (fault_.empty()) {
        return become_backup(std::move(reason), turn);
    }
    turn.reason = std::move(reason);
    return Fault{fault_};
}

std::string Instance::successor_of(const Leaving &state) const {
    if (!state.successor) {
        return "no router has taken over";
    }
    const std::string successor = state.successor->to_string() + " took over";
    return is_active_router(*state.successor)
               ? successor + " with priority " +
                     std::to_string(active_router_->priority.value)
               : successor;
}

State Instance::wake(Leaving state, Turn &turn) {
    if (turn.now < state.drop_at) {
        return state;
    }
    if (stays_without_successor(state)) {
        return stay(state, turn);
    }
    return drop(state,
                config_.election ? state.reason + ", " + successor_of(state)
                                 : state.reason,
                true, turn);
}

State Instance::on(Leaving state, const TimeReached &, Turn &turn) {
    if (turn.now >= state.renew_at) {
        turn.act(RenewAddresses{});
        state.renew_at = turn.now + renew_interval();
    }
    return state;
}

State Instance::on(Leaving state, const AdvertReceived &in, Turn &turn) {
    on_advert(in, turn.now);
    if (in.advertisement.priority != kPriorityZero && !state.successor) {
        state.successor = in.source;
        state.taken_at = turn.now;
        state.drop_at = std::min(
            state.drop_at, turn.now + (state.notified ? kSuccessorReports
                                                      : kSuccessorSettles));
    }
    return state;
}

State Instance::on(Leaving state, const SuccessorNotified &, Turn &) {
    state.notified = true;
    return state;
}

State Instance::on(Leaving state, const SuccessorReady &in, Turn &turn) {
    if (std::exchange(state.notified, false)) {
        state.successor = state.successor.value_or(in.source);
        state.taken_at = turn.now;
        state.drop_at = std::min(state.drop_at, turn.now + kLastRequests);
    }
    return state;
}

State Instance::on(Leaving state, const FaultChanged &in, Turn &turn) {
    return in.reason.empty()
               ? state
               : drop(state, state.reason + ", " + in.reason, false, turn);
}

State Instance::on(Leaving state, const Shutdown &in, Turn &turn) {
    if (!in.serving || !state.for_good) {
        state.reason = in.reason;
        state.for_good = true;
    }
    return in.serving ? state : drop(state, state.reason, false, turn);
}

// Another member of the group has a successor. Ours may not be heard.
State Instance::on(Leaving state, const StandDown &, Turn &) {
    state.standby = false;
    return state;
}

// While no router has taken over, we withdraw priority 0. A successor keeps the
// addresses, and ours are removed.
State Instance::on(Leaving state, const Resume &in, Turn &turn) {
    return state.for_good || state.successor || !in.may_keep
               ? State{state}
               : stay(state, turn);
}

bool Instance::stays_without_successor(const Leaving &state) const {
    return state.standby && !state.for_good && !state.successor &&
           fault_.empty();
}

State Instance::stay(const Leaving &state, Turn &turn) {
    Active next{
        .advertised = priority_,
        .advertised_interval = config_.advert_interval,
        .advertised_at = turn.now,
        .advertise_at = turn.now,
        .renew_at = state.renew_at,
        .announcements = AnnounceSchedule{config_.announce, {}, {}, turn.now}};
    advertise(next, turn);
    if (!config_.election) {
        turn.act(RestoreRoutes{});
    }
    return next;
}

// Group

std::optional<Instant> Instance::takeover_at() const {
    const auto *backup = std::get_if<Backup>(&state_);
    return backup ? std::optional{takeover_at(*backup)} : std::nullopt;
}

// The advertisement has started the timer.
bool Instance::follows_router() const {
    const auto *backup = std::get_if<Backup>(&state_);
    return backup && active_router_ &&
           active_router_->heard_at == backup->timer_started;
}

bool Instance::may_return() const {
    const auto *leaving = std::get_if<Leaving>(&state_);
    return leaving && !leaving->for_good && !leaving->successor;
}

bool Instance::has_successor() const {
    const auto *leaving = std::get_if<Leaving>(&state_);
    return leaving && leaving->successor;
}

bool Instance::may_stay() const {
    const auto *leaving = std::get_if<Leaving>(&state_);
    return leaving && stays_without_successor(*leaving);
}

bool Instance::is_contested(Instant now) const {
    return equal_heard_at_ && now < *equal_heard_at_ + own_down_interval();
}

Duration Instance::own_down_interval() const {
    return active_down_interval(config_.version, priority_,
                                config_.advert_interval, config_.down_adverts);
}

// A router of our priority that hears us becomes a backup, or we do. If it has
// not after the time that a lost advertisement takes, it does not hear us.
Instant Instance::compares_until() const {
    return equal_heard_at_ ? contested_since_ + own_down_interval() : Instant{};
}

std::optional<Instant> Instance::rival_since() const {
    const auto *active = std::get_if<Active>(&state_);
    return active && active->rival ? std::optional{active->rival->since}
                                   : std::nullopt;
}

// Preempt

std::string Instance::preempt_refusal(Instant now) const {
    struct Refusal {
        const Instance &instance;
        Instant now;

        std::string operator()(const Initialize &) const {
            return "does not take part in the election yet";
        }
        std::string operator()(const Fault &fault) const {
            return "is in FAULT: " + fault.reason;
        }
        std::string operator()(const Backup &backup) const {
            return instance.preempt_refusal(backup, now);
        }
        std::string operator()(const Active &) const { return {}; }
        std::string operator()(const Leaving &leaving) const {
            return "is releasing the address: " + leaving.reason;
        }
    };
    return std::visit(Refusal{*this, now}, state_);
}

// Facts

[[gnu::hot]] void Instance::on_advert(const AdvertReceived &in, Instant now) {
    const wire::Advertisement &advert = in.advertisement;
    if (advert.priority != kPriorityZero) {
        active_router_ =
            ActiveRouter{in.source, advert.priority, advert.interval, now};
    } else if (active_router_ && active_router_->address == in.source) {
        active_router_.reset();
    }
}

// VRRPv2 routers must all have the same interval (RFC 3768, 7.1), VRRPv3
// backups learn the interval of the active router.
Duration Instance::interval_of(Duration advertised) const {
    return config_.version == Version::v2 ? config_.advert_interval
                                          : advertised;
}

Duration Instance::renew_interval() const {
    return vrrp::renew_interval(config_.version, config_.advert_interval,
                                config_.down_adverts);
}

bool Instance::is_owner() const {
    return config_.priority == kPriorityOwner;
}

[[gnu::hot]] Instant Instance::held_until() const {
    const Instant link_settled =
        link_up_at_ ? *link_up_at_ + config_.link_up_delay : Instant{};
    return std::max(config_.not_before, link_settled);
}

bool Instance::is_held_back(Instant now) const {
    return now < held_until();
}

const char *Instance::delay_in_force() const {
    return held_until() == config_.not_before ? config_.held_by
                                              : "link_up_delay";
}

// A part of a reason, or empty.
std::string Instance::held_back(Instant now) const {
    return is_held_back(now)
               ? format(", delayed by %s for %s", delay_in_force(),
                        milliseconds(held_until() - now).c_str())
               : "";
}

// The list may contain this node.
bool Instance::is_sole_peer(const IpAddress &address) const {
    return config_.is_unicast() &&
           std::ranges::all_of(config_.unicast_peers, [&](const auto &peer) {
               return peer == address || peer == source_;
           });
}

std::optional<IpAddress> Instance::followed() const {
    const auto *backup = std::get_if<Backup>(&state_);
    if (!backup) {
        return std::nullopt;
    }
    const auto active = active_address(*backup);
    return active ? active : backup->leaver;
}

std::optional<IpAddress> Instance::active_address(const Backup &state) const {
    if (active_router_) {
        return active_router_->address;
    }
    return !state.leaver && answered_at_ > state.timer_started
               ? std::optional{answered_by_}
               : std::nullopt;
}

bool Instance::follows_at_once(const IpAddress &leaver) const {
    return is_sole_peer(leaver) || successor_of_ == leaver;
}

}  // namespace ngx_vrrp::vrrp
