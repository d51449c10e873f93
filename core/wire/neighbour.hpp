// The content of an ARP or Neighbor Discovery message: an address, and its
// link-layer address.
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
