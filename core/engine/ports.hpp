// The interfaces between the engine and the machine, in terms of the protocol
// and not of system calls: core/net implements them with sockets and netlink,
// tests with objects that record the calls.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "core/base/bytes.hpp"
#include "core/base/ip.hpp"
#include "core/base/system_error.hpp"
#include "core/base/time.hpp"
#include "core/base/types.hpp"
#include "core/bfd/status.hpp"
#include "core/check/config.hpp"
#include "core/check/verdict.hpp"
#include "core/engine/event.hpp"
#include "core/engine/facts.hpp"
#include "core/engine/handover.hpp"
#include "core/engine/router_key.hpp"
#include "core/engine/signing.hpp"
#include "core/engine/worker_watch.hpp"
#include "core/vrrp/config.hpp"

namespace ngx_vrrp::engine {

// Pointers and octets in them are valid during the call only.
struct OutgoingPacket {
    const Interface *interface;
    wire::Endpoints endpoints;
    Bytes pdu;
    std::uint8_t ttl = 255;  // or hop limit
};

struct LeaseRequest {
    const Interface *interface;
    const vrrp::VirtualAddress *address;
    Seconds lease;
    // Not longer than the lease; nothing: the default of the family.
    std::optional<Seconds> preferred{};
};

// Sends advertisements, and opens the sockets that receive them.
class Transmit {
public:
    virtual ~Transmit() = default;

    // Receive VRRP on the interface for this router: opens the sockets, joins
    // the group unless it is unicast. On the device of its virtual MAC address,
    // only adverts that were sent from this address. Call it again after the
    // interface was created again (its index differs); otherwise it has no
    // effect for a router that already receives.
    virtual Status listen(const Interface &interface,
                          const vrrp::Config &router) = 0;

    // The interface is gone: closes everything that listen() opened on it.
    virtual void forget(std::string_view interface) = 0;

    // Sends VRRP packets in this order, each out of its interface from its
    // source to its destination (a group or a peer). Appends the result of
    // each.
    virtual void send(std::span<const OutgoingPacket> packets,
                      std::vector<Status> &answers) = 0;

    // One whole Ethernet frame.
    virtual Status send_frame(const Interface &interface, Bytes frame) = 0;

    // Deletes neighbours that have not answered the ARP requests or neighbour
    // solicitations of the kernel, so that the next packet to them triggers a
    // new request.
    virtual void forget_unanswered(const Interface &interface) = 0;
};

// Virtual addresses in the kernel. All calls are idempotent.
class Addresses {
public:
    virtual ~Addresses() = default;

    // Adds each address with our mark and its lifetime, or renews it. Appends
    // the result of each.
    virtual void add(std::span<const LeaseRequest> requests,
                     std::vector<Status> &answers) = 0;

    // Also succeeds if the address did not exist.
    virtual Status remove(const Interface &interface,
                          const vrrp::VirtualAddress &address) = 0;
};

// Devices with virtual MAC addresses (use_vmac). The facts report them with
// `vmac_of`, and without an address.
class Vmacs {
public:
    virtual ~Vmacs() = default;

    // Makes the device of the router on this interface, which is down. Also
    // succeeds if it exists, and we have made it.
    virtual Status make_vmac(const Interface &base,
                             const vrrp::Config &router) = 0;

    virtual Status set_up(const Interface &device, bool up) = 0;

    // Also succeeds if it did not exist.
    virtual Status remove_vmac(const Interface &device) = 0;
};

// Routes and rules in the kernel, with our mark. known: the last report about
// the interfaces.
class Routes {
public:
    virtual ~Routes() = default;

    // EEXIST: there is one already, ours or not; it is not changed. The kernel
    // removes an IPv6 route when its lease ends.
    virtual Status add(const vrrp::Route &route, const Interfaces &known,
                       Seconds lease) = 0;
    virtual Status add(const vrrp::Rule &rule) = 0;

    // The lease of an IPv6 route that we have added.
    virtual Status prolong(const vrrp::Route &route, const Interfaces &known,
                           Seconds lease) = 0;

