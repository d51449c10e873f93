// Nodes whose nginx has ended, by the word of their kernels: it refused a
// connection of the peer link. A firewall can refuse one, too, and an address
// can belong to another host meanwhile. A node that advertises after that has
// not ended, and what looks like its end is not believed for some time.
#pragma once

#include <algorithm>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "core/base/ip.hpp"
#include "core/base/time.hpp"
#include "core/engine/handover.hpp"

namespace ngx_vrrp::engine {

struct NodeDeath {
    // The source of its advertisements on an interface.
    struct Place {
        std::string interface;
        IpAddress address;

        friend bool operator==(const Place &, const Place &) = default;
    };

    std::uint64_t node{};  // the id of its vrrp process on peer links
    std::vector<Place> places;
    std::string text;  // "lb1 (192.168.64.11) has ended: ..."

    bool is_at(const Place &place) const {
        return std::ranges::find(places, place) != places.end();
    }
};

// The last ones.
class NodeDeaths {
public:
    // It is believed, and noted.
    bool believe(const NodeDeath &death, Instant now) {
        std::erase_if(list_,
                      [&](const Noted &noted) { return now >= noted.until; });
        if (std::ranges::any_of(list_, [&](const Noted &noted) {
                return noted.wrong && is_same(noted.death, death);
            })) {
            return false;
        }
        add({death, now + kDistrust, false});
        return true;
    }

    // A router there advertises, perhaps to an earlier process of this node.
    void disprove(const NodeDeath::Place &place, Instant until) {
        bool is_noted = false;
        for (Noted &noted : list_) {
            if (noted.death.is_at(place)) {
                is_noted = true;
                if (!std::exchange(noted.wrong, true)) {
                    noted.until = until;
                    disproved_.push_back(noted.death);
                }
            }
        }
        if (!is_noted) {
            add({{0, {place}, {}}, until, true});
        }
    }

    // Since the last call.
    std::vector<NodeDeath> take_disproved() {
        return std::exchange(disproved_, {});
    }

private:
    static constexpr std::size_t kMost = 32;

    struct Noted {
        NodeDeath death;
        Instant until{};
        bool wrong = false;
    };

    void add(Noted noted) {
        if (list_.size() >= kMost) {
            list_.erase(list_.begin());
        }
        list_.push_back(std::move(noted));
    }

    static bool is_same(const NodeDeath &a, const NodeDeath &b) {
        return a.node == b.node ||
               std::ranges::any_of(
                   a.places, [&](const auto &place) { return b.is_at(place); });
    }

    std::vector<Noted> list_;
    std::vector<NodeDeath> disproved_;
};

}  // namespace ngx_vrrp::engine
