// One virtual router on this machine: the state machine (vrrp::Instance), the
// facts that it needs, and the execution of its actions in their order.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "core/base/log.hpp"
#include "core/base/rate_limit.hpp"
#include "core/base/repeated_line.hpp"
#include "core/base/time.hpp"
#include "core/engine/announcer.hpp"
#include "core/engine/authenticator.hpp"
#include "core/engine/command.hpp"
#include "core/engine/connection_counts.hpp"
#include "core/engine/connection_cut.hpp"
#include "core/engine/counters.hpp"
#include "core/engine/drain.hpp"
#include "core/engine/facts.hpp"
#include "core/engine/faults.hpp"
#include "core/engine/handover.hpp"
#include "core/engine/last_times.hpp"
#include "core/engine/name_holder.hpp"
#include "core/engine/node_watches.hpp"
#include "core/engine/ports.hpp"
#include "core/engine/split_brain.hpp"
#include "core/engine/trackers.hpp"
#include "core/engine/witness.hpp"
#include "core/engine/worker_watch.hpp"
#include "core/vrrp/instance.hpp"
#include "core/vrrp/timing.hpp"

namespace ngx_vrrp::engine {

struct RouterConfig {
    vrrp::Config router;
    std::vector<TrackerConfig> trackers;
};

// A virtual address, and whether the kernel has it.
struct AddressState {
    vrrp::VirtualAddress address;
    bool present = false;
    bool foreign = false;        // and another program added it
    bool reported = false;       // that a MASTER cannot give it up
    bool given_up = false;       // optional, and another program removed it
    Instant lease_ends{};        // the lease we set; 0: we do not hold it
    unsigned announcements = 0;  // that are still to be sent
};

// A route or a rule, and whether the kernel has it.
template <class Item>
struct Held {
    Item wanted;
    bool present = false;
    bool given_up = false;  // optional, and another program removed it
    std::string error{};    // of the last attempt to add it
};

class VirtualRouter {
public:
    // announcer, counts: of all routers of this node; they outlive them.
    VirtualRouter(RouterConfig config, Ports ports, Announcer &announcer,
                  ConnectionCounts &counts, LogSink &sink);

    // Opens the sockets. This process claims the router when the workers have
    // started, or when they have not started within their timeout (that is a
    // fault), and when the trackers have had some time to get results. Then the
    // router continues the state of the previous owner, or joins the election
    // when its trackers have a first result, or have had enough time for one.
    // interfaces outlives the router; set_interfaces() reports changes.
    void start(const Interfaces &interfaces, Instant now);

    // Checks which process owns the router, and which process wants it: also at
    // each deadline.
    void check_ownership(Instant now);

    // Before start: takes no part in the election for this time.
    void stay_out(FaultCause cause, const Faults::Entry &entry, Instant now);

    // A process that does not belong to this nginx holds the name of the
    // router. If it is another nginx, it has the router and its addresses; any
    // other process has no effect.
    void set_name_holder(const std::optional<NameHolder> &holder, Instant now);

    // Instead of start: FAULT with this reason, for ever.
    void disable(const std::string &reason, Instant now);

    // serving: nginx still answers, so the addresses may wait for the
    // successor.
    void stop(const std::string &reason, bool serving, Instant now,
              bool deleted = false);

    // Executes a command of an operator; this process must own the router. A
    // release that waits for the successor is done, and has its detail when
    // is_leaving() is false. All members of its group can keep the addresses
    // that they have not given up yet (resume), or ask the MASTER to leave
    // first (failback).
    struct GroupCan {
        bool keep = false;
        bool ask = false;
    };
    Outcome execute(Command command, const ReleaseTerms &terms,
                    const GroupCan &group, Instant now);
    // The reason for which the router refuses it; empty: it does not.
    std::string refusal(Command command, const ReleaseTerms &terms,
                        Instant now) const;

    // Its sync_group. Members claim the router at the same time, and join the
    // election at the same time.
    bool waits_to_claim() const { return phase_ == Phase::starting && ready_; }
    void claim(Instant now);
    bool waits_to_join() const;
    void start_up(Instant now);
    bool has_joined() const { return phase_ == Phase::joined; }
    void set_first_of_group(bool first) { instance_.set_first(first); }
    void set_successor_grace(Duration grace) { successor_grace_ = grace; }
    void set_group_fault(std::string text, Instant now);
    void obey(const vrrp::Input &order, Instant now);

