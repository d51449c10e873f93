// The engine: all virtual routers of one vrrp process, and the facts that they
// depend on. It makes no system call, reads no clock and never blocks.
// core/node creates it, core/net implements its ports, tests implement them
// with objects.
//
// Objects. An Engine owns one VirtualRouter per vrrp_instance; a VirtualRouter
// owns a vrrp::Instance, which decides; the VirtualRouter performs the actions
// through the ports. Routers are independent of each other, except members of a
// sync_group: after each event of one of them, the engine hands the orders of
// their vrrp::SyncGroup to them, in the same pass.
//
// In. Three streams of facts: packets (handle_packet), links and addresses
// (handle_interfaces, always the complete state) and time (handle_time, when
// deadline() has passed). Worker heartbeats and results of checks are read
// through a port, at intervals and after a wake-up.
//
// A VirtualRouter performs the actions of its Instance, and never calls another
// router. The engine finds the router of a packet by (interface, family, VRID),
// and the routers of a neighbor's packet by address.
//
// Out. Actions of an instance are performed before the entry point returns,
// in their order: that order is the protocol (advert, address, announcement
// on the way up; priority 0, then address, on the way down). Failures are
// logged and counted, and retried with the next lease renewal where possible.
//
//     handle_packet         one VRRP packet, already filtered by the kernel
//     handle_interfaces     all links and addresses, not a difference
//     handle_neighbour      another machine has announced one of our addresses
//     handle_workers        a worker started or ended
//     handle_checks         a verdict has changed; also read once a second
//     handle_ownership      another vrrp process of this node has changed the
//                           ownership memory
//     handle_name_holder    another nginx on this machine has the router
//     handle_time           deadline() has passed; early calls are harmless
//
// Each call gets the time of its event (CLOCK_BOOTTIME, never before that of an
// earlier call). Heartbeats and results of checks are not passed in: the engine
// reads them from the ports Shared and Results, so that shared memory is the
// only truth.
//
// Actions go out
//
// An entry point performs all actions before it returns, in the order that the
// Instance gives, because this order is the protocol: advert, address,
// announcement on the way up; priority 0, then the address, on the way down. At
// the end of a pass, end_pass() first sends the due adverts of all routers
// together, then prolongs their leases together. A port that fails returns a
// Status: the engine logs it, counts it, and retries with the next lease
// renewal. When the failure lasts, the router is in FAULT for a time
// (backoff.hpp).
//
// Reload, upgrade, crash
//
// After a reload or a binary upgrade, two vrrp processes of a node run for a
// while. For each router, one word in shared memory names the process that owns
// it (shared_ownership.hpp). Only the owner sends, adds or removes; it reads
// the word before each of these. The old process writes its state
// (handover.hpp) and gives the word away; the new one continues as BACKUP or
// MASTER, with timers, learned interval and counters, so that nothing is
// visible on the LAN. If the owner is dead or does not run, a waiting process
// takes the word. It continues as MASTER only if no peer can have taken over
// since the last advert.
//
// stop() ends all routers; finished() is true when no address is held any more
// and no process waits for a router of this one.
//
// RFC 3768 is version 2, RFC 9568 is version 3; core/vrrp names the places
// where keepalived's behaviour is used instead.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/base/log.hpp"
#include "core/base/repeated_line.hpp"
#include "core/base/time.hpp"
#include "core/engine/command.hpp"
#include "core/engine/deadlines.hpp"
#include "core/engine/facts.hpp"
#include "core/engine/node_death.hpp"
#include "core/engine/node_watches.hpp"
#include "core/engine/ports.hpp"
#include "core/engine/timer_lag.hpp"
#include "core/engine/touched.hpp"
#include "core/engine/unknown_routers.hpp"
#include "core/engine/virtual_router.hpp"
#include "core/vrrp/config.hpp"
#include "core/vrrp/sync_group.hpp"

