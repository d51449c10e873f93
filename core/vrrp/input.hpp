// All inputs of a virtual router.
#pragma once

#include <string>
#include <variant>

#include "core/base/ip.hpp"
#include "core/base/time.hpp"
#include "core/base/types.hpp"
#include "core/wire/advertisement.hpp"

namespace ngx_vrrp::vrrp {

// Join the election. Before it, every other input is only remembered.
struct Startup {};

// Leave for good, and say why. serving: nginx still answers requests, so the
// addresses may stay until the successor speaks or grace is over; else they go
// at once.
struct Shutdown {
    std::string reason;
    bool serving = false;
    Duration grace{};
};

// An advert that admission let through.
struct AdvertReceived {
    wire::Advertisement advertisement;
    IpAddress source;
};

// The deadline may have passed; the router compares the times.
struct TimeReached {};

// Something that we need to hold the address has failed (reason), or everything
// works (reason is empty).
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

// Somebody wants another router to have the addresses, until Resume: the same
// as a fault, but the addresses may stay until the successor speaks or grace is
// over.
struct Release {
    std::string reason;
    Duration grace{};
};

// The end of Release, if there is no other fault.
struct Resume {
    std::string reason;
};

// An operator wants the addresses to be here now: take them from an active
// router that must yield to us, whatever Config says about preemption.
struct Preempt {
    std::string reason;
};

// The link of the instance is up again.
struct LinkUp {};

// Another machine has announced one of the addresses on the LAN.
struct AddressClaimed {};

// One of Config::preempt_windows has opened, "02:00-04:00", or the last one has
// closed (empty).
struct WindowChanged {
    std::string open;
};

using Input =
    std::variant<Startup, Shutdown, AdvertReceived, TimeReached, FaultChanged,
                 PriorityChanged, SourceChanged, Release, Resume, Preempt,
                 WindowChanged, LinkUp, AddressClaimed>;

}  // namespace ngx_vrrp::vrrp