    // See vrrp::Instance.
    void set_successor_of(const std::optional<IpAddress> &active) {
        instance_.set_successor_of(active);
    }

    // It has a peer link, and has sent priority 0 since the last call.
    bool take_left() { return std::exchange(left_, false); }
    // It is active, and the kernel has all addresses.
    bool serves() const;
    // A linked node is to be asked.
    bool take_question() { return std::exchange(asks_, false); }
    // Since when adverts have been missing from a router that answers on a peer
    // link.
    const std::optional<LostAdverts> &lost_adverts() const {
        return lost_adverts_;
    }

    // A planned move, see drain.hpp. The answer of the successor.
    void hear_forwards(const ForwardsReport &report, Instant now);
    // The answer to the node that leaves, or has left.
    ForwardsReport forward(const DrainRequest &request, Instant now);
    // Of a node that finishes connections, or forwards them: it is dead.
    bool has_agreed_with(const NodeWatches::Node &node) const;
    void lose(const NodeWatches::Node &node, Instant now);
    // Its leave waits for the answer of the successor, or for other members.
    bool waits_to_leave() const { return postponed_.has_value(); }
    bool is_giving_way() const { return postponed_ && gives_way_; }
    // No member of its group waits for an answer any more.
    void leave_together(bool has_agreed, Instant now);
    // The successor would preempt this router, which may leave before, in
    // order. A member of a group does so if all members are wanted.
    void want_way(Instant now);
    bool may_give_way(Instant now) const;
    void give_way(const std::string &successor, Instant now);
    // The other way round: the MASTER that this one preempts soon.
    bool can_ask_to_leave() const;
    std::optional<IpAddress> preempts_soon(Instant now) const;
    // It has the answer to its question in a moment, and leaves then.
    void let_leave(Instant now);
    // The successor is to be asked or informed.
    bool take_drain_news() { return drain_.take_news(); }
    // A drain, also one that has not begun, does not last longer.
    void limit_drain(Duration most, Instant now);
    // Why connections would not be finished after a move; empty: they would.
    std::string why_no_drain() const;
    std::string why_undrained() const;
    // If it could hide IPv4 addresses.
    bool drains_ipv4() const;
    const Drain &drain() const { return drain_; }
    const Forwarding &forwarding() const { return forwarding_; }
    DrainCounts drain_counts() const;
    MacAddress own_mac() const;
    // It has peers to talk to, although it leaves or has left.
    bool needs_link() const {
        return is_moving() || drain_.has_addresses() || stands_in_;
    }
    // This nginx quits, and the successor has died: the router takes part in
    // the election again, only for the connections that it still has.
    bool stands_in() const { return stands_in_; }
    // No process of this nginx continues it.
    bool ends_here() const { return is_ours() || shutting_down_; }

    // takeover_check: its witness is asked when no other node can be.
    void set_linked_peers(LinkedPeers links, Instant now);

    // A router that has died (vrrp::ActiveDied) has advertised, to this process
    // or to the previous one. Nothing: not since the last call.
    std::optional<Distrust> take_distrust() {
        return std::exchange(is_distrust_new_, false) ? distrust_
                                                      : std::nullopt;
    }

    // The local time, as often as it can matter: see preempt_windows.
    void set_time_of_day(vrrp::TimeOfDay time, Instant now);

    // Whether it leaves a healthy MASTER its addresses, see NginxHistory.
    void hold_preemption(bool held, Instant now);