namespace ngx_vrrp::engine {

class Engine {
public:
    // ports and sink outlive the engine, which must not be moved: routers refer
    // to its interfaces.
    Engine(std::vector<RouterConfig> configs, Ports ports, LogSink &sink);
    Engine(const Engine &) = delete;
    Engine &operator=(const Engine &) = delete;

    void start(Interfaces interfaces, Instant now);

    // Before start: no router takes part in the election for this time.
    void stay_out(FaultCause cause, const Faults::Entry &entry, Instant now);

    // Instead of start: every router is in FAULT with this reason.
    void disable(const std::string &reason, Instant now);

    // Release all addresses. serving: nginx still answers requests. deleted:
    // the new configuration does not have the routers that are still ours.
    void stop(const std::string &reason, bool serving, Instant now,
              bool deleted = false);

    void handle_packet(const ReceivedPacket &packet, Instant now);
    void handle_interfaces(Interfaces interfaces, Instant now);
    // Another process of this node asks for a check of the ownership.
    void handle_ownership(Instant now);
    // The other process of this machine that holds the name of a router, by the
    // position of the router in the configuration; nothing: this nginx holds
    // it. Call before start, and then repeatedly as long as another process
    // holds it.
    void handle_name_holder(std::size_t index,
                            const std::optional<NameHolder> &holder,
                            Instant now);
    // A host announces where an address is.
    void handle_neighbour(const NeighbourClaim &claim, Instant now);
    // A worker has started or ended.
    void handle_workers(Instant now);
    // The verdict of a check has changed.
    void handle_checks(Instant now);
    void handle_time(Instant now);

    // A peer link: the active router of this router, by its position in the
    // configuration, has named this node as its successor; nothing: it has not.
    void set_successor_of(std::size_t index,
                          const std::optional<IpAddress> &active) {
        routers_[index].set_successor_of(active);
        note(index);
    }

    // The messages of peer links for these routers, in one pass: members of a
    // sync_group move together.
    struct PeerInput {
        std::size_t router = 0;  // its position in the configuration
        vrrp::Input input;
    };
    void handle_peers(std::span<const PeerInput> inputs, Instant now);
    // The routers with a peer link that have sent priority 0 since the last
    // call.
    std::vector<std::size_t> take_left() { return std::exchange(left_, {}); }
    // The routers for which linked nodes are to be asked now.
    std::vector<std::size_t> take_questions() {
        return std::exchange(questions_, {});
    }

    // Planned moves, see VirtualRouter: the routers that have something for
    // their successor since the last call, its answers, and the requests of a
    // node that leaves.
    std::vector<std::size_t> take_drain_news() {
        return std::exchange(drain_news_, {});
    }
    // Whether interfaces can hide IPv4 addresses: those with another answer
    // than at the last look, and why they cannot (empty: they can).
    std::vector<std::pair<std::string, std::string>> look_at_drains();
    // What another node finishes can be forwarded to it.
    bool can_forward() const { return ports_.drains.why_unavailable().empty(); }
    void hear_forwards(std::size_t router, const ForwardsReport &report,
                       Instant now);
    ForwardsReport forward(std::size_t router, const DrainRequest &request,
                           Instant now);
    void give_way(std::size_t router, const std::string &successor,
                  Instant now);
    // The address of the MASTER that this node preempts soon; members of a
    // group preempt together.
    std::optional<IpAddress> preempts_soon(std::size_t router,
                                           Instant now) const;
    void limit_drains(Duration most, Instant now);

    // The same for its peer links: see Witness.
    void set_linked_peers(std::size_t router, LinkedPeers links, Instant now);

    // A peer link: nginx has ended on a node, with all routers that are active
    // there.
    void handle_death(const NodeDeath &death, Instant now);
    // Nodes that have advertised after that.
    std::vector<NodeDeath> take_disproved() { return deaths_.take_disproved(); }

    // Local time, as often as it can matter: see vrrp::PreemptWindow.
    void handle_time_of_day(vrrp::TimeOfDay time, Instant now);
    bool needs_time_of_day() const { return needs_time_of_day_; }

    // Until the next call, see NginxHistory.
    void hold_preemption(bool held, Instant now);

