// The status of a node as plain records of fixed size, in shared memory
// (area.hpp). No pointers; texts are truncated to their field and end with a
// zero.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <type_traits>

#include "core/base/text.hpp"
#include "core/bfd/packet.hpp"
#include "core/check/verdict.hpp"
#include "core/engine/counters.hpp"
#include "core/engine/event.hpp"
#include "core/engine/timer_lag.hpp"
#include "core/engine/unknown_routers.hpp"
#include "core/peer/links.hpp"

namespace ngx_vrrp::status {

struct NodeRecord {
    Text<64> router_id;
    Text<16> nginx_version;
    std::int32_t pid;
    std::uint32_t instances;
    std::uint32_t fresh_workers;
    std::int64_t worker_timeout_ns;  // 0: workers are not watched
    std::uint64_t unknown_vrid_packets;
    std::uint64_t lost_packets;
    std::uint64_t lost_other_packets;
    bfd::Drops bfd_dropped;
    std::uint64_t crashes;
    std::uint64_t nginx_crashes;     // since the last stop
    std::int64_t preempts_from_ns;   // CLOCK_BOOTTIME; NginxHistory waits
    std::uint64_t generation;        // of its configuration
    std::int64_t configured_at_ns;   // CLOCK_BOOTTIME; that one was read
    std::int64_t started_at_ns;      // CLOCK_BOOTTIME
    std::int64_t published_at_ns;    // CLOCK_BOOTTIME; it lived then
    std::int64_t not_before_ns;      // CLOCK_BOOTTIME; startup_delay ends
    std::int32_t realtime_priority;  // 0: none in force
    std::uint8_t mlock;
    std::uint8_t bank;  // of the instances, see Area
    std::uint8_t has_bfd;
    std::uint8_t drains;  // an instance has a drain
    engine::TimerLag timer_lag;
};

// A virtual router that is not configured here, see engine::UnknownRouters.
struct UnknownRouterRecord {
    Text<16> interface;
    Text<48> sender;
    std::uint8_t vrid;
    std::uint8_t family;
    std::int64_t heard_ns;  // CLOCK_BOOTTIME
    std::uint64_t packets;
};

struct UnknownRouterRecords {
    std::uint32_t count;
    std::array<UnknownRouterRecord, engine::UnknownRouters::kMost> list;
};

// Another node, see peer::Peer.
struct PeerRecord {
    Text<64> router_id;  // empty: not known yet
    Text<16> nginx_version;
    Text<16> version;
    Text<16> interface;
    Text<48> address;
    Text<128> reason;  // why there is no link; empty: there is one
    peer::PeerState state;
    peer::NodeId node;        // 0: not known yet
    std::uint8_t has_secret;  // the link
    std::int64_t since_ns;    // CLOCK_BOOTTIME
    std::uint32_t routers;
    std::array<peer::RouterStatus, 64> list;
};

struct PeerRecords {
    std::uint32_t count;
    std::uint32_t connections;
    peer::Refused refused;
    std::array<PeerRecord, peer::kMostPeers> list;
};

// Of a split brain, in the order of engine::kSplitBrainSigns.
struct SignRecord {
    std::int64_t since_ns;  // CLOCK_BOOTTIME; 0: not suspected
    Text<256> detail;
};

using SignRecords = std::array<SignRecord, engine::kSplitBrainSigns.size()>;

// Of planned moves, see engine::Drain and engine::Forwarding. since_ns is 0: it
// does not.
struct DrainRecord {
    std::uint8_t has_link;
    Text<128> unavailable;  // why connections end when the addresses move
    std::int64_t since_ns;  // CLOCK_BOOTTIME; this node finishes connections
    std::int64_t ends_ns;   // CLOCK_BOOTTIME; at the latest
    std::uint32_t connections;
    std::uint64_t segments;          // received from the successor
    std::int64_t forwards_since_ns;  // CLOCK_BOOTTIME; to another node
    Text<128> forwards_to;
    std::uint32_t forwarded_connections;
    std::uint64_t forwarded_segments;
};

struct InstanceRecord {
    Text<64> name;
    Text<64> sync_group;  // empty: none
    Text<16> interface;
    Text<16> state;  // INIT, BACKUP, MASTER, FAULT
    Text<256> reason;
    Text<256> fault;  // empty: none
    Text<48> source;
    Text<48> master_address;  // empty: none heard
    std::int32_t pid;         // that has written it
    std::uint8_t vrid;
    std::uint8_t family;
    std::uint8_t version;
    std::uint8_t unicast;
    std::uint8_t no_election;
    std::uint8_t preempt;
    std::uint8_t base_priority;
    std::uint8_t effective_priority;
    std::uint8_t master_priority;
    std::uint32_t first_address;  // index of its first AddressRecord
    std::uint32_t addresses;
    std::uint32_t first_tracker;  // index of its first TrackerRecord
    std::uint32_t trackers;
    std::uint32_t first_route;  // index of its first RouteRecord
    std::uint32_t routes;       // with the rules, which come last
    std::int64_t advert_int_ns;
    std::int64_t since_ns;  // CLOCK_BOOTTIME; 0: nothing happened yet
    std::int64_t master_interval_ns;
    std::int64_t retry_at_ns;  // CLOCK_BOOTTIME; 0: not by itself
    SignRecords signs;
    SignRecord lost_adverts;  // see engine::LostAdverts
    DrainRecord drain;
    Text<96> preempt_windows;  // with blanks between them; empty: none
    Text<16> vmac;             // the device of use_vmac; empty: none
    std::uint8_t window_open;
    std::uint8_t released;
    std::uint8_t rescue;             // see engine::OperatorRelease
    std::int64_t released_until_ns;  // CLOCK_BOOTTIME; 0: until it is resumed
    Text<16> authentication;         // none, PASS, HMAC
    Text<16> authentication_mode;    // of HMAC; empty: another one
    std::uint8_t active_key;         // its id
    std::uint8_t second;  // of the instance before it: its other family

