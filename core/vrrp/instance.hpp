// The state machine of one virtual router (RFC 9568, 6.4; RFC 3768, 6.4; with
// keepalived's behaviour where the two must work together). Inputs and time go
// in, actions come out. It has no socket and no clock, and no other instance.
//
//                    Startup                 silence, priority 0
//     Initialize ---------------> Backup ---------------------------> Active
//         |  ^                    |    ^                              | |
//         |  |             fault  |    |  better advert, woke too late| |
//         |  |                    v    +------------------------------+ |
//         |  | Shutdown  -------> Fault <------------------- fault -----+
//         |  | anywhere           |
//         |  |                    +--> Backup, when the fault is cleared
//         |  +--- Leaving <--- Active, when Shutdown finds nginx serving
//         +---> Active, for the address owner; Fault, when there is one
//
// Release leads from Active through Leaving to Fault, and from Backup to Fault,
// or with standby to Backup.
// Preempt leads from Backup to Active. Config::not_before and link_up_delay
// keep a router, and the address owner, in Backup.
//
// States. Each state is a struct with its own deadlines, so a timer of another
// state cannot fire. on(State, Input) is the rule for one pair; a pair without
// a rule keeps the state. enter() is the only place that changes the state: it
// adds the ReportTransition.
//
// In. handle(input, now) accepts every input in every state. Before Startup,
// all other inputs are only remembered. Adverts have passed admission
// (admission.hpp). wake() runs before the rule: after a suspend or a long
// delay, an Active router may have lost its right to be Active before it sees
// the input.
//
// Group. A member of a sync_group does not become Active by itself:
// takeover_at() says when it would, and the group says TakeOver to all members,
// or StandDown to the others when one of them is not Active any more.
//
// Out. The actions must be performed in their order (action.hpp). Then ask
// deadline() again, and call handle(TimeReached) when it has passed. An early
// call has no effect.
//
// Silence. While a linked node says that it is active, a Backup asks it when
// the first advertisement is overdue (AskActive). Its answer stops the takeover
// for a time: its advertisements are lost, and it is not dead. An Active router
// asks a linked node that says that it is active, too: the answer decides
// between them as an advertisement does. With a witness, a Backup asks it at
// the same time (AskWitness), and takes over only after its answer: without one
// this node may be cut off. If it could not be asked, that is not known.
//
// Reload. checkpoint() is the state that another process of this node needs;
// resume() in that process replaces Startup, with its own configuration and
// facts; retire() ends the old one without an action. In Initialize, Fault and
// Leaving there is no checkpoint: the other process starts from the beginning.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <variant>

#include "core/base/ip.hpp"
#include "core/base/time.hpp"
#include "core/vrrp/action.hpp"
#include "core/vrrp/announce_schedule.hpp"
#include "core/vrrp/checkpoint.hpp"
#include "core/vrrp/config.hpp"
#include "core/vrrp/input.hpp"
#include "core/vrrp/timing.hpp"
#include "core/vrrp/token_bucket.hpp"

namespace ngx_vrrp::vrrp {

struct Initialize {};

struct Fault {
    std::string reason;
};

// A router of our priority that is active, too, while another member of our
// group may decide between the two nodes.
struct Rival {
    IpAddress address;
    Duration interval{};
    Instant since{};
};

struct Active {
    Priority advertised;             // in the last advertisement
    Duration advertised_interval{};  // peers wait for us by this one
    Instant advertised_at{};
    Instant advertise_at{};  // Adver_Timer
    Instant renew_at{};      // leases, with the advert before that
    AnnounceSchedule announcements;
    TokenBucket answers{kAnswerPeriod, kAnswerBurst};
    std::optional<Rival> rival = {};
    Instant since{};  // 0: an earlier process of this node
    // It has said so on the peer link, and priority 0 may still be on its way.
    std::optional<IpAddress> leaver = {};
};

// Make before break: priority 0 has been sent, and the addresses stay until the
// successor has them too, or until a time limit, so that no request is lost. A
// successor with a peer link confirms that it has them; any other one is known
// by its advertisement.
struct Leaving {
    Instant drop_at{};   // soon after the successor was heard
    Instant renew_at{};  // leases
    std::string reason;
    std::optional<IpAddress> successor;
    bool for_good = false;  // Shutdown; else Release
    bool standby = false;   // see Release
    Instant began{};
    Instant taken_at{};     // the successor was heard, or has confirmed
    bool notified = false;  // it will confirm
};

// How a Leaving has ended.
struct Departure {
    Instant began{};
    std::optional<IpAddress> successor;
    Instant taken_at{};
};

// The active router has died. A process that is started there again does not
// advertise before others could take over, unless it is the address owner: an
// earlier advertisement with a lower priority is of a router that lives.
struct Death {
    IpAddress address;
    std::string reason;
    Instant disproved_until{};
    Instant lease_ends{};  // of the addresses that its kernel still has
};

using State = std::variant<Initialize, Fault, Backup, Active, Leaving>;

struct Turn;

class Instance {
public:
    explicit Instance(Config config);

