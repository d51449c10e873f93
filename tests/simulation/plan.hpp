// The configuration of one simulation: some nodes with the same virtual
// routers, chosen at random.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "core/bfd/session.hpp"
#include "core/engine/virtual_router.hpp"
#include "core/vrrp/config.hpp"
#include "tests/support/dice.hpp"

namespace ngx_vrrp::simulation {

using test::Dice;

using NodeNumber = std::size_t;

// The gateway of the BFD sessions has the number after the last node.
struct NodePlan {
    Priority priority;
    std::vector<IpAddress> ipv4;       // by network
    std::vector<IpAddress> ipv6;       // link-local
    std::vector<std::size_t> routers;  // in the order of its file
    Duration startup_delay{0};
    bool has_programs = true;  // its kernel takes those of a drain
};

enum class TrackerPlan : std::uint8_t { none, fault, weight };

// Of the peer links: one for each network and family.
struct LinkPlan {
    std::size_t network = 0;
    Family family{};

    friend bool operator==(const LinkPlan &, const LinkPlan &) = default;
};

// What the nodes have besides VRRP.
enum class Extras : std::uint8_t { none, links, witness, drains };

// Checks of a node.
inline constexpr check::CheckId kWebCheck = 0;
inline constexpr check::CheckId kWitnessCheck = 1;

struct Plan {
    static Plan random(Dice &dice, Extras extras);

    // As one line.
    std::string describe() const;

    // Of each router of all nodes. Its network is the number of its interface.
    std::vector<vrrp::Config> routers;
    std::vector<std::size_t> networks;  // of each router
    std::size_t network_count = 1;
    std::vector<NodePlan> nodes;
    TrackerPlan tracker{};
    bool has_bfd = false;
    bool bfd_has_weight = false;
    bfd::SessionConfig session;  // to the gateway
    bool watches_workers = false;
    std::vector<LinkPlan> links;
    bool takeover_check = false;
    bool names_peers = false;
    bool has_witness = false;
    bool has_drains = false;

    const IpAddress &source_of(std::size_t link, NodeNumber node) const {
        const auto &[network, family] = links[link];
        return (family == Family::ipv4 ? nodes[node].ipv4
                                       : nodes[node].ipv6)[network];
    }

    bool preempts() const { return routers.front().preempt; }
    // They are members of one group.
    bool are_together(std::size_t a, std::size_t b) const {
        return a == b || (routers[a].is_grouped() &&
                          routers[a].sync.group == routers[b].sync.group);
    }
    bool are_all_together() const;
    // In the order of their group: IPv4 before IPv6.
    bool is_earlier(std::size_t a, std::size_t b) const {
        return are_together(a, b) && std::pair{routers[a].family, a} <
                                         std::pair{routers[b].family, b};
    }

    // A planned move of this address cuts no connection.
    bool is_drained(const vrrp::VirtualAddress &address) const {
        return has_drains && !address.address.is_link_local();
    }

    // Of a node, in the order of its file.
    std::vector<engine::RouterConfig> configs_of(std::size_t node,
                                                 Instant started_at) const;

    // A router without a word from others becomes active within this time.
    Duration slowest_interval() const;
    Duration longest_skew() const;
    Duration takeover() const;
    // Until a router may become active, at most: delays, a BFD session, and
    // questions for the witness.
    Duration longest_delay() const;
};

const IpAddress &gateway_address();
std::string interface_of(std::size_t network);

}  // namespace ngx_vrrp::simulation
