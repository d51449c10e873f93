// The status of a node at one moment, in a process that has read it from shared
// memory.
#pragma once

#include <span>
#include <vector>

#include "core/status/records.hpp"

namespace ngx_vrrp::status {

struct Snapshot {
    NodeRecord node{};
    std::vector<UnknownRouterRecord> unknown_routers;
    std::vector<InstanceRecord> instances;
    std::vector<AddressRecord> addresses;
    std::vector<TrackerRecord> trackers;
};

// One more instance, with its addresses and trackers.
void add(Snapshot &snapshot, InstanceRecord record,
         std::span<const AddressRecord> addresses,
         std::span<const TrackerRecord> trackers);

}  // namespace ngx_vrrp::status
