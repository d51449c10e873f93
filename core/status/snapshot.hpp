// The status of a node at one moment, as a process holds it: written from the
// engine in the vrrp process, read back from shared memory in a worker.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "core/base/bytes.hpp"
#include "core/base/time.hpp"
#include "core/engine/engine.hpp"
#include "core/status/records.hpp"

namespace ngx_vrrp::status {

struct Snapshot {
    NodeRecord node{};
    std::vector<InstanceRecord> instances;
    std::vector<AddressRecord> addresses;
    std::vector<TrackerRecord> trackers;
};

struct NodeFacts {
    std::string router_id;
    std::string nginx_version;
    int pid = 0;
    std::uint64_t generation = 0;  // of the configuration
    Instant configured_at{};       // when that one was read
    Instant started_at{};
    Instant not_before{};       // startup_delay ends
    int realtime_priority = 0;  // in force; 0: none
    bool mlock = false;         // in force
    std::uint64_t crashes = 0;  // of the processes before this one
};

Snapshot take_snapshot(const engine::Engine &engine, const NodeFacts &facts,
                       Instant now);

// Records one after the other; snapshot_size() bytes.
Buffer to_bytes(const Snapshot &snapshot);

// Nothing when they do not fit together, or nothing that we know.
std::optional<Snapshot> from_bytes(Bytes bytes);

// When the process that took the snapshot was active in this router, if it
// was then.
std::optional<Instant> last_active(const Snapshot &snapshot,
                                   const engine::RouterKey &key);

}  // namespace ngx_vrrp::status