    // A command of an operator to the router or the sync_group of this name, or
    // to all (empty). A command to a member is one to its group. Nothing when
    // there is no such router. This process must be in charge.
    std::vector<RouterOutcome> execute(Command command, std::string_view name,
                                       Instant now,
                                       const ReleaseTerms &terms = {});

    // When handle_time() is due.
    std::optional<Instant> deadline() const;

    // stop() was called, no router holds an address any more, and none of them
    // waits for the next process.
    bool is_stopping() const { return stopping_; }
    bool finished() const { return stopping_ && finished_ == routers_.size(); }

    // This process owns every router.
    bool is_in_charge() const { return ours_ == routers_.size(); }

    // It owns one at least.
    bool owns_any() const { return owned_ != 0; }

    // Whether Interfaces must have the routes and rules with our mark.
    bool has_routes() const {
        return std::ranges::any_of(routers_, &VirtualRouter::has_routes);
    }

    // A router of ours holds addresses.
    bool holds_addresses() const { return active_ != 0; }
    // Connections to addresses that have left, see Drain.
    bool finishes_connections() const { return draining_ != 0; }

    const std::vector<VirtualRouter> &routers() const { return routers_; }
    // The routers that may have changed.
    Touched &touched() { return touched_; }
    // Changes of state so far, of all routers.
    std::uint64_t transitions() const { return transitions_; }
    unsigned fresh_workers() const { return fresh_workers_; }
    // The time without a beat after which a worker is stalled for at least one
    // of the routers; nothing when none of them watches workers.
    std::optional<Duration> worker_timeout() const { return worker_timeout_; }

    // Virtual routers that are not ours, and the number of their packets.
    const UnknownRouters &unknown_routers() const { return unknown_routers_; }
    std::uint64_t unknown_vrid_packets() const {
        return unknown_routers_.packets();
    }

    // The delay of handle_time().
    const TimerLag &timer_lag() const { return lag_watch_.lag(); }

private:
    // The state of a router after the last call. Sums over all routers are
    // updated with it, so that no event has to ask all of them.
    struct Known {
        bool is_ours = false;
        bool is_owner = false;
        bool is_active = false;
        bool is_draining = false;
        bool is_finished = false;
        bool has_claimed = false;
        std::uint64_t transitions = 0;
    };

    // A backup that hears the same advertisement again and again: only its
    // timer starts again.
    struct Calm {
        // Its deadline may stay until then; min(): it is not calm.
        Instant until = Instant::min();
        // The deadline without the timer, or max().
        Instant others = Instant::max();

        bool is_calm() const { return until != Instant::min(); }
    };

    template <class Call>
    void with_each(Instant now, const Call &call);
    template <class Call>
    void with(std::size_t index, Instant now, const Call &call);
    template <class Call>
    void with(std::span<const std::size_t> routers, Instant now,
              const Call &call);

    // A sync_group: its rules, and its members in their order.
    struct Group {
        vrrp::SyncGroup rules;
        std::vector<std::size_t> members;
        vrrp::StateName state = vrrp::StateName::initialize;
        vrrp::Config about;  // of the first member, with all addresses
    };

    void make_groups();
    void finish(std::span<const std::size_t> routers, Instant now);
    void settle(Group &group, Instant now);
    bool start_together(const Group &group, Instant now);
    void share_faults(const Group &group, Instant now);
    void check_ownership_together(const Group &group, Instant now);
    bool obey_orders(Group &group, Instant now);
    std::span<const std::size_t> members_with(std::size_t index) const;
    void leave_together(const Group &group, Instant now);
    void report_state(Group &group, Instant now);
    vrrp::StateName state_of(const Group &group) const;
    std::vector<const vrrp::Instance *> instances_of(const Group &group) const;
    std::optional<Instant> deadline_of(std::size_t index) const;
    Group *group_of(std::size_t index);
    std::vector<std::size_t> find_all(std::string_view name) const;
    void execute(Command command, const ReleaseTerms &terms,
                 std::span<const std::size_t> members,
                 std::vector<RouterOutcome> &outcomes, Instant now);
    std::string group_refusal(Command command, const ReleaseTerms &terms,
                              std::span<const std::size_t> routers,
                              Instant now) const;

