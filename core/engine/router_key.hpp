// Identifies a virtual router: unique on a node, and the name by which the
// processes of the node find each other.
#pragma once

#include <compare>
#include <string>

#include "core/base/types.hpp"

namespace ngx_vrrp::engine {

struct RouterKey {
    std::string interface;
    Family family = Family::ipv4;
    Vrid vrid{1};
    // Of a router without an election, whose VRID means nothing.
    std::string name{};

    friend bool operator==(const RouterKey &, const RouterKey &) = default;

    // The member that differs most comes first.
    friend std::strong_ordering operator<=>(const RouterKey &a,
                                            const RouterKey &b) {
        if (a.vrid != b.vrid) {
            return a.vrid <=> b.vrid;
        }
        if (a.family != b.family) {
            return a.family <=> b.family;
        }
        if (a.interface != b.interface) {
            return a.interface <=> b.interface;
        }
        return a.name <=> b.name;
    }
};

// "51/ipv4/eth0", "instance NAME/ipv4/lo"
inline std::string to_string(const RouterKey &key) {
    return (key.name.empty() ? std::to_string(to_number(key.vrid))
                             : "instance " + key.name) +
           (key.family == Family::ipv4 ? "/ipv4/" : "/ipv6/") + key.interface;
}

}  // namespace ngx_vrrp::engine