    // now must not be earlier than in a previous call. Any input is legal in
    // any state. The actions must be performed in their order.
    Actions handle(const Input &input, Instant now);

    // The state for another process of this node. Nothing when there is no
    // state to continue: before Startup, in a fault, while leaving.
    std::optional<Checkpoint> checkpoint() const;

    // In place of Startup: continue the state of another process of this node,
    // with the configuration and the facts of this process.
    Actions resume(const Checkpoint &checkpoint, Instant now);

    // After the handover: back to Initialize, without actions.
    void retire();

    // Does what handle() would do with an advertisement of the active router,
    // if this is a backup with a lower priority, and the router the same as
    // before. False: did nothing.
    bool hear_again(const ActiveRouter &router, Instant now);

    // The work that is due for an active router.
    enum class Due : std::uint8_t { other, advert, advert_and_renewal };

    // Does what handle() would do with TimeReached, without its actions, if
    // this is an active router, and no more is due than its next advertisement
    // (at priority effective_priority()) and the renewal of its leases.
    // Due::other: did nothing.
    Due advertise_again(Instant now);

    // The time at which TimeReached is due; nothing when no timer runs.
    std::optional<Instant> deadline() const;

    StateName state() const;
    // Active, or leaving it.
    bool is_leaving() const { return std::holds_alternative<Leaving>(state_); }

    // By a peer link: the active router with this address has named this node
    // as its successor, so that no other backup of ours races it. After its
    // priority 0, it takes over without the skew time.
    void set_successor_of(const std::optional<IpAddress> &active) {
        successor_of_ = active;
    }

    // Of a backup: the address of its active router, which may only answer on
    // its peer link, or of the one that has sent priority 0.
    std::optional<IpAddress> followed() const;
    // Of a backup: the active router, if it is heard, and will be preempted
    // within this time.
    std::optional<IpAddress> preempts_within(Duration time, Instant now) const;
    // The last one that has ended.
    const std::optional<Departure> &departure() const { return departure_; }
    // ActiveAnswered matters now.
    bool has_asked() const;
    // It asks before it becomes active.
    bool owes_question(Instant now) const;
    // The linked node that we follow, or unspecified.
    const IpAddress &answered_by() const { return answered_by_; }
    // An answer of the active router stops the takeover: the time since which
    // its advertisements have been missing.
    std::optional<Instant> unheard_since(Instant now) const;
    // The takeover waits for the witness only: the time since which
    // advertisements have been missing.
    std::optional<Instant> cut_off_since(Instant now) const;

    // For the group.

    void set_first(bool first) { config_.sync.first = first; }
    // When a backup would become active; nothing in other states.
    std::optional<Instant> takeover_at() const;
    // A backup that heard a router which it does not replace.
    bool follows_router() const;
    // It is leaving, and another router has not taken over yet.
    bool may_return() const;
    // It is leaving, and another router has taken over, or it stays without
    // one.
    bool has_successor() const;
    bool may_stay() const;
    std::optional<Instant> rival_since() const;
    // Until then it compares its address with that of a router of its priority,
    // and other members wait.
    Instant compares_until() const;
    Instant compares_from() const { return compares_from_; }

