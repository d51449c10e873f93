// The engine's interfaces to the machine, in terms of the protocol, not of
// system calls: core/net implements them with sockets and netlink, tests with
// objects that record the calls. Errors are returned as a Status with the
// failed call and errno; no call throws or blocks.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/base/bytes.hpp"
#include "core/base/ip.hpp"
#include "core/base/system_error.hpp"
#include "core/base/time.hpp"
#include "core/base/types.hpp"
#include "core/check/config.hpp"
#include "core/check/verdict.hpp"
#include "core/engine/event.hpp"
#include "core/engine/facts.hpp"
#include "core/engine/handover.hpp"
#include "core/engine/router_key.hpp"
#include "core/engine/worker_watch.hpp"
#include "core/vrrp/config.hpp"

namespace ngx_vrrp::engine {

// What they point to is valid during the call.
struct OutgoingPacket {
    const Interface *interface;
    wire::Endpoints endpoints;
    Buffer pdu;
};

struct LeaseRequest {
    const Interface *interface;
    const vrrp::VirtualAddress *address;
    Seconds lease;
};

// Adverts out, and the right to hear them in.
class Transmit {
public:
    virtual ~Transmit() = default;

    // Receive VRRP on the interface for this router: opens the sockets, joins
    // the group unless it is unicast. Again after the interface was created
    // again (its index differs); otherwise a second call has no effect.
    virtual Status listen(const Interface &interface,
                          const vrrp::Config &router) = 0;

    // The interface is gone: closes everything that listen() opened on it.
    virtual void forget(std::string_view interface) = 0;

    // Sends one VRRP packet with TTL 255 out of the interface, from source to
    // destination (a group or a peer).
    virtual Status send(const Interface &interface,
                        const wire::Endpoints &endpoints, Bytes pdu) = 0;

    // Sends many packets, in this order, and returns a status for each: one by
    // one, if the machine has no better way.
    virtual std::vector<Status> send_all(
        const std::vector<OutgoingPacket> &packets) {
        std::vector<Status> answers;
        for (const OutgoingPacket &p : packets) {
            answers.push_back(send(*p.interface, p.endpoints, p.pdu));
        }
        return answers;
    }

    // One whole Ethernet frame.
    virtual Status send_frame(const Interface &interface, Bytes frame) = 0;

    // Makes the kernel ask again for neighbours that have not answered its ARP
    // requests or neighbor solicitations, as soon as a packet is sent to them.
    virtual void forget_unanswered(const Interface &interface) = 0;
};

// Virtual addresses in the kernel. All calls are idempotent.
class Addresses {
public:
    virtual ~Addresses() = default;

    // Adds the address with our mark and this lifetime, or prolongs it.
    virtual Status add(const Interface &interface,
                       const vrrp::VirtualAddress &address, Seconds lease) = 0;

    // Adds or prolongs many addresses, and returns a status for each: one by
    // one, if the machine has no better way.
    virtual std::vector<Status> add_all(
        const std::vector<LeaseRequest> &requests) {
        std::vector<Status> answers;
        for (const LeaseRequest &r : requests) {
            answers.push_back(add(*r.interface, *r.address, r.lease));
        }
        return answers;
    }

    // Success when it was not there.
    virtual Status remove(const Interface &interface,
                          const vrrp::VirtualAddress &address) = 0;
};

// Who else has our addresses.
class Neighbours {
public:
    virtual ~Neighbours() = default;

    // Receive announcements of these addresses, on any interface:
    // Engine::handle_neighbour() gets them. Replaces the previous list.
    virtual Status watch_neighbours(
        const std::vector<IpAddress> &addresses) = 0;
};

// How many were closed, and whether these were all.
struct Closed {
    unsigned connections = 0;
    bool all = true;
};

// Connections of clients to this machine.
class Connections {
public:
    virtual ~Connections() = default;

