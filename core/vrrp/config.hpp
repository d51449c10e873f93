// The settings of one virtual router. The configuration parser has checked them
// and reported every mistake to the operator: no further checks are needed. It
// also has the defaults; here each setting has a value.
#pragma once

#include <algorithm>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/ip.hpp"
#include "core/base/time.hpp"
#include "core/base/types.hpp"
#include "core/vrrp/hmac_config.hpp"
#include "core/vrrp/preempt_window.hpp"
#include "core/vrrp/route.hpp"
#include "core/vrrp/timing.hpp"
#include "core/wire/advertisement.hpp"

namespace ngx_vrrp::vrrp {

struct VirtualAddress {
    IpAddress address;
    std::uint8_t prefix_length = 32;
    std::string interface;  // where it goes
    std::string label;      // empty, or an alias as in "eth0:1"
    // If another program has added it to this node, we replace or remove it.
    bool takeover = false;
    bool excluded = false;  // advertisements do not list it
    // Parameters of the address in the kernel.
    std::optional<IpAddress> broadcast{};  // IPv4
    std::uint8_t scope = 0;                // IPv4, as in rtnetlink
    bool no_prefix_route = false;
    bool home = false;              // IPv6
    bool detect_duplicate = false;  // IPv6
    // For this time after it was added, the machine may use it as a source.
    // Nothing: IPv4 always, IPv6 never.
    std::optional<Seconds> preferred{};
    // no_track: it may be missing, and its interface may be down.
    bool optional = false;

    // The same address; the permission to take it over does not count.
    friend bool operator==(const VirtualAddress &a, const VirtualAddress &b) {
        return a.address == b.address && a.prefix_length == b.prefix_length &&
               a.interface == b.interface && a.label == b.label;
    }
};

// How a new master announces its addresses: gratuitous ARP, or unsolicited NA.
struct AnnouncePolicy {
    unsigned repeat = 0;  // garp_master_repeat: frames per address
    Duration delay{0};    // garp_master_delay: second burst; 0 = none
    Duration refresh{0};  // garp_master_refresh: period; 0 = none
    unsigned refresh_repeat = 0;
    Duration garp_interval{0};  // between two frames on an interface
    Duration gna_interval{0};   // the same for IPv6
};

// track_nginx: the number of workers that must have a fresh heartbeat.
struct WorkerPolicy {
    unsigned required = 0;  // 0 = workers are not watched
    Duration timeout{0};

    friend bool operator==(const WorkerPolicy &,
                           const WorkerPolicy &) = default;
};

// A node that we exchange advertisements with by unicast.
struct UnicastPeer {
    // Its advertisements must not have been routed: 255 (RFC 9568, 5.1.1.3; in
    // unicast too, unlike keepalived). In IPv6, keepalived sends 64.
    UnicastPeer(const IpAddress &peer)
        : address(peer), min_ttl(peer.family() == Family::ipv6 ? 64 : 255) {}

    IpAddress address;
    std::uint8_t min_ttl;  // or hop limit
    std::uint8_t max_ttl = 255;

    friend bool operator==(const UnicastPeer &a, const IpAddress &b) {
        return a.address == b;
    }
};

// The sync_group to which the router belongs: its members are MASTER together.
struct Membership {
    std::string group;  // empty: none
    // Between equal priorities, the first member compares the addresses; the
    // others only if the first one does not hear the other router.
    bool first = true;
};

// A vrrp_instance with virtual addresses of both families is two routers with
// one name. Operators see one instance, with the events of the first one.
enum class Part : std::uint8_t { whole, first, second };

struct Config {
    std::string name;
    Part part = Part::whole;
    std::string interface;
    // The moment within each interval at which advertisements are due: routers
    // that share it share their wake-ups. Nothing: one interval after the
    // previous advertisement.
    std::optional<Duration> advert_phase;
    std::vector<VirtualAddress> more_addresses;  // of the second part
    // use_vmac: the device with the virtual MAC address, which most addresses
    // are on; empty: none. Adverts are sent from it, or from its base.
    std::string vmac;
    bool vmac_xmit_base = false;
    // A master holds them, too, in this order.
    std::vector<Route> routes;
    std::vector<Rule> rules;
    std::optional<IpAddress> source;  // else the interface's primary address
    std::uint8_t unicast_ttl = 255;
    wire::ChecksumForm checksum = wire::ChecksumForm::pseudo_header;
    Duration leave_time{0};                 // see election
    const char *held_by = "startup_delay";  // or delay_after_boot
    // A link is a fault when it was down for this time.
    Duration link_down_delay{0};
    AnnouncePolicy announce;
    WorkerPolicy workers;
    // Peers learn its state on a peer link of the interface.
    bool peer_link = false;
    // takeover_check: before it takes over after silence, it asks a linked node
    // that says that it is active.
    bool takeover_check = false;
    // After silence it takes over only if its witness answers.
    bool witness = false;
    // When another router has the addresses, connections to these ports of the
    // addresses are closed. nginx listens on them.
    bool close_connections = false;
    std::vector<std::uint16_t> ports;
    // When it leaves and its successor forwards packets, it finishes these
    // connections for this time at most. 0: none of them.
    Duration drain_timeout{0};
    std::optional<HmacConfig> hmac;  // in place of authentication, any version

    // Each advertisement that is received needs what follows: it lies together.

    std::optional<IpAddress> group;  // else that of the RFC
    Family family = Family::ipv4;
    Version version{};
    Vrid vrid{1};
    Priority priority;
    // Without it, no other router is heard, and none hears us: active unless
    // there is a fault. At the end the addresses stay for leave_time.
    bool election = true;
    bool preempt = false;
    wire::Authentication authentication;  // v2 only
    // The number of advertisements without which the active router is down.
    unsigned down_adverts = kDownAdverts;
    Duration advert_interval{0};
    // Empty = multicast. One of them may be this node: our source address.
    std::vector<UnicastPeer> unicast_peers;
    std::vector<VirtualAddress> addresses;  // of any family; first advertised()
    Duration preempt_delay{0};
    PreemptWindows preempt_windows;  // none: always
    // startup_delay: until then we listen, and do not become active. A state
    // that another process of this node hands over is continued anyway.
    Instant not_before{};
    // link_up_delay: the same for this time after the link came back.
    Duration link_up_delay{0};
    Membership sync;

    bool is_unicast() const { return !unicast_peers.empty(); }
    bool is_grouped() const { return !sync.group.empty(); }
    bool is_second() const { return part == Part::second; }
    // The sync_group of the configuration; empty: none, or an inner one.
    std::string_view group_name() const {
        return part != Part::whole && sync.group == name ? std::string_view{}
                                                         : sync.group;
    }
    bool has_vmac() const { return !vmac.empty(); }

    // Those that advertisements list, in the order of the configuration:
    // keepalived before 2.3.3 compares lists.
    std::span<const VirtualAddress> advertised() const {
        const auto end =
            std::ranges::find_if(addresses, &VirtualAddress::excluded);
        return {addresses.begin(), end};
    }
};

// RFC 9568, 7.3.
inline MacAddress virtual_mac(Family family, Vrid vrid) {
    const std::uint8_t number = family == Family::ipv4 ? 1 : 2;
    return {0x00, 0x00, 0x5e, 0x00, number, to_number(vrid)};
}

inline MacAddress virtual_mac(const Config &config) {
    return virtual_mac(config.family, config.vrid);
}

}  // namespace ngx_vrrp::vrrp
