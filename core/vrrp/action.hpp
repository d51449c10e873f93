// All actions that a virtual router can request. Their order is part of the
// contract: on the way up, the advert comes before the addresses, and these
// before the announcement; on the way down, priority 0 comes before the
// removal.
#pragma once

#include <string>
#include <variant>
#include <vector>

#include "core/base/types.hpp"
#include "core/vrrp/state.hpp"

namespace ngx_vrrp::vrrp {

struct SendAdvert {
    Priority priority;  // kPriorityZero: the router leaves
};

// Add all virtual addresses, each with a lease.
struct AddAddresses {};

// Prolong the leases; an address that is missing comes back.
struct RenewAddresses {};

struct RemoveAddresses {
    bool successor = false;  // another router advertises
    bool may_wait = false;   // a moment, until connections have ended
};

// Gratuitous ARP or unsolicited NA, `repeat` times for each address.
struct AnnounceAddresses {
    unsigned repeat = 1;
};

// Announce our own source address: a peer that lost it from its ARP cache could
// not reach us by unicast (only after a fault, only with unicast).
struct AnnounceSource {};

struct ReportTransition {
    StateName from;
    StateName to;
    std::string reason;
};

// The configuration of a peer differs from ours; text has both values.
struct ReportMismatch {
    std::string text;
};

using Action = std::variant<SendAdvert, AddAddresses, RenewAddresses,
                            RemoveAddresses, AnnounceAddresses, AnnounceSource,
                            ReportTransition, ReportMismatch>;

using Actions = std::vector<Action>;

}  // namespace ngx_vrrp::vrrp
