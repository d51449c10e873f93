// Differences between nodes that should not exist, by their details: what
// VRRP needs on all nodes, and what usually is the same.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "core/base/time.hpp"
#include "core/peer/details.hpp"

namespace ngx_vrrp::peer {

// Of one peer, or of all.
inline constexpr std::size_t kMostDrift = 64;

// A difference must last for this time: a new configuration comes to one node
// after the other.
inline constexpr Duration kDriftSettles = Seconds{3};
// Without details of the peer, it is supposed to last for this time.
inline constexpr Duration kDriftKept = Seconds{600};

// "VI_1: address 192.168.64.201/24 is missing on lb2"
std::vector<std::string> differences(const Details &ours,
                                     const Details &theirs);

struct Drift {
    std::string peer;  // its name
    std::string text;
    Instant since{};
    bool reported = false;
    Instant seen{};  // the last time; not in the status

    friend bool operator==(const Drift &, const Drift &) = default;
};

struct DriftNews {
    std::string peer;
    std::string text;
    bool over = false;
};

// Finds out which differences are new, and which are over.
class DriftWatch {
public:
    // Those that a previous process of this node has reported.
    void take_over(std::vector<Drift> list, Instant now);

    // All differences with this peer. Not called for a peer without details.
    void set(const std::string &peer, const std::vector<std::string> &texts,
             Instant now);
    // After set() for each peer.
    void settle(Instant now);

    // Those that were reported.
    std::vector<Drift> list() const;
    std::vector<DriftNews> take_news() { return std::exchange(news_, {}); }

private:
    std::vector<Drift> list_;
    std::vector<DriftNews> news_;
};

}  // namespace ngx_vrrp::peer
