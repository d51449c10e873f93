// The content of ARP and Neighbour Discovery: an address, and its location.
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