    // The reason for which Preempt would not make us active now; empty: it
    // would, or we are active.
    std::string preempt_refusal(Instant now) const;

    const Config &config() const { return config_; }
    Priority effective_priority() const { return priority_; }
    const std::optional<ActiveRouter> &active_router() const {
        return active_router_;
    }

private:
    Active active_from(const Checkpoint &checkpoint, Instant now) const;
    Backup backup_from(const Checkpoint &checkpoint) const;
    Duration known_interval(Duration said) const;

    void remember(const Input &input, Instant now);
    void enter(State next, Turn &turn);

    // Checks, before the input is handled, whether the state is still valid:
    // this process may not have been scheduled at its own deadline.
    template <class S>
    State wake(S state, Turn &) {
        return state;
    }
    State wake(Active state, Turn &turn);
    State wake(Leaving state, Turn &turn);

    // The reaction of each state to each input; without an overload there is
    // none.
    template <class S, class I>
    State on(S state, const I &, Turn &) {
        return state;
    }

    State on(Initialize, const Startup &in, Turn &turn);

    State on(Fault state, const FaultChanged &in, Turn &turn);
    State on(Fault state, const AdvertReceived &in, Turn &turn);
    State on(Fault, const Shutdown &in, Turn &turn);
    State on(Fault state, const Release &in, Turn &);
    State on(Fault, const Resume &in, Turn &turn);

    State on(Backup state, const TimeReached &, Turn &turn);
    State on(Backup state, const AdvertReceived &in, Turn &turn);
    State on(Backup state, const ActiveDied &in, Turn &turn);
    State on(Backup state, const PriorityChanged &, Turn &);
    State on(Backup state, const FaultChanged &in, Turn &turn);
    State on(Backup state, const WindowChanged &, Turn &turn);
    State on(Backup state, const PreemptionHeld &, Turn &turn);
    State on(Backup, const Shutdown &in, Turn &turn);
    State on(Backup state, const Release &in, Turn &turn);
    State on(Backup state, const Preempt &in, Turn &turn);
    State on(Backup state, const MasterLeaves &in, Turn &turn);
    State on(Backup state, const TakeOver &, Turn &turn);
    State on(Backup state, const ActiveAnswered &in, Turn &turn);

    State on(Active state, const TimeReached &, Turn &turn);
    State on(Active state, const AdvertReceived &in, Turn &turn);
    State on(Active state, const AddressClaimed &, Turn &turn);
    State on(Active, const StandDown &in, Turn &turn);
    State on(Active state, const Assert &, Turn &turn);
    State on(Active state, const ActiveAnswered &in, Turn &turn);
    State on(Active state, const PriorityChanged &, Turn &turn);
    State on(Active state, const FaultChanged &in, Turn &turn);
    State on(Active state, const Shutdown &in, Turn &turn);
    State on(Active state, const Release &in, Turn &turn);

    State on(Leaving state, const TimeReached &, Turn &turn);
    State on(Leaving state, const AdvertReceived &in, Turn &turn);
    State on(Leaving state, const SuccessorNotified &, Turn &);
    State on(Leaving state, const SuccessorReady &in, Turn &turn);
    State on(Leaving state, const FaultChanged &in, Turn &turn);
    State on(Leaving state, const StandDown &in, Turn &turn);
    State on(Leaving state, const Shutdown &in, Turn &turn);
    State on(Leaving state, const Resume &in, Turn &turn);

    // The transition into each state. The caller has performed the actions that
    // come before it.
    State become_initialize(std::string reason, Turn &turn);
    State become_fault(std::string reason, Turn &turn);
    Backup become_backup(std::string reason, Turn &turn);
    State become_active(std::string reason, Turn &turn,
                        std::optional<IpAddress> leaver = {});