    void set_interfaces(Instant now);
    // The MAC address of this interface has changed.
    void announce_again(const std::string &interface, Instant now);
    // Would set_workers() change anything?
    bool is_news(const WorkerVerdict &verdict) const;
    void set_workers(const WorkerVerdict &verdict, Instant now);
    // Results of checks may have changed.
    void evaluate_trackers(Instant now);
    void handle_packet(const ReceivedPacket &packet, Instant now);
    // The same for an advertisement like the last one, if it has no effect but
    // on numbers and the timer. False: call handle_packet().
    bool hear_again(const ReceivedPacket &packet, Instant now);
    // Such advertisements can have no other effect.
    bool is_calm() const;
    // deadline: the present one, which may stay until then: the next such
    // advertisement arrives before it is due.
    Instant calm_until(Instant deadline) const;
    // Another host announces on this interface where an address is.
    void handle_neighbour(const Interface &interface,
                          const wire::Neighbour &claim, Instant now);
    void handle_time(Instant now);

    // The work that handle_time() leaves to be done together with that of other
    // routers: first their advertisements, then the renewal of their leases.
    // Each router adds its requests, and takes as many of the first answers as
    // it added.
    void ask_to_send(std::vector<OutgoingPacket> &packets);
    void take_sent(std::span<const Status> &answers, Instant now);
    void ask_to_prolong(std::vector<LeaseRequest> &requests, Instant now);
    void take_prolonged(std::span<const Status> &answers, Instant now);

    // There is such work.
    bool has_requests() const {
        return advert_due_ || wants_to_prolong_ || wants_to_prolong_routes_;
    }

    // The turn of this address: announces it once. True: once more, later.
    bool announce_in_turn(std::size_t address, Instant now);

    std::optional<Instant> deadline() const;
    // Without that of the instance.
    std::optional<Instant> other_deadline() const;
    bool finished() const;

    bool is_released() const { return release_.has_value(); }
    const std::optional<OperatorRelease> &operator_release() const {
        return release_;
    }
    bool is_leaving() const { return instance_.is_leaving(); }
    // The same, or it is about to.
    bool is_moving() const {
        return is_leaving() || postponed_ || preempts_at_;
    }
    // Including routers that wait for connections to end.
    bool holds_addresses() const {
        return instance_.state() == vrrp::StateName::active ||
               cut_.holds_addresses();
    }
    // The preempt_window that is open; empty: none is.
    const std::string &window() const { return window_; }

    // The router takes part in the election only while this link is up, or with
    // another priority.
    bool depends_on_link(const std::string &interface) const;

    bool is_ours() const { return phase_ >= Phase::checking; }
    // No other process of this node may act for it.
    bool is_owner() const { return owner_; }
    bool has_claimed() const { return phase_ != Phase::starting; }
    RouterKey key() const;

    // The time for which the addresses wait for the successor, at most.
    Duration successor_grace() const { return successor_grace_; }
    // Of one that leaves, or asks its successor first.
    Duration leaves_within() const {
        return successor_grace_ +
               (postponed_ ? Drain::kAnswerTime : Duration::zero());
    }

    const vrrp::Config &config() const { return instance_.config(); }
    const vrrp::Instance &instance() const { return instance_; }
    // More than the numbers of sent and received advertisements, and when the
    // active router was last heard, may have changed since take_changed().
    // handle_packet() and handle_time() find out; for all others the caller
    // says so.
    void mark_changed() { changed_ = true; }
    bool take_changed() { return std::exchange(changed_, false); }

    const std::vector<AddressState> &addresses() const { return addresses_; }
    const std::vector<Held<vrrp::Route>> &routes() const { return routes_; }
    const std::vector<Held<vrrp::Rule>> &rules() const { return rules_; }
    bool has_routes() const;
    const LastTransition &last_transition() const { return last_; }
    const Counters &counters() const { return counters_; }
    const Faults &faults() const { return faults_; }
    const std::vector<Tracker> &trackers() const { return trackers_.list(); }
    const IpAddress &source() const { return source_; }
    const std::vector<SuspectedSign> &signs() const {
        return split_brain_.signs();
    }

private:
    enum class Phase : std::uint8_t {
        starting,  // no workers yet, or no results
        claiming,  // waits for the process that owns it
        passing,   // ends, and checks whether the owner runs
        checking,  // ours, without the first results of trackers
        joined     // takes part in the election
    };

    // Addresses that we held and that the kernel no longer has.
    struct Losses {
        const AddressState *first = nullptr;
        unsigned removed = 0;    // by another program
        unsigned lapsed = 0;     // by the kernel, at the end of our lease
        unsigned foreign = 0;    // were never ours, but we used them
        bool by_record = false;  // of the previous process, which held them
    };

