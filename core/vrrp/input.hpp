// All inputs of a virtual router.
#pragma once

#include <optional>
#include <string>
#include <variant>

#include "core/base/ip.hpp"
#include "core/base/time.hpp"
#include "core/base/types.hpp"
#include "core/wire/advertisement.hpp"

namespace ngx_vrrp::vrrp {

// Join the election. Every input before it only updates the facts.
struct Startup {
    std::string reason = "startup";
};

// Leave for good, with a reason. serving: nginx still answers requests, so the
// addresses may stay until the successor advertises or grace is over; otherwise
// they are removed at once.
struct Shutdown {
    std::string reason;
    bool serving = false;
    Duration grace{};
};

// An advertisement that admission accepted.
struct AdvertReceived {
    wire::Advertisement advertisement;
    IpAddress source;
};

// The deadline may have passed; the router compares the times.
struct TimeReached {};

// A condition for holding the address has failed (reason names it), or none has
// (reason is empty).
struct FaultChanged {
    std::string reason;
};

// The sum of base priority and weights changed.
struct PriorityChanged {
    Priority effective;
    std::string reason;
};

// Our source address, which decides between equal priorities.
struct SourceChanged {
    IpAddress source;
};

// An operator moves the addresses to another router until Resume: the same as a
// fault, but the addresses may stay until the successor advertises or grace is
// over. standby: the router becomes a backup, without a fault, and stays active
// if there is no successor; its priority is lowered after that.
struct Release {
    std::string reason;
    Duration grace{};
    bool standby = false;
};

// The end of Release, while there is no fault. A router that has not given the
// addresses up yet keeps them, unless another member of its group cannot.
struct Resume {
    std::string reason;
    bool may_keep = true;
};

// An operator wants the addresses on this node now: take them from an active
// router that must yield to us, even if Config forbids preemption.
struct Preempt {
    std::string reason;
};

// The link of the instance is up again.
struct LinkUp {};

// Another machine announces one of the addresses on the LAN.
struct AddressClaimed {};

// The kernel of the active router has proved that nginx has ended there (a peer
// link). It keeps the addresses until their lease ends.
struct ActiveDied {
    IpAddress address;   // the source of its advertisements
    std::string reason;  // "lb1 (192.168.64.11) has ended: ..."
};

// One of Config::preempt_windows has opened, "02:00-04:00", or the last one has
// closed (empty).
struct WindowChanged {
    std::string open;
};

// Whether this node leaves a healthy active router its addresses, as outside of
// all of Config::preempt_windows.
struct PreemptionHeld {
    bool held;
};

// The active router has asked this node to forward, and leaves when it has the
// answer: it is not replaced before that time.
struct ActiveLeavesBy {
    Instant until;
};

// The messages of a peer link.

// The active router with this address leaves, and this node is the first of
// those that follow it. No backup of ours races it.
struct MasterLeaves {
    IpAddress source;
};

// A router that is leaving has notified its successor, which will confirm.
struct SuccessorNotified {};

// The successor has the addresses, and has announced them.
struct SuccessorReady {
    IpAddress source;
};

// Whether a node with a peer link says that it is active. begins: it is another
// one, or does so since now only, and has not been asked.
struct ActiveLinked {
    bool linked = false;
    bool begins = false;
};

// The answer of such a node to AskActive. is_higher: its address is higher than
// ours, which decides between equal priorities. asked_at: the time of the
// question, or nothing if the node does not repeat it; a lost segment can delay
// an answer for seconds.
struct ActiveAnswered {
    IpAddress peer;
    bool is_active = false;
    Priority priority;
    bool is_higher = false;
    std::optional<Instant> asked_at = {};
};

// The witness has answered then: the network of this node works. is_known: or
// it was not asked, because the process that does so does not run.
struct WitnessAnswered {
    Instant at{};
    bool is_known = true;
};

// The decisions of the sync_group of a router (sync_group.hpp).

// Every member may become active now.
struct TakeOver {};

// Another member is not active any more, or leaves and has a successor.
struct StandDown {
    std::string reason;
};

// Advertise now: another member hears a router of our priority.
struct Assert {};

// Before that time, an earlier member compares its address with that of a
// router of equal priority.
struct ComparesFrom {
    Instant from;
};

using Input =
    std::variant<Startup, Shutdown, AdvertReceived, TimeReached, FaultChanged,
                 PriorityChanged, SourceChanged, Release, Resume, Preempt,
                 ActiveDied, WindowChanged, PreemptionHeld, ActiveLeavesBy,
                 LinkUp, AddressClaimed, MasterLeaves, SuccessorNotified,
                 SuccessorReady, ActiveLinked, ActiveAnswered, WitnessAnswered,
                 TakeOver, StandDown, Assert, ComparesFrom>;

}  // namespace ngx_vrrp::vrrp
