// Routes and rules of the kernel that a master holds besides its addresses.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "core/base/ip.hpp"
#include "core/base/log.hpp"

namespace ngx_vrrp::vrrp {

struct Network {
    IpAddress address;
    std::uint8_t prefix_length = 0;

    std::string to_string() const {
        return prefix_length == 0
                   ? "default"
                   : address.to_string() + "/" + std::to_string(prefix_length);
    }

    friend bool operator==(const Network &, const Network &) = default;
};

// The fate of the packets; the numbers are those of rtnetlink, for routes and
// for rules.
enum class RouteKind : std::uint8_t {
    usual = 1,  // sends them; of a rule: looks into its table
    blackhole = 6,
    unreachable = 7,
    prohibit = 8
};

constexpr std::uint32_t kMainTable = 254;

struct Route {
    RouteKind kind = RouteKind::usual;
    Network destination;
    std::optional<IpAddress> via;
    std::optional<IpAddress> source;
    std::string interface;  // empty: that of the gateway
    std::uint32_t table = kMainTable;
    std::uint32_t metric = 0;
    std::optional<std::uint8_t> scope;
    std::uint32_t mtu = 0;
    bool onlink = false;
    bool optional = false;  // no_track

    Family family() const { return destination.address.family(); }

    std::string to_string() const { return "route " + text(); }

    // The main words of "ip route".
    std::string text() const {
        return destination.to_string() +
               (via ? " via " + via->to_string() : "") +
               (interface.empty() ? "" : " dev " + interface) +
               (table == kMainTable ? "" : " table " + std::to_string(table)) +
               (metric == 0 ? "" : " metric " + std::to_string(metric));
    }
};

struct Rule {
    RouteKind kind = RouteKind::usual;
    Family family = Family::ipv4;
    std::optional<Network> from;
    std::optional<Network> to;
    std::string input;   // iif
    std::string output;  // oif
    std::uint32_t mark = 0;
    std::uint32_t mask = 0;
    std::uint32_t table = kMainTable;
    std::uint32_t priority = 0;
    bool optional = false;

    std::string to_string() const { return "rule " + text(); }

    std::string text() const {
        return std::to_string(priority) + " from " +
               (from ? from->to_string() : "all") +
               (to ? " to " + to->to_string() : "");
    }
};

// Where the kernel has room for one route; IPv6 has a default metric.
constexpr std::uint32_t metric_of(const Route &route) {
    constexpr std::uint32_t kDefault = 1024;
    return route.metric == 0 && route.family() == Family::ipv6 ? kDefault
                                                               : route.metric;
}

inline bool have_same_place(const Route &a, const Route &b) {
    return a.destination == b.destination && a.table == b.table &&
           metric_of(a) == metric_of(b);
}

// For a fingerprint.
inline std::string place_of(const Route &route) {
    return format("route %d %s %u %u", to_number(route.family()),
                  route.destination.to_string().c_str(), route.table,
                  metric_of(route));
}

inline std::string place_of(const Rule &rule) {
    return format("%d %s kind %u iif %s oif %s fwmark %u/%u table %u",
                  to_number(rule.family), rule.to_string().c_str(),
                  static_cast<unsigned>(rule.kind), rule.input.c_str(),
                  rule.output.c_str(), rule.mark, rule.mask,
                  rule.kind == RouteKind::usual ? rule.table : 0);
}

// there: in the kernel, at the place of the wanted one. IPv6 routes have no
// scope.
inline bool fits(const Route &there, const Route &wanted) {
    return there.kind == wanted.kind && there.via == wanted.via &&
           there.source == wanted.source && there.mtu == wanted.mtu &&
           (wanted.interface.empty() || there.interface == wanted.interface) &&
           (!wanted.scope || wanted.family() == Family::ipv6 ||
            there.scope == wanted.scope);
}

// A rule is identified by all that it says.
inline bool have_same_place(const Rule &a, const Rule &b) {
    return a.kind == b.kind && a.family == b.family && a.from == b.from &&
           a.to == b.to && a.input == b.input && a.output == b.output &&
           a.mark == b.mark && a.mask == b.mask &&
           (a.table == b.table || a.kind != RouteKind::usual) &&
           a.priority == b.priority;
}

inline bool fits(const Rule &, const Rule &) {
    return true;
}

}  // namespace ngx_vrrp::vrrp
