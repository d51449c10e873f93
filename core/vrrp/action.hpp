// Everything that a virtual router can request. The order of the actions is
// part of the contract: on the way up the advertisement comes before the
// addresses, and the addresses before the announcement; on the way down
// priority 0 comes before the removal.
#pragma once

#include <string>
#include <variant>
#include <vector>

#include "core/base/ip.hpp"
#include "core/base/types.hpp"
#include "core/vrrp/state.hpp"

namespace ngx_vrrp::vrrp {

struct SendAdvert {
    Priority priority;  // kPriorityZero: we leave
};

// Add all virtual addresses, each with a lease.
struct AddAddresses {};

// Renew the leases; an address that is missing is added again.
struct RenewAddresses {};

struct RemoveAddresses {
    bool successor = false;  // another router has been heard and has them now
    bool may_wait = false;   // a moment, until connections have ended
};

// Without an election, a time before the addresses are removed: the routes that
// are only for a routing daemon.
struct WithdrawRoutes {};

// The opposite: this node stays.
struct RestoreRoutes {};

// Gratuitous ARP or unsolicited NA, `repeat` times for each address.
struct AnnounceAddresses {
    unsigned repeat = 1;
};

// Announces our own source address: a peer that lost it from its ARP cache
// could not reach us by unicast (only after a fault, only in unicast).
struct AnnounceSource {};

// Ask the linked nodes that say that they are active: ActiveAnswered.
struct AskActive {};

// Ask the witness: WitnessAnswered.
struct AskWitness {};

struct ReportTransition {
    StateName from;
    StateName to;
    std::string reason;
};

// The configuration of a peer differs from ours: both values, as text.
struct ReportMismatch {
    std::string text;
};

// A router that has died (ActiveDied) advertises: the proof was wrong.
struct ReportFalseDeath {
    IpAddress address;
};

using Action =
    std::variant<SendAdvert, AddAddresses, RenewAddresses, RemoveAddresses,
                 WithdrawRoutes, RestoreRoutes, AnnounceAddresses,
                 AnnounceSource, AskActive, AskWitness, ReportTransition,
                 ReportMismatch, ReportFalseDeath>;

using Actions = std::vector<Action>;

}  // namespace ngx_vrrp::vrrp
