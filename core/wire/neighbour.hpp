// What ARP and Neighbour Discovery say: an address, and where it is.
#pragma once

#include "core/base/ip.hpp"
#include "core/base/types.hpp"

namespace ngx_vrrp::wire {

struct Neighbour {
    IpAddress address;
    MacAddress mac{};

    friend bool operator==(const Neighbour &, const Neighbour &) = default;
};

}  // namespace ngx_vrrp::wire