    void examine_death(const Input &input, Turn &turn);
    State on_priority_zero(Backup state, const IpAddress &from, Turn &turn);
    State on_equal(Active state, const AdvertReceived &in, Turn &turn);
    bool follows(Backup &state, Priority theirs, Instant now) const;
    bool has_fallen(const AdvertReceived &in) const;
    bool is_active_router(const IpAddress &address) const;
    std::optional<IpAddress> active_address(const Backup &state) const;
    std::string leaver_text(const IpAddress &leaver) const;
    std::string takeover_reason(const Backup &state, Instant now) const;
    bool beats_us(const AdvertReceived &in) const;
    bool waits_for_first() const;
    State yield(const AdvertReceived &in, Turn &turn);
    State yield_to(const Rival &rival, Turn &turn);
    Instant judged_at(const Rival &rival) const;
    State judge(Active state, Turn &turn);
    Instant next_advert(Instant now) const;
    bool is_late(const Active &state, Instant now) const;
    bool note_advert(Active &state, Instant now) const;
    bool note_due_advert(Active &state, Instant now) const;
    void advertise(Active &state, Turn &turn);
    void answer(Active &state, Turn &turn);
    State leave(const Active &state, Leaving leaving, Turn &turn);
    State drop(const Leaving &state, std::string reason, bool may_wait,
               Turn &turn);
    bool stays_without_successor(const Leaving &state) const;
    State stay(const Leaving &state, Turn &turn);
    std::string successor_of(const Leaving &state) const;
    State clear_fault(std::string reason, Turn &turn);

    void on_advert(const AdvertReceived &in, Instant now);
    Duration interval_of(Duration advertised) const;
    Instant down_at(const Backup &state) const;
    Instant preempts_at(const Backup &state, Duration skew) const;
    Instant takeover_at(const Backup &state) const;
    Instant silence_ends_at(const Backup &state) const;
    Instant answers_end_at(const Backup &state) const;
    Instant overdue_at(const Backup &state) const;
    Instant witness_due_at(const Backup &state) const;
    Instant witness_question_at(const Backup &state) const;
    bool is_heard_until(const Backup &state, Instant takeover) const;
    bool has_witness(const Backup &state) const;
    Instant silent_since(const Backup &state) const;
    Instant missing_since(const Backup &state) const;
    Instant question_at(const Backup &state) const;
    Instant question_at(const Active &state) const;
    void ask(Instant silent_since, Duration interval, Turn &turn);
    Duration renew_interval() const;
    void follow_again(Backup &state) const;
    std::string preempt_refusal(const Backup &, Instant now) const;
    bool is_closed() const;
    void follow_window(Backup &state, Instant now) const;
    bool is_owner() const;
    bool is_contested(Instant now) const;
    Duration own_down_interval() const;
    Instant held_until() const;
    bool is_held_back(Instant now) const;
    const char *delay_in_force() const;
    std::string held_back(Instant now) const;
    bool is_sole_peer(const IpAddress &address) const;
    bool follows_at_once(const IpAddress &leaver) const;
    static void forget_leaver(Backup &state);

    Config config_;
    IpAddress source_;  // unspecified while it is not known
    // A router of our priority, for the last time.
    std::optional<Instant> equal_heard_at_;
    Instant contested_since_{};  // the first of them in a row, while active
    std::optional<Instant> left_at_;  // Active, for the last time
    Instant compares_from_{};         // 0: it has not been said
    std::string fault_;               // empty: none
    std::string window_;              // the open one
    bool preemption_held_ = false;
    Instant active_leaves_by_{};
    std::optional<IpAddress> successor_of_;
    std::optional<Departure> departure_;
    std::optional<Death> death_;  // of the last active router
    // takeover_check. The times are of this silence if they are later than the
    // start of the timer.
    std::optional<Instant> unheard_before_;  // by the previous process,
    Instant continued_timer_{};              // for the timer that it started
    IpAddress answered_by_;
    Instant witness_asked_at_{};           // for the last time
    Instant witness_answered_at_{};        // the same
    bool witness_is_known_ = false;        // by that answer
    Instant asked_at_{};                   // for the last time
    std::optional<Instant> linked_since_;  // ActiveLinked
    Instant unanswered_since_{};           // the first question of them
    Instant answered_at_{};                // by a router that we follow
    std::optional<Instant> link_up_at_;    // when it came back

    // Each advertisement needs what follows: it lies together, with what its
    // virtual router needs.
    State state_;
    std::optional<ActiveRouter> active_router_;
    Priority priority_;  // effective
};

}  // namespace ngx_vrrp::vrrp
