// The engine puts the rooms together: virtual routers (core/vrrp), the watch
// over nginx's workers (worker_watch.hpp) and the machine (ports).
//
// Objects. An Engine owns one VirtualRouter per vrrp_instance; a VirtualRouter
// owns a vrrp::Instance, which decides, and performs what it decided through
// the ports. No router knows another.
//
// In. Three streams of facts: packets (handle_packet), links and addresses
// (handle_interfaces, always the whole truth) and time (handle_time, when
// deadline() has passed). Worker heartbeats and results of checks are read
// through a port whenever it is time to look, or somebody says so.
//
// Ownership. Reload and upgrade run two processes of one node for a while; each
// router belongs to exactly one of them and passes from the old to the new
// with its state (shared_ownership.hpp).
//
// Out. Actions of an instance are performed before the entry point returns,
// in their order: that order is the protocol (advert, address, announcement
// on the way up; goodbye, then address, on the way down). Failures are logged
// and counted; what can be tried again is tried with the next lease renewal.
//
// Process. An Engine lives in one process and one thread and calls nothing
// that blocks.
//
// Standards: RFC 3768 (v2), RFC 9568 (v3), with keepalived's interoperable
// choices where they differ from the RFCs (see core/vrrp).
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/log.hpp"
#include "core/base/repeated_line.hpp"
#include "core/base/time.hpp"
#include "core/engine/command.hpp"
#include "core/engine/deadlines.hpp"
#include "core/engine/facts.hpp"
#include "core/engine/ports.hpp"
#include "core/engine/timer_lag.hpp"
#include "core/engine/touched.hpp"
#include "core/engine/virtual_router.hpp"
#include "core/vrrp/config.hpp"

namespace ngx_vrrp::engine {

class Engine {
public:
    // ports and sink outlive the engine, which stays where it is: routers
    // look at its interfaces.
    Engine(std::vector<RouterConfig> configs, Ports ports, LogSink &sink);
    Engine(const Engine &) = delete;
    Engine &operator=(const Engine &) = delete;

    void start(Interfaces interfaces, Instant now);

    // Before start: no router takes part in anything for a while.
    void stay_out(FaultCause cause, const Faults::Entry &entry, Instant now);

    // Instead of start: every router is in FAULT for this reason.
    void stand_aside(const std::string &reason, Instant now);

    // Give everything up. serving: nginx still answers requests.
    void stop(const std::string &reason, bool serving, Instant now);

    void handle_packet(const ReceivedPacket &packet, Instant now);
    void handle_interfaces(Interfaces interfaces, Instant now);
    // Another process of this node asks to look.
    void handle_ownership(Instant now);
    // Which other process of this machine holds the name of a router, by its
    // place in the configuration; nothing: this nginx does. Before start, and
    // then again and again as long as another one does.
    void handle_name_holder(std::size_t index,
                            const std::optional<NameHolder> &holder,
                            Instant now);
    // Somebody says where an address is.
    void handle_neighbour(const NeighbourClaim &claim, Instant now);
    // A worker came or went.
    void handle_workers(Instant now);
    // The verdict of a check has changed.
    void handle_checks(Instant now);
    void handle_time(Instant now);

    // Local, as often as it may matter: see vrrp::PreemptWindow.
    void handle_time_of_day(vrrp::TimeOfDay time, Instant now);
    bool needs_time_of_day() const { return needs_time_of_day_; }

    // What an operator asks of the router of this name, or of all (empty).
    // Nothing when there is none. We are in charge.
    std::vector<RouterOutcome> obey(Command command, std::string_view name,
                                    Instant now);

    // When handle_time() is due.
    std::optional<Instant> deadline() const;

    // stop() was called, no router holds an address any more, and none of them
    // waits for the process after this one.
    bool finished() const { return stopping_ && finished_ == routers_.size(); }

    // This process owns every router.
    bool is_in_charge() const { return ours_ == routers_.size(); }

    // It owns one at least.
    bool owns_any() const { return owned_ != 0; }

    // A router of ours holds addresses.
    bool holds_addresses() const { return active_ != 0; }

    const std::vector<VirtualRouter> &routers() const { return routers_; }
    // Those of them that may have changed.
    Touched &touched() { return touched_; }
    // Changes of state so far, of all routers.
    std::uint64_t transitions() const { return transitions_; }
    unsigned fresh_workers() const { return fresh_workers_; }
    // After how long without a beat a worker is stalled, at least for one of
    // the routers; nothing when none of them watches workers.
    std::optional<Duration> worker_timeout() const { return worker_timeout_; }

    // Packets for virtual routers that are not ours.
    std::uint64_t unknown_vrid_packets() const { return unknown_vrid_; }

    // How late handle_time() came.
    const TimerLag &timer_lag() const { return lag_watch_.lag(); }

private:
    // Of a router, as it was after the last call: what is asked of all of them
    // after each event, so that it need not be.
    struct Known {
        bool is_ours = false;
        bool is_owner = false;
        bool is_active = false;
        bool is_finished = false;
        std::uint64_t transitions = 0;
    };

    template <class Call>
    void with_each(Instant now, const Call &call);
    template <class Call>
    void with(std::size_t index, Instant now, const Call &call);
    void end_pass(std::span<const std::size_t> routers, Instant now);
    void send_adverts(std::span<const std::size_t> routers, Instant now);
    void prolong_leases(std::span<const std::size_t> routers, Instant now);
    void note(std::size_t index);

    void watch_neighbours();
    void watch_workers(Instant now);
    void look_at_workers_early(Instant now);
    bool are_same_workers(const std::vector<Heartbeat> &heartbeats);
    std::vector<Heartbeat> read_heartbeats(Instant now);
    void announce_new_macs(const Interfaces &before, Instant now);
    void forget_unanswered(const Interfaces &before);
    std::optional<std::size_t> find(const RouterKey &key) const;
    std::optional<std::size_t> find(const ReceivedPacket &packet) const;
    void report_unknown(const ReceivedPacket &packet, Instant now);

    Ports ports_;
    Log log_;
    Touched touched_;
    Interfaces interfaces_;
    std::vector<VirtualRouter> routers_;
    std::vector<std::size_t> all_;  // the indexes of them
    std::vector<OutgoingPacket> packets_;
    std::vector<LeaseRequest> requests_;
    std::map<RouterKey, std::size_t> by_key_;
    std::multimap<IpAddress, std::size_t> by_address_;  // virtual ones

    Deadlines deadlines_;
    std::vector<Known> known_;
    std::size_t ours_ = 0;
    std::size_t owned_ = 0;
    std::size_t active_ = 0;
    std::size_t finished_ = 0;
    std::uint64_t transitions_ = 0;
    bool needs_time_of_day_ = false;

    std::optional<Instant> look_at_workers_;      // at the latest
    std::optional<Instant> may_look_at_workers_;  // when we are awake
    std::optional<Duration> worker_timeout_;
    std::vector<std::int32_t> workers_;  // pids, at the last look
    TimerLagWatch lag_watch_;
    unsigned fresh_workers_ = 0;
    std::uint64_t unknown_vrid_ = 0;
    RepeatedLine unknown_line_{Seconds{60}};
    bool stopping_ = false;
};

}  // namespace ngx_vrrp::engine
