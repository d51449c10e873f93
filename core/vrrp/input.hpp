// Everything that can happen to a virtual router.
#pragma once

#include <string>
#include <variant>

#include "core/base/ip.hpp"
#include "core/base/time.hpp"
#include "core/base/types.hpp"
#include "core/wire/advertisement.hpp"

namespace ngx_vrrp::vrrp {

// Join the election. Before it every other input is only remembered.
struct Startup {};

// Leave for good, and say why. serving: nginx still answers requests, so the
// addresses may stay until the heir speaks or grace is over; else they go at
// once.
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

// The deadline may have passed; the router compares.
struct TimeReached {};

// Something without which we must not hold the address has failed (reason
// says what) or nothing has (reason is empty).
struct FaultChanged {
    std::string reason;
};

// The sum of base priority and weights changed.
struct PriorityChanged {
    Priority effective;
    std::string reason;
};

// The address we send from, which breaks ties.
struct SourceChanged {
    IpAddress source;
};

// Somebody wants another router to have the addresses, until Resume: the same
// as a fault, but the addresses may stay until the heir speaks or grace is
// over.
struct Release {
    std::string reason;
    Duration grace{};
};

// The end of Release, and no fault is left.
struct Resume {
    std::string reason;
};

// Somebody wants the addresses to be here now: take them from an active router
// that must yield to us, whatever Config says about preemption.
struct Preempt {
    std::string reason;
};

// The link of the instance is up again.
struct LinkUp {};

// Another machine says on the LAN that one of the addresses is there.
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
