// The settings of one virtual router, checked: nothing here needs another
// look (the configuration parser explains every mistake to the operator).
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "core/base/ip.hpp"
#include "core/base/time.hpp"
#include "core/base/types.hpp"
#include "core/vrrp/preempt_window.hpp"
#include "core/wire/advertisement.hpp"

namespace ngx_vrrp::vrrp {

struct VirtualAddress {
    IpAddress address;
    std::uint8_t prefix_length = 32;
    std::string interface;  // where it goes
    std::string label;      // empty, or an alias as in "eth0:1"
    // If something else has put it on this node, we replace or remove it.
    bool takeover = false;

    // The same address, whatever may be done with it.
    friend bool operator==(const VirtualAddress &a, const VirtualAddress &b) {
        return a.address == b.address && a.prefix_length == b.prefix_length &&
               a.interface == b.interface && a.label == b.label;
    }
};

// How a new master tells the LAN: gratuitous ARP, or unsolicited NA.
struct AnnouncePolicy {
    unsigned repeat = 5;          // garp_master_repeat: frames per address
    Duration delay = Seconds{5};  // garp_master_delay: second burst; 0 = none
    Duration refresh{0};          // garp_master_refresh: period; 0 = none
    unsigned refresh_repeat = 1;
};

// track_nginx: how many workers must have a fresh heartbeat.
struct WorkerPolicy {
    unsigned required = 1;  // 0 = workers are not watched
    Duration timeout = Seconds{2};

    friend bool operator==(const WorkerPolicy &,
                           const WorkerPolicy &) = default;
};

struct Config {
    std::string name;
    std::string interface;
    Family family = Family::ipv4;
    Version version = Version::v3;
    Vrid vrid{1};
    Priority priority;
    Duration advert_interval = Milliseconds{100};
    // When within each interval adverts are due: routers that share it share
    // their wake-ups. Nothing: an interval after the one before.
    std::optional<Duration> advert_phase;
    wire::Authentication authentication;  // v2 only
    std::vector<VirtualAddress> addresses;
    std::optional<IpAddress> source;  // else the interface's primary address
    std::vector<IpAddress> unicast_peers;  // empty = multicast
    bool preempt = true;
    Duration preempt_delay{0};
    PreemptWindows preempt_windows;  // none: always
    // startup_delay: until then we listen, and do not become active of our
    // own. What another process of this node was, we go on to be.
    Instant not_before{};
    // The same for so long after the link came back.
    Duration link_up_delay{0};
    AnnouncePolicy announce;
    WorkerPolicy workers;
    // Connections to the addresses end when another router has them: those of
    // these ports, on which nginx listens.
    bool close_connections = true;
    std::vector<std::uint16_t> ports;

    bool is_unicast() const { return !unicast_peers.empty(); }
};

}  // namespace ngx_vrrp::vrrp