    void end_pass(std::span<const std::size_t> routers, Instant now);
    void send_adverts(std::span<const std::size_t> routers, Instant now);
    void prolong_leases(std::span<const std::size_t> routers, Instant now);
    void note(std::size_t index);
    void put_off(std::size_t index);

    void watch_neighbours();
    void watch_nodes(Instant now);
    void watch_node(const NodeWatches::Node &node, Instant now);
    // Routers mostly have one policy.
    struct WatchedWorkers {
        vrrp::WorkerPolicy policy;
        WorkerVerdict verdict;  // of the last look
    };

    void watch_workers(Instant now);
    void plan_workers_check(const WatchedWorkers &watched, bool same,
                            Instant now);
    void report_workers(Instant now);
    bool check_workers(Instant now);
    bool do_workers_beat(Instant now);
    bool are_same_workers(std::span<const Heartbeat> heartbeats);
    std::span<const Heartbeat> read_heartbeats(Instant now);
    void announce_new_macs(const Interfaces &before, Instant now);
    void forget_unanswered(const Interfaces &before);
    std::optional<std::size_t> find(const ReceivedPacket &packet);
    void listen_for(const RouterKey &key, std::size_t index);
    void report_unknown(const ReceivedPacket &packet, Instant now);

    Ports ports_;
    Log log_;
    Touched touched_;
    Interfaces interfaces_;
    Announcer announcer_;
    ConnectionCounts counts_{ports_.connections};
    std::vector<VirtualRouter> routers_;
    std::vector<std::size_t> all_;  // the indexes of them
    std::vector<Group> groups_;
    static constexpr std::size_t kNoGroup = static_cast<std::size_t>(-1);
    std::vector<std::size_t> group_of_;  // of each router
    // Of the last pass: their memory is used again.
    std::vector<Heartbeat> heartbeats_;
    std::vector<Instant> ends_;
    std::vector<std::size_t> due_;
    std::vector<OutgoingPacket> packets_;
    std::vector<LeaseRequest> requests_;
    std::vector<Status> answers_;
    // The routers of an interface and a family, by their VRID.
    using ByVrid = std::array<std::size_t, 256>;
    static constexpr std::size_t kNoRouter = static_cast<std::size_t>(-1);
    std::map<std::pair<std::string, Family>, ByVrid> by_vrid_;
    decltype(by_vrid_)::const_iterator heard_on_ = by_vrid_.end();  // last
    std::multimap<IpAddress, std::size_t> by_address_;  // virtual ones

    Deadlines deadlines_;
    std::vector<Calm> calm_;  // of each router
    std::vector<Known> known_;
    std::size_t ours_ = 0;
    std::size_t owned_ = 0;
    std::size_t active_ = 0;
    std::size_t draining_ = 0;
    std::size_t finished_ = 0;
    std::size_t claimed_ = 0;
    std::uint64_t transitions_ = 0;
    std::vector<std::size_t> questions_;
    bool needs_time_of_day_ = false;
    std::vector<std::size_t> left_;
    std::vector<std::size_t> drain_news_;

    std::optional<Instant> workers_check_at_;      // at the latest
    std::optional<Instant> may_check_workers_at_;  // when we are awake
    std::optional<Duration> worker_timeout_;
    std::vector<std::int32_t> workers_;  // pids, at the last look
    std::vector<WatchedWorkers> watched_workers_;
    bool had_workers_ = false;  // at the last look, each router enough
    TimerLagWatch lag_watch_;
    unsigned fresh_workers_ = 0;
    UnknownRouters unknown_routers_;
    NodeDeaths deaths_;
    NodeWatches watches_;
    RepeatedLine death_line_{Seconds{60}};
    RepeatedLine unknown_line_{Seconds{60}};
    bool stopping_ = false;
};

}  // namespace ngx_vrrp::engine