    // Also succeeds if there is none of ours.
    virtual Status remove(const vrrp::Route &route,
                          const Interfaces &known) = 0;
    virtual Status remove(const vrrp::Rule &rule) = 0;
};

// Detects other hosts that have our addresses.
class Neighbours {
public:
    virtual ~Neighbours() = default;

    // Receive announcements of these addresses, on any interface: each one
    // calls Engine::handle_neighbour(). Replaces the previous addresses.
    virtual Status watch_neighbours(
        const std::vector<IpAddress> &addresses) = 0;
};

// The number of closed connections, and whether these were all.
struct Closed {
    unsigned connections = 0;
    bool all = true;
};

// Connections of clients to this machine.
class Connections {
public:
    virtual ~Connections() = default;

    // Closes TCP connections to these addresses and ports, but not more at once
    // than a few milliseconds allow. While the address is still here, the
    // client is notified.
    virtual Result<Closed, SystemError> close_connections(
        const std::vector<IpAddress> &addresses,
        const std::vector<std::uint16_t> &ports) = 0;

    // TCP connections that the kernel still has with each of these addresses,
    // of any program or of none: not those that have been closed on both sides.
    // If there are too many to count them all, the numbers are lower, but not
    // 0. The kernel looks at all of its connections each time.
    virtual Result<std::vector<unsigned>, SystemError> count_connections(
        const std::vector<IpAddress> &addresses) = 0;
};

// Of addresses at an interface, since they were forwarded or hidden there.
struct DrainCounts {
    std::uint64_t forwarded = 0;  // segments, to the node that left
    std::uint64_t received = 0;   // segments, from the successor

    friend bool operator==(const DrainCounts &, const DrainCounts &) = default;
};

// What the kernel does with packets after an address has moved, while the node
// that left finishes the connections to it. Each request has a lease: it is
// repeated in time, and the kernel ends it if no process does so.
class Drains {
public:
    virtual ~Drains() = default;

    // Empty: it is available.
    virtual const std::string &why_unavailable() const = 0;

    // Whether an interface can hide IPv4 addresses. Empty: it can, as far as is
    // known since look_at(). True: the answer is another one than before.
    virtual std::string why_not_hidden(const Interface &interface) const = 0;
    virtual bool look_at(const Interface &interface) = 0;

    // The successor: what arrives at these addresses on the interface, and
    // belongs to no connection of this node, goes to this neighbour.
    virtual Status forward(const Interface &interface,
                           const std::vector<IpAddress> &addresses,
                           const MacAddress &to, Duration lease) = 0;
    virtual Status stop_forwarding(const Interface &interface,
                                   const std::vector<IpAddress> &addresses) = 0;

    // The node that left: it neither answers ARP requests for these addresses
    // nor sends its own from them.
    virtual Status hide(const Interface &interface,
                        const std::vector<IpAddress> &addresses,
                        const MacAddress &successor, Duration lease) = 0;
    virtual Status show(const Interface &interface,
                        const std::vector<IpAddress> &addresses) = 0;

    // What processes that have ended have left in the kernel.
    virtual Status remove_left_behind(const Interfaces &all) = 0;

    virtual DrainCounts counts(
        const Interface &interface,
        const std::vector<IpAddress> &addresses) const = 0;
};

// The result of a check, and its reason.
struct CheckResult {
    check::Verdict verdict = check::Verdict::unknown;
    std::int64_t value = 0;  // a file's number
    std::string text;        // of the last failure: "L7STS status 500"
    Instant checked_at{};    // the last one; 0: there was none
    bool passed = false;
};

// The worker processes of this nginx.
class Workers {
public:
    virtual ~Workers() = default;

    // Valid until the next call.
    virtual std::span<const Heartbeat> heartbeats() = 0;

    // The oldest beat of the workers of the last heartbeats(). Nothing if there
    // may be others, or if one of them has ended or is ending.
    virtual std::optional<Instant> oldest_beat() = 0;
};

// The state that the processes of this nginx share.
class Shared {
public:
    virtual ~Shared() = default;

    // The process to which this one was about to hand over is dead, or does not
    // run.
    virtual void lost_successor() = 0;

    // Records that an operator has released this router, so that a new vrrp
    // process keeps it released. False: there is no room for the record.
    virtual std::optional<OperatorRelease> released(const RouterKey &key) = 0;
    virtual bool set_released(
        const RouterKey &key,
        const std::optional<OperatorRelease> &release) = 0;

