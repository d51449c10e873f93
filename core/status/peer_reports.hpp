// What other nodes have reported about themselves, and the differences between
// the nodes, as octets for shared memory. Any process may write these octets:
// what cannot be read is left out.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "core/base/bytes.hpp"
#include "core/peer/drift.hpp"
#include "core/peer/exchange.hpp"

namespace ngx_vrrp::status {

inline constexpr std::size_t kPeerReportsRoom = 65'536;

struct PeerReport {
    peer::NodeId node{};
    peer::NodeId via{};     // the node that relays it; 0: none
    std::string interface;  // here
    // Our clocks minus its: since the boot, and the time of day.
    Duration boot_difference{0};
    Duration wall_difference{0};
    peer::Details details;

    friend bool operator==(const PeerReport &, const PeerReport &) = default;
};

struct PeerReports {
    std::vector<peer::Drift> drift;
    std::vector<PeerReport> nodes;

    friend bool operator==(const PeerReports &, const PeerReports &) = default;
};

// At most kPeerReportsRoom octets; nodes without room are left out.
Buffer serialize(const PeerReports &reports);
PeerReports parse_peer_reports(Bytes octets);

}  // namespace ngx_vrrp::status
