// The status of a node at one moment, in a process that has read it from shared
// memory.
#pragma once

#include <span>
#include <vector>

#include "core/base/ip.hpp"
#include "core/status/records.hpp"

namespace ngx_vrrp::status {

struct Snapshot {
    NodeRecord node{};
    std::vector<UnknownRouterRecord> unknown_routers;
    std::vector<PeerRecord> peers;
    std::uint32_t peer_connections = 0;
    peer::Refused peers_refused{};
    std::vector<InstanceRecord> instances;
    std::vector<AddressRecord> addresses;
    std::vector<TrackerRecord> trackers;
    std::vector<RouteRecord> routes;
};

// One more instance, with its addresses, trackers and routes.
void add(Snapshot &snapshot, InstanceRecord record,
         std::span<const AddressRecord> addresses,
         std::span<const TrackerRecord> trackers,
         std::span<const RouteRecord> routes);

// Those that another node has now, while this one finishes connections to them.
std::vector<IpAddress> left_addresses(const Snapshot &snapshot);

}  // namespace ngx_vrrp::status