    enum class Which : std::uint8_t { all, missing };

    // A virtual address on its interface, with any prefix length.
    struct Sighting {
        const InterfaceAddress *ours = nullptr;
        const InterfaceAddress *foreign = nullptr;

        bool has(const vrrp::VirtualAddress &address) const {
            return ours && ours->prefix_length == address.prefix_length;
        }
    };

    // The last advertisement that was accepted, and had no mismatch.
    struct Accepted {
        static constexpr std::size_t kMostOctets = 64;

        vrrp::ActiveRouter router;
        vrrp::PacketInfo info;
        std::uint8_t size;  // 0: none
        std::array<std::uint8_t, kMostOctets> octets;
    };

    // Our advertisement, for each destination: it stays the same until the
    // priority or the source address changes.
    struct Prepared {
        Priority priority;
        IpAddress source;
        std::vector<std::pair<wire::Endpoints, Buffer>> packets;
    };

    void input(const vrrp::Input &input, Instant now);
    bool advertise_again(Instant now);
    void note_accepted(const ReceivedPacket &packet,
                       const wire::Advertisement &advert);
    bool is_repeated(const ReceivedPacket &packet) const;
    bool hear_again(Instant now);
    bool restart_timer(Instant now);
    void perform(const vrrp::Actions &actions, Instant now);
    bool is_ready(Instant now) const;
    std::string workers_fault(const WorkerVerdict &verdict) const;
    void own(const Inheritance &got, Instant now);
    void lose(Instant now);
    void retire();
    void serve_demand(Instant now);
    bool expects_waiter(Ownership::Demand demand);
    void hand_over(Instant now);
    void watch_successor(Instant now);
    void leave(Instant now);
    void shut_down(Instant now);
    void give_up_if_ended();
    bool is_taken() const { return faults_.has(FaultCause::taken); }
    [[gnu::hot]] bool may_act() const {
        return owner_ && ports_.ownership.owns(id_);
    }
    // Another nginx with this router has the device, with the same mark.
    bool may_change_vmac() const { return may_act() && !is_taken(); }
    std::optional<Instant> release_ends_at() const;
    void continue_release(std::optional<OperatorRelease> release, Instant now);
    void end_release(Instant now);
    bool keep_release(const std::optional<OperatorRelease> &release);
    void take_part_again(const vrrp::Resume &resume, Instant now);
    Priority priority_now() const;
    std::string failback_refusal(Instant now) const;
    std::string rescue_refusal() const;
    bool is_held_by_group(Instant now) const;
    Outcome release(const ReleaseTerms &terms, Instant now);
    Outcome resume(bool may_keep, Instant now);
    bool end_time_outs(Instant now);
    Outcome fail_back(bool may_ask, Instant now);
    Outcome done(std::uint64_t transitions_before,
                 std::string_view otherwise) const;
    void join(Instant now);
    void take_part(Instant now);
    void inherit(const Handover &handover, Instant now);
    void continue_from(const Handover &handover, Instant now);
    std::optional<Handover> heritage(const Inheritance &got, Instant now) const;
    void remove_unconfigured(const Handover &handover, Instant now);
    bool is_marked(const AddressState &state) const;
    void add_missing(Instant now);
    void remove_leftovers(Instant now);
    void remove_strays(Instant now);
    void remove_addresses(Instant now);
    bool cut(Instant now);
    void cut_late(Instant now);
    void finish_removal(Instant now);