    // Numbers that change with each advertisement.
    std::int64_t master_heard_ns;  // CLOCK_BOOTTIME
    engine::Counters counters;
};

// The same numbers in separate memory. An advertisement writes only the first
// of them, which are also AdvertNumbers.
struct InstanceNumbers {
    std::int64_t master_heard_ns;
    engine::Counters counters;
};

struct AdvertNumbers {
    std::int64_t master_heard_ns;
    std::uint64_t sent;
    std::uint64_t received;
};

struct AddressRecord {
    Text<56> address;  // with its prefix length
    Text<16> interface;
    Text<16> label;
    std::uint8_t present;
    std::uint8_t foreign;   // another program added it there
    std::uint8_t excluded;  // advertisements do not list it
};

// Or a rule.
struct RouteRecord {
    Text<192> text;
    Text<256> error;  // of the last attempt to add it; empty: none
    std::uint8_t is_rule;
    std::uint8_t present;
    std::uint8_t missing;  // a MASTER should have it
};

// Times are intervals; 0: none.
struct BfdRecord {
    bfd::State state;
    bfd::State remote_state;
    bfd::Diagnostic diagnostic;
    bfd::Diagnostic remote_diagnostic;
    std::uint8_t remote_multiplier;
    std::uint32_t local_discriminator;
    std::uint32_t remote_discriminator;
    std::int64_t transmit_interval_ns;
    std::int64_t receive_interval_ns;
    std::int64_t detection_time_ns;
    std::int64_t changed_at_ns;  // CLOCK_BOOTTIME
    std::uint64_t downs;

    friend bool operator==(const BfdRecord &, const BfdRecord &) = default;
};

struct TrackerRecord {
    Text<32> type;
    Text<128> name;
    Text<256> reason;
    check::Verdict state;
    std::uint8_t weighted;
    std::uint8_t latched;
    std::int32_t weight;
    std::int32_t adds;  // now
    std::uint8_t is_pool;
    std::uint32_t servers;  // of a pool
    std::uint32_t servers_up;
    std::uint32_t servers_needed;
    std::uint8_t is_bfd;
    BfdRecord bfd;
};

static_assert(std::is_trivially_copyable_v<NodeRecord>);
static_assert(std::is_trivially_copyable_v<UnknownRouterRecords>);
static_assert(std::is_trivially_copyable_v<PeerRecords>);
static_assert(std::is_trivially_copyable_v<InstanceRecord>);
static_assert(std::is_trivially_copyable_v<InstanceNumbers>);
static_assert(offsetof(InstanceNumbers, counters.adverts_sent) ==
              offsetof(AdvertNumbers, sent));
static_assert(offsetof(InstanceNumbers, counters.adverts_received) ==
              offsetof(AdvertNumbers, received));
static_assert(std::is_trivially_copyable_v<AddressRecord>);
static_assert(std::is_trivially_copyable_v<RouteRecord>);
static_assert(std::is_trivially_copyable_v<TrackerRecord>);

}  // namespace ngx_vrrp::status