    // Closes TCP connections to these addresses and ports, at once no more than
    // take a few milliseconds. While the address is here, the client gets the
    // reset.
    virtual Result<Closed, SystemError> close_connections(
        const std::vector<IpAddress> &addresses,
        const std::vector<std::uint16_t> &ports) = 0;
};

// The result of a check, with its reason.
struct CheckResult {
    check::Verdict verdict = check::Verdict::unknown;
    std::int64_t value = 0;  // a file's number
    std::string text;        // of the last failure: "L7STS status 500"
};

// What the processes of this nginx share.
class Shared {
public:
    virtual ~Shared() = default;

    virtual std::vector<Heartbeat> heartbeats() = 0;

    // The process that should take over the routers of this one is dead, or
    // does not run.
    virtual void lost_successor() = 0;

    // Whether an operator has released this router; it survives the death of
    // the vrrp process. False: there is no room to store it.
    virtual bool is_released(const RouterKey &key) = 0;
    virtual bool set_released(const RouterKey &key, bool released) = 0;

    // Of the checks of this configuration. Nothing if it cannot be read now,
    // which has no meaning for the check.
    virtual std::optional<check::Verdict> check_verdict(check::CheckId id) = 0;
    virtual std::optional<CheckResult> check_result(check::CheckId id) = 0;
};

// A router of this process, in the order in which they were opened.
enum class OwnershipId : std::size_t {};

// State of a router that this process owns from now on.
struct Inheritance {
    enum class From : std::uint8_t {
        owner,  // it passed the router on, or there was none
        dead,
        silent  // the owner does not run; it may go on later
    };

    From from = From::owner;
    std::optional<Handover> handover;  // it was passed on
    // Instead of it: the owner was active, and this was its last advert.
    std::optional<Instant> active_at;
};

// Which of this node's processes owns a router: see SharedOwnership.
class Ownership {
public:
    virtual ~Ownership() = default;

    // Once for each router, before all else.
    virtual OwnershipId open(const RouterKey &router, Duration interval) = 0;

    // To be called before anything is sent, added or removed.
    virtual bool owns(OwnershipId id) const = 0;

    // This process wants the router; again when deadline() has passed.
    virtual std::optional<Inheritance> look(OwnershipId id, Instant now) = 0;

    // It does not want the router any more, but may just have received it.
    virtual std::optional<Inheritance> withdraw(OwnershipId id,
                                                Instant now) = 0;

    // A waiting process is about to end: has_successor() becomes true when the
    // owner has run once more.
    virtual void watch_owner(OwnershipId id, Instant now) = 0;

    enum class Demand : std::uint8_t {
        none,
        waits,  // a process would take it, not now
        due     // pass_on() is right
    };

    // The owner records that it runs, and asks whether another process wants
    // the router. ending: an older process counts, too.
    virtual Demand demand(OwnershipId id, bool ending, Instant now) = 0;

    // True: we do not own it any more, and want it again unless we are ending.
    virtual bool pass_on(OwnershipId id, const Handover &handover, bool ending,
                         Instant now) = 0;

    // After watch_owner(), or after pass_on() of a process that ends: the owner
    // has run. Until then this process checks it, and becomes the owner if it
    // does not run.
    virtual bool has_successor(OwnershipId id) const = 0;
    virtual std::optional<Inheritance> take_back(OwnershipId id,
                                                 Instant now) = 0;

    // For the next process after a crash: the router has advertised as the
    // active one; it is not active any more.
    virtual void advertised(OwnershipId id, Instant now) = 0;
    virtual void left(OwnershipId id) = 0;

    // Whoever wants it may have it.
    virtual void give_up(OwnershipId id) = 0;

    // When to look again, or to ask for demand().
    virtual std::optional<Instant> deadline(OwnershipId id) const = 0;
};

// Who hears what happens.
class Events {
public:
    virtual ~Events() = default;

    // config is that of the router it happened to.
    virtual void happened(const Event &event, const vrrp::Config &config,
                          Instant now) = 0;
};

struct Ports {
    Transmit &transmit;
    Addresses &addresses;
    Shared &shared;
    Ownership &ownership;
    Events &events;
    Neighbours &neighbours;
    Connections &connections;
};

}  // namespace ngx_vrrp::engine