    std::vector<vrrp::VirtualAddress> drained() const;
    std::vector<IpAddress> drained_addresses() const;
    void leave_by(const vrrp::Input &leave, bool serving, Instant now);
    bool leaves_with_group() const;
    bool may_leave() const;
    bool ask_to_forward(Instant now);
    std::optional<unsigned> count_connections(Instant now);
    std::optional<unsigned> count_connections(Instant after, Instant now);
    void leave_as_asked(Instant now);
    void hear_successor(const ForwardsReport &report, Instant now);
    void refuse_drain(LogLevel level, std::string why);
    void preempt(const vrrp::Input &preempt, bool may_ask, Instant now);
    void preempt_as_asked(Instant now);
    void settle_drain(Instant now);
    void cancel_drain();
    bool has_other_on_lo(const IpAddress &address) const;
    unsigned passed_on() const;
    bool begin_drain(bool is_taken, Instant now);
    Status hold_on_lo();
    Status hide(const Interface &interface);
    void warn_if_failed(const Status &status, Instant now);
    void remove_from_lo(Instant now);
    void continue_drain(Instant now);
    void report_drain(Instant now);
    void end_drain(const std::string &why, Instant now);
    void stop_forwarding(const std::string &why);
    void finish_drain(const std::string &why, Instant now);
    void abort_drain(const std::string &why, Instant now);
    void take_back_drained(Instant now);
    std::string why_not_hidden() const;
    void look_again();
    bool has_drained(Family family) const;
    bool is_hidden(const IpAddress &address) const;
    // False: there are none.
    bool close_unhidden(Instant now);
    bool can_stand_in() const;
    void stand_in(Instant now);
    void continue_standing_in(Instant now);
    void count_own(Instant now);
    void resume_drain(const std::optional<Handover> &handover, Instant now);
    void resume_forwarding(const MacAddress &to, Instant now);
    bool finds_drain() const;
    std::string why_no_forwarding(const DrainRequest &request) const;
    void drop_addresses(Instant now);
    const AddressState *stray() const;
    std::string describe_stray() const;
    bool remove(const vrrp::VirtualAddress &address, bool held, Instant now);

    void set_fault(FaultCause cause, std::string text, Instant now);
    void stay_out(FaultCause cause, const std::string &why, Duration first,
                  Instant now);
    void inspect_trackers(Instant now);
    bool unlatch(Instant now);
    void report_tracker_changes(Instant now);
    void report_fault(const std::string &before, Instant now);
    void report_priority(Instant now, const std::string &cause = {});
    void report_fault_and_priority(const std::string &before, Instant now);
    void end_faults(Instant now);

    void act(const vrrp::SendAdvert &action, Instant now);
    void act(const vrrp::AddAddresses &action, Instant now);
    void act(const vrrp::RenewAddresses &action, Instant now);
    void act(const vrrp::RemoveAddresses &action, Instant now);
    void act(const vrrp::AnnounceAddresses &action, Instant now);
    void act(const vrrp::WithdrawRoutes &action, Instant now);
    void act(const vrrp::RestoreRoutes &action, Instant now);
    void act(const vrrp::AnnounceSource &action, Instant now);
    void act(const vrrp::AskActive &, Instant) { asks_ = true; }
    void act(const vrrp::AskWitness &, Instant);
    void act(const vrrp::ReportTransition &action, Instant now);
    void act(const vrrp::ReportMismatch &action, Instant now);
    void act(const vrrp::ReportFalseDeath &action, Instant now);

    Losses find_addresses(Instant now);
    Losses continue_addresses(const Handover &handover, Instant now);
    std::string interface_fault(Instant now);
    std::string open_socket();
    std::string choose_source(Instant now);
    bool fits_as_source(const InterfaceAddress &address) const;
    std::string wait_for_source(const Interface &interface, bool was_pending);
    void report_interface_faults(Instant now);
    void report_link(bool no_fault, Instant now);
    void renew_now(Instant now);
    void restore(const Losses &losses, Instant now);
    void leave_fight(const AddressState &removed, Instant now);
    void report_removal(const Losses &losses);
    void report_lapse(const Losses &losses, Instant now);
    bool is_virtual(const IpAddress &address) const;