    // The next process does not stay out because of crashes before now.
    virtual void end_crash_time_out(Instant) {}

    // The same for a tracker of the router that has latched.
    virtual bool is_latched(const RouterKey &key,
                            const std::string &tracker) = 0;
    virtual bool set_latched(const RouterKey &key, const std::string &tracker,
                             bool latched) = 0;
};

// Results of the checks of this configuration. Nothing when a result cannot be
// read now; this does not mean that the check failed.
class Results {
public:
    virtual ~Results() = default;
    virtual std::optional<check::Verdict> verdict(check::CheckId id) const = 0;
    virtual std::optional<CheckResult> result(check::CheckId id) const = 0;

    // Makes this check now, if it is one on demand: its result follows.
    virtual void demand(check::CheckId) {}

    // Of a BFD session; nothing: there are none.
    virtual std::optional<bfd::Status> bfd(std::size_t) const {
        return std::nullopt;
    }
};

// A router of this process, in the order in which they were opened.
enum class OwnershipId : std::size_t {};

// The known state of a router that this process owns from now on.
struct Inheritance {
    enum class From : std::uint8_t {
        owner,  // it passed the router on, or there was none
        dead,
        silent  // the owner does not run; it may resume later
    };

    From from = From::owner;
    std::optional<Handover> handover;  // it was passed on
    // Without a handover: the owner was active, and sent its last advertisement
    // then.
    std::optional<Instant> active_at;
};

// The process of this node that owns a router: see SharedOwnership.
class Ownership {
public:
    virtual ~Ownership() = default;

    // Once for each router, before all else.
    virtual OwnershipId open(const RouterKey &router, Duration interval) = 0;

    // Must be checked before anything is sent, added or removed.
    virtual bool owns(OwnershipId id) const = 0;

    // This process wants the router; again when deadline() has passed.
    virtual std::optional<Inheritance> request(OwnershipId id, Instant now) = 0;

    // This process no longer wants the router, but may just have received it.
    virtual std::optional<Inheritance> withdraw(OwnershipId id,
                                                Instant now) = 0;

    // A waiting process is about to end: has_successor() returns true when the
    // owner has run once more.
    virtual void watch_owner(OwnershipId id, Instant now) = 0;

    enum class Demand : std::uint8_t {
        none,
        died,   // a process wanted it, and has died
        waits,  // a process wants it, but not now; ending: or is started
        due     // pass_on() is right
    };

    // The owner reports that it runs, and checks whether another process wants
    // the router. ending: an older process counts, too.
    virtual Demand demand(OwnershipId id, bool ending, Instant now) = 0;

    // True: we no longer own it, and want it again unless we are ending.
    virtual bool pass_on(OwnershipId id, const Handover &handover, bool ending,
                         Instant now) = 0;

    // After watch_owner(), or after pass_on() of a process that ends: the owner
    // has run. Until then this process checks, and becomes the owner if the
    // other one does not run.
    virtual bool has_successor(OwnershipId id) const = 0;
    virtual std::optional<Inheritance> take_back(OwnershipId id,
                                                 Instant now) = 0;

    // For the next process after a crash: the router has advertised as the
    // active one, or is no longer active.
    virtual void advertised(OwnershipId id, Instant now) = 0;
    virtual void left(OwnershipId id) = 0;

    // Any process that wants the router may take it.
    virtual void give_up(OwnershipId id) = 0;

    // When to check again, or to call demand().
    virtual std::optional<Instant> deadline(OwnershipId id) const = 0;
};

// Receives events.
class Events {
public:
    virtual ~Events() = default;

    // config: of the router with the event.
    virtual void on_event(const Event &event, const vrrp::Config &config,
                          Instant now) = 0;
};

struct Ports {
    Transmit &transmit;
    Addresses &addresses;
    Workers &workers;
    Shared &shared;
    Results &results;
    Ownership &ownership;
    Events &events;
    Neighbours &neighbours;
    Connections &connections;
    Drains &drains;
    Signing &signing;
    Vmacs &vmacs;
    Routes &routes;
};

}  // namespace ngx_vrrp::engine
