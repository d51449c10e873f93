// The Active state of a virtual router.
#include "core/vrrp/instance.hpp"

#include <algorithm>
#include <utility>

#include "core/base/log.hpp"
#include "core/vrrp/turn.hpp"

namespace ngx_vrrp::vrrp {

namespace {

// A packet may be so much slower than the peer link.
constexpr Duration kOvertaken = Milliseconds{10};

}  // namespace

// The advert comes first: it stops the other backups while we add the
// addresses.
State Instance::become_active(std::string reason, Turn &turn,
                              std::optional<IpAddress> leaver) {
    turn.reason = std::move(reason);
    active_router_.reset();
    asked_at_ = turn.now;  // the other node may be about to yield

    Active next{.advertised = priority_,
                .advertised_interval = config_.advert_interval,
                .advertised_at = turn.now,
                .advertise_at = next_advert(turn.now),
                .renew_at = turn.now + renew_interval(),
                .announcements = AnnounceSchedule{config_.announce},
                .since = turn.now,
                .leaver = leaver};
    turn.act(SendAdvert{priority_});
    turn.act(AddAddresses{});
    turn.announce(next.announcements.begin(turn.now));
    if (left_at_ && turn.now - *left_at_ < kBackAndForth) {
        next.announcements.expect_contradiction(turn.now);
    }
    if (death_) {
        next.announcements.outlast(death_->lease_ends, turn.now);
    }
    return next;
}

// After a silence in which any peer may have taken over, the addresses no
// longer belong to this node: remove them before anything else, then listen.
[[gnu::hot]] State Instance::wake(Active state, Turn &turn) {
    if (!is_late(state, turn.now)) {
        return state;
    }
    turn.act(RemoveAddresses{});
    return become_backup("this process was not scheduled for " +
                             milliseconds(turn.now - state.advertise_at),
                         turn);
}

[[gnu::hot]] bool Instance::is_late(const Active &state, Instant now) const {
    return config_.election &&
           now - state.advertised_at >
               fastest_takeover(config_.version, state.advertised_interval,
                                config_.down_adverts);
}

[[gnu::hot]] Instance::Due Instance::advertise_again(Instant now) {
    Active *state = std::get_if<Active>(&state_);
    if (!state || state->rival || now < state->advertise_at ||
        is_late(*state, now) || state->announcements.deadline() <= now ||
        now >= question_at(*state)) {
        return Due::other;
    }
    return note_due_advert(*state, now) ? Due::advert_and_renewal : Due::advert;
}

// RFC 9568, 6.4.3: "If the Adver_Timer fires, then: Send an ADVERTISEMENT;
// Reset the Adver_Timer to Advertisement_Interval".
[[gnu::hot]] State Instance::on(Active state, const TimeReached &, Turn &turn) {
    if (turn.now >= question_at(state)) {
        ask(turn.now, config_.advert_interval, turn);
    }
    if (state.rival && turn.now >= judged_at(*state.rival)) {
        return judge(std::move(state), turn);
    }
    if (turn.now >= state.advertise_at) {
        turn.act(SendAdvert{priority_});
        if (note_due_advert(state, turn.now)) {
            turn.act(RenewAddresses{});
        }
    }
    turn.announce(state.announcements.due(turn.now));
    return state;
}

// An early advertisement does no harm: peers wait for a whole interval.
Instant Instance::next_advert(Instant now) const {
    return config_.advert_phase ? next_in_phase(now, config_.advert_interval,
                                                *config_.advert_phase)
                                : now + config_.advert_interval;
}

// Everything that belongs to an advertisement: as long as we send
// advertisements, we also renew the leases.
void Instance::advertise(Active &state, Turn &turn) {
    turn.act(SendAdvert{priority_});
    if (note_advert(state, turn.now)) {
        turn.act(RenewAddresses{});
    }
}

// An advertisement is sent now. True: leases must be renewed with it.
[[gnu::hot]] bool Instance::note_advert(Active &state, Instant now) const {
    state.advertised = priority_;
    state.advertised_interval = config_.advert_interval;
    state.advertised_at = now;
    state.advertise_at = next_advert(now);

    const bool renews = state.advertise_at > state.renew_at;
    if (renews) {
        state.renew_at = now + renew_interval();
    }
    return renews;
}

// The same, when its time has come: a delay of this one does not delay the
// next one.
[[gnu::hot]] bool Instance::note_due_advert(Active &state, Instant now) const {
    const Instant next =
        next_due(state.advertise_at, config_.advert_interval, now);
    const bool renews = note_advert(state, now);
    state.advertise_at = std::min(state.advertise_at, next);
    return renews;
}

// RFC 9568, 6.4.3, on priority 0 and on an advert that loses: "Send an
// ADVERTISEMENT immediately to assert the {Active} state to the sending VRRP
// Router and to update any learning bridges". A losing router may have
// announced the addresses, so we announce them again.
State Instance::on(Active state, const AdvertReceived &in, Turn &turn) {
    const Priority theirs = in.advertisement.priority;
    if (theirs == kPriorityZero) {
        if (state.leaver == in.source) {
            state.leaver.reset();
        }
        answer(state, turn);
        if (config_.is_grouped()) {
            // a member that stood down may have announced the addresses
            turn.announce(state.announcements.contested(turn.now));
            state.rival.reset();
        }
        return state;
    }
    if (theirs == priority_ && in.source == source_) {
        turn.act(ReportMismatch{
            in.source.to_string() +
            " is our own address, but another router also sends from it: give "
            "each router a different address"});
        return state;
    }
    if (theirs == priority_ && waits_for_first()) {
        return on_equal(std::move(state), in, turn);
    }
    if (beats_us(in)) {
        // sent before it left: its message on the peer link has overtaken it
        if (state.leaver == in.source && turn.now - state.since < kOvertaken) {
            return state;
        }
        return yield(in, turn);
    }
    answer(state, turn);
    turn.announce(state.announcements.contested(turn.now));
    return state;
}

// Usually it does not say so for long: it has just yielded, or we will.
[[gnu::hot]] Instant Instance::question_at(const Active &) const {
    return linked_since_ && config_.takeover_check
               ? std::max(*linked_since_, asked_at_) +
                     question_period(config_.advert_interval)
               : Instant::max();
}

// The same decision as for an advertisement, which does not arrive. The node
// that wins has nothing to do: the other one asks, too. An address of a peer
// link is not always one of this router, so it is not kept.
State Instance::on(Active state, const ActiveAnswered &in, Turn &turn) {
    const Instant asked_at = in.asked_at.value_or(turn.now);
    const Duration age = turn.now - asked_at;
    if (asked_at < state.since) {
        return state;  // it was MASTER before us
    }
    if (age > answer_lifetime(config_.advert_interval)) {
        return state;
    }
    const bool loses =
        in.priority > priority_ ||
        (in.priority == priority_ && in.is_higher && !waits_for_first());
    if (!in.is_active || !loses) {
        return state;
    }
    turn.act(RemoveAddresses{.successor = true});
    turn.act(SendAdvert{priority_});
    answered_by_ = in.peer;
    return become_backup(
        format("%s is MASTER, too, and has %s priority %u: it says so on the "
               "peer link, but its advertisements do not arrive",
               in.peer.to_string().c_str(),
               in.priority > priority_ ? "higher" : "a higher address and the",
               unsigned{in.priority.value}),
        turn);
}

State Instance::on(Active state, const AddressClaimed &, Turn &turn) {
    state.announcements.claimed(turn.now);
    return state;
}

void Instance::answer(Active &state, Turn &turn) {
    if (state.answers.take(turn.now)) {
        advertise(state, turn);
    }
}

// RFC 9568, 6.4.3: "If the Priority in the ADVERTISEMENT is greater than the
// local Priority or the Priority in the ADVERTISEMENT is equal to the local
// Priority and the primary IPvX address of the sender is greater than the local
// primary IPvX address". Two routers with priority 255 are a mistake, but one
// of them must yield (erratum 8298).
bool Instance::beats_us(const AdvertReceived &in) const {
    const Priority theirs = in.advertisement.priority;
    return theirs > priority_ || (theirs == priority_ && in.source > source_);
}

bool Instance::waits_for_first() const {
    return config_.is_grouped() && !config_.sync.first;
}

// On two networks, the addresses of two nodes can have a different order. If
// each network decided for itself, each node would yield on one of them, and
// take the other member down with it.
State Instance::on_equal(Active state, const AdvertReceived &in, Turn &turn) {
    turn.announce(state.announcements.contested(turn.now));
    if (turn.now < compares_from_) {
        state.rival.reset();
    } else if (!state.rival) {
        state.rival = Rival{in.source, in.advertisement.interval, turn.now};
    }
    return state;
}

// The first member has advertised when the rival was heard (Assert), and has
// had this time to hear it, too.
Instant Instance::judged_at(const Rival &rival) const {
    return rival.since +
           skew_time(config_.version, priority_, config_.advert_interval);
}

// The first member does not hear the other node, so this one decides.
State Instance::judge(Active state, Turn &turn) {
    const Rival rival = *std::exchange(state.rival, std::nullopt);
    if (turn.now < compares_from_) {
        return state;
    }
    if (rival.address > source_) {
        return yield_to(rival, turn);
    }
    answer(state, turn);
    return state;
}

State Instance::yield_to(const Rival &rival, Turn &turn) {
    wire::Advertisement advert;
    advert.priority = priority_;
    advert.interval = rival.interval;
    return yield({advert, rival.address}, turn);
}

// Another member is not active any more. Priority 0: a router that is not
// active on this network, and that may be in no group, has to know.
State Instance::on(Active, const StandDown &in, Turn &turn) {
    turn.act(SendAdvert{kPriorityZero});
    turn.act(RemoveAddresses{.may_wait = true});
    return become_backup(in.reason, turn);
}

State Instance::on(Active state, const Assert &, Turn &turn) {
    answer(state, turn);
    return state;
}

// Our last advertisement loses: the winner answers it with another
// announcement, which we no longer contradict.
State Instance::yield(const AdvertReceived &in, Turn &turn) {
    const Priority theirs = in.advertisement.priority;
    turn.act(RemoveAddresses{.successor = true});
    turn.act(SendAdvert{priority_});
    on_advert(in, turn.now);

    Backup next = become_backup(
        theirs > priority_
            ? "advertisement with higher " + priority_from(theirs, in.source)
            : format("equal priority %u, higher address %s",
                     unsigned{theirs.value}, in.source.to_string().c_str()),
        turn);
    next.active_interval = interval_of(in.advertisement.interval);
    return next;
}

State Instance::on(Active state, const PriorityChanged &, Turn &turn) {
    if (state.advertised != priority_) {
        state.rival.reset();
        advertise(state, turn);
    }
    return state;
}

State Instance::on(Active state, const FaultChanged &in, Turn &turn) {
    if (in.reason.empty()) {
        return state;
    }
    turn.act(SendAdvert{kPriorityZero});
    turn.act(RemoveAddresses{});
    return become_fault(in.reason, turn);
}

// RFC 9568, 6.4.3: "If a Shutdown event is received, then: Cancel the
// Adver_Timer; Send an ADVERTISEMENT with Priority = 0; Transition to the
// {Initialize} state".
State Instance::on(Active state, const Shutdown &in, Turn &turn) {
    return leave(
        state,
        {.drop_at = turn.now + (in.serving ? in.grace : Duration::zero()),
         .renew_at = {},
         .reason = in.reason,
         .successor = {},
         .for_good = true},
        turn);
}

State Instance::on(Active state, const Release &in, Turn &turn) {
    return leave(state,
                 {.drop_at = turn.now + in.grace,
                  .renew_at = {},
                  .reason = in.reason,
                  .successor = {},
                  .for_good = false,
                  .standby = in.standby},
                 turn);
}

}  // namespace ngx_vrrp::vrrp