    void find_vmac(Instant now);
    std::string check_vmac(Instant now);
    std::string make_vmac(const Interface &base, Instant now);
    std::string listen_on_vmac();
    bool is_vmac_ready() const;
    bool is_usable_vmac(const Interface &device) const;
    bool is_own_vmac(const Interface &interface) const;
    const Interface *vmac() const;
    bool is_vmac_up() const;
    void set_vmac(bool up, Instant now);
    void lower_unused_vmac(Instant now);
    void remove_vmac();
    void remove_old_vmacs();
    const Interface *sending_interface() const;
    const Interface *own_interface() const;
    const Interface *interface_of(const vrrp::VirtualAddress &address) const;
    const Interface *holder_of(const vrrp::VirtualAddress &address) const;
    bool is_ours(const InterfaceAddress &address, bool held) const;
    Sighting find_in(const Interface &interface,
                     const vrrp::VirtualAddress &address, bool held) const;
    bool is_used_as_it_is(const AddressState &state) const;
    void report_foreign(AddressState &state);
    bool take_over(const Interface &interface, const AddressState &state,
                   Instant now);
    bool is_spared(const AddressState &state) const;
    bool is_usual(const AddressState &state) const;
    bool is_held(const AddressState &state) const;
    LeaseRequest lease_of(const AddressState &state, Instant now) const;
    void announce_later(AddressState &state, unsigned times, Instant now);
    Duration pause_after(const IpAddress &announced) const;
    void hold(Which which, unsigned announcements, Instant now);
    bool may_hold(AddressState &state, Instant now);

    Status add(const vrrp::Route &route);
    Status add(const vrrp::Rule &rule);
    Status remove(const vrrp::Route &route);
    Status remove(const vrrp::Rule &rule);
    template <class Item>
    Status add_or_replace(const Item &wanted);
    template <class Item>
    void hold(Held<Item> &held, Instant now);
    template <class Item>
    void release(Held<Item> &held);
    template <class Item>
    void find(Held<Item> &held, Instant now);
    template <class Item>
    void remove_unconfigured(const Handover &handover,
                             const std::vector<Held<Item>> &list,
                             const std::vector<Item> &there);
    bool is_withdrawn(const vrrp::Route &route) const;
    void hold_routes(Instant now);
    void remove_routes();
    void prolong_routes(Instant now);
    void find_routes(Instant now);
    void restore_routes(Instant now);
    void retry_routes(Instant now);
    void put_routes(std::vector<std::uint64_t> &held) const;
    void continue_routes(const Handover &handover, Instant now);
    template <class Item>
    void continue_one(Held<Item> &held, const Handover &handover, Instant now);
    template <class Item>
    void note_loss(Held<Item> &held, Instant now);

    bool take_answer(AddressState &state, const Status &status, Instant now);
    void judge_attempt(bool any_held, Instant now);
    std::optional<Instant> black_hole_at() const;
    void leave_black_hole(Instant now);
    void report_address_error(const SystemError &error, Instant now);

    void announce(AddressState &state, Instant now);
    void announce(const Interface &interface, const IpAddress &address,
                  Instant now);
    void put_advert(Priority priority, std::vector<OutgoingPacket> &packets);
    bool is_prepared(Priority priority) const;
    bool prepare(Priority priority);
    void take_sent(Priority priority, std::span<const Status> answers,
                   Instant now);
    void send_due_advert(Instant now);
    void leave_unheard(const IpAddress &peer, Instant now);
    void check_split_brain(Instant now);
    void check_lost_adverts(Instant now);
    std::string describe_lost_adverts(Instant now) const;
    std::string why_adverts_are_heard() const;
    std::optional<Witness> find_witness() const;
    bool is_master() const;
    bool needs_witness() const;
    std::optional<Instant> witness_deadline() const;
    void see_witness(Instant now);
    void judge_witness(Instant now);
    void ask_witness(Instant now);
    void check_checker(Instant now);
    void check_cut_off(Instant now);
    void report_witness(const Tracker &tracker);
    void ask(const vrrp::VirtualAddress &address, Instant now);
    void report_sign(const SignNews &news, Instant now);
    void report_send_error(const SystemError &error, Instant now);
    void report_losing(const wire::Advertisement &advert, const IpAddress &peer,
                       Instant now);
    void report_drop(wire::DropReason reason, const ReceivedPacket &packet,
                     const wire::Advertisement *advert, Instant now,
                     const AuthRefusal *refusal = nullptr);
    bool is_authentic(const wire::ParsedAdvertisement &parsed,
                      const ReceivedPacket &packet, Instant now);
    std::string numbers(vrrp::StateName before, Instant now) const;

    Announcer *announcer_;
    ConnectionCounts *counts_;
    Log log_;

