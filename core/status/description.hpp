// The content of the status, described by the vrrp process. The description of
// a virtual router is kept, so that only changes are written to shared memory
// again.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "core/base/ip.hpp"
#include "core/base/time.hpp"
#include "core/engine/engine.hpp"
#include "core/status/records.hpp"

namespace ngx_vrrp::status {

// Facts of the node that the engine does not have.
struct NodeFacts {
    std::string router_id;
    std::string nginx_version;
    int pid = 0;
    std::uint64_t generation = 0;  // of the configuration
    Instant configured_at{};       // when that one was read
    Instant started_at{};
    Instant not_before{};                  // startup_delay ends
    int realtime_priority = 0;             // in force; 0: none
    bool mlock = false;                    // in force
    std::uint64_t crashes = 0;             // of the processes before this one
    std::uint64_t nginx_crashes = 0;       // since its last stop
    Instant preempts_from{};               // NginxHistory waits until then
    std::uint64_t lost_packets = 0;        // the queue of a socket was full
    std::uint64_t lost_other_packets = 0;  // the same, but not for us
    const bfd::Drops *bfd_dropped = nullptr;  // nullptr: no BFD
};

NodeRecord describe(const engine::Engine &engine, const NodeFacts &facts);

// The part of the node that changes after the first time.
struct NodeNumbers {
    std::uint32_t fresh_workers = 0;
    std::uint64_t unknown_vrid_packets = 0;
    std::uint64_t lost_packets = 0;
    std::uint64_t lost_other_packets = 0;
    bfd::Drops bfd_dropped{};
    engine::TimerLag timer_lag;
    bool drains = false;  // a router has a drain

    bool operator==(const NodeNumbers &) const = default;
};

NodeNumbers numbers_of(const engine::Engine &engine, const NodeFacts &facts);

UnknownRouterRecords describe(const engine::UnknownRouters &routers);

InstanceNumbers numbers_of(const engine::VirtualRouter &router);
AdvertNumbers adverts_of(const engine::VirtualRouter &router);

class Description {
public:
    // first: the positions of its parts, after those of the routers before it.
    struct Positions {
        std::size_t address = 0;
        std::size_t tracker = 0;
        std::size_t route = 0;
    };

    Description(const engine::VirtualRouter &router, std::int32_t pid,
                const Positions &first);

    // Describes the router again. True: there is a change besides the numbers.
    // No allocation if there is none.
    bool update(const engine::VirtualRouter &router);

    const InstanceRecord &record() const { return record_; }
    const std::vector<AddressRecord> &addresses() const { return addresses_; }
    const std::vector<TrackerRecord> &trackers() const { return trackers_; }
    const std::vector<RouteRecord> &routes() const { return routes_; }

private:
    bool update_state(const engine::VirtualRouter &router);
    bool update_master(const vrrp::Instance &instance);
    bool update_signs(const engine::VirtualRouter &router);
    bool update_lost_adverts(const engine::VirtualRouter &router);
    bool update_drain(const engine::VirtualRouter &router);
    bool update_addresses(const engine::VirtualRouter &router);
    bool update_trackers(const engine::VirtualRouter &router);
    bool update_routes(const engine::VirtualRouter &router);

    InstanceRecord record_{};
    std::vector<AddressRecord> addresses_;
    std::vector<TrackerRecord> trackers_;
    std::vector<RouteRecord> routes_;

    // As they stand in the record.
    IpAddress source_;
    IpAddress master_;
    bool has_signs_ = false;
};

}  // namespace ngx_vrrp::status
