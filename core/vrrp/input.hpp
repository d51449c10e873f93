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

using Input = std::variant<Startup, Shutdown, AdvertReceived, TimeReached,
                           FaultChanged, PriorityChanged, SourceChanged>;

}  // namespace ngx_vrrp::vrrp