    // Each advertisement needs the end of this, and what follows: it lies
    // together.

    vrrp::Instance instance_;
    OwnershipId id_;
    Phase phase_ = Phase::starting;
    bool owner_ = false;
    bool ready_ = false;  // to claim it
    bool stopped_ = false;
    bool deleted_ = false;        // stopped, the new configuration lacks it
    bool shutting_down_ = false;  // stopped, no successor
    bool waiter_died_ = false;
    bool may_wait_ = false;  // what it does now, for other routers
    bool changed_ = true;
    bool left_ = false;
    bool asks_ = false;
    bool gives_way_ = false;  // postponed_ is for a router that preempts
    bool is_distrust_new_ = false;
    bool link_up_ = true;
    // Not joined yet: the source address is there, but tentative.
    bool source_pending_ = false;
    bool wants_to_prolong_ = false;
    bool wants_to_prolong_routes_ = false;
    Accepted accepted_{};
    const Interfaces *interfaces_ = nullptr;
    std::vector<AddressState> addresses_;
    std::optional<Priority> advert_due_;
    IpAddress source_;
    ConnectionCut cut_;
    Drain drain_;
    std::string refusal_;  // of the last drain, until it is MASTER again
    Forwarding forwarding_;
    SplitBrain split_brain_;
    Counters counters_;
    Faults faults_;
    std::optional<OperatorRelease> release_;
    Trackers trackers_;
    std::optional<Instant> link_down_at_;  // when that becomes a fault
    std::optional<Instant> vmac_retry_at_;
    std::optional<Instant> retry_routes_at_;
    std::optional<Instant> remove_strays_at_;
    // While active: the time since which no address could be added or renewed,
    // or no advertisement sent.
    std::optional<Instant> failing_since_;
    std::optional<Instant> unheard_since_;
    std::optional<Distrust> distrust_;
    Ports ports_;

    Seconds lease_;
    Duration successor_grace_;
    Duration drain_limit_;
    bool hides_ipv4_ = true;
    bool stands_in_ = false;
    Instant stands_in_until_{};
    std::optional<Instant> count_own_at_;  // while it is MASTER
    std::optional<Instant> preempts_at_;   // by a command, at the latest
    Instant wanted_until_{};               // by a router that preempts
    std::optional<Prepared> prepared_;
    std::size_t packets_asked_ = 0;
    Instant held_since_{};
    std::vector<AddressState *> prolonging_;
    std::vector<Held<vrrp::Route>> routes_;
    std::vector<Held<vrrp::Rule>> rules_;
    std::optional<Instant> routes_restored_at_;
    std::string vmac_fault_;
    // Requested since the last report of the interfaces.
    std::optional<bool> vmac_asked_up_;
    Instant claim_by_{};       // workers or not
    Instant known_soon_by_{};  // time for results
    std::string window_;
    vrrp::Shutdown ending_;                 // when stopped
    std::optional<vrrp::Input> postponed_;  // until the successor forwards
    std::optional<Instant> hand_over_by_;   // stopped, and expects a waiter
    std::string address_error_;             // the last one
    std::string send_error_;
    LastTimes<6> removals_;
    Authenticator authenticator_;

    std::optional<LostAdverts> lost_adverts_;
    std::optional<Witness> witness_;
    bool lacks_checker_ = false;

    LastTransition last_;
    std::vector<RateLimit> drop_limits_;  // for each DropReason
    RateLimit removal_limit_;
    RateLimit name_limit_;
    RateLimit losing_limit_;
    RateLimit lost_limit_;
    RateLimit heard_limit_;
    RateLimit cut_off_limit_;
    RepeatedLine mismatch_line_;
    RepeatedLine clock_line_;
    RepeatedLine send_line_;
    RepeatedLine address_line_;
    RepeatedLine remove_line_;
    RepeatedLine route_line_;
    RepeatedLine lost_route_line_;
    RepeatedLine lapse_line_;
    RepeatedLine sign_line_;
    RepeatedLine sign_end_line_;
    RepeatedLine cut_line_;
    RepeatedLine drain_line_;
    RepeatedLine vmac_line_;
};

}  // namespace ngx_vrrp::engine
