#include "core/probe/gateways.hpp"

#include <linux/rtnetlink.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>

#include "core/net/domain.hpp"

namespace ngx_vrrp::probe {

namespace {

// A router with all routes of the internet has a million of them.
constexpr std::size_t kMany = 1000;
constexpr std::size_t kMost = 2'000'000;
constexpr Duration kReadManyAgain = Seconds{10};

constexpr unsigned kUnusable = RTNH_F_DEAD | RTNH_F_LINKDOWN;

using Attributes = std::array<nlattr *, RTA_MAX + 1>;

std::uint32_t number_of(const nlattr *attribute, std::uint32_t otherwise) {
    std::uint32_t number = otherwise;
    if (attribute != nullptr &&
        nla_len(attribute) == static_cast<int>(sizeof(number))) {
        std::memcpy(&number, nla_data(attribute), sizeof(number));
    }
    return number;
}

std::optional<Gateway> to_gateway(Family family, const nlattr *address,
                                  std::uint32_t interface) {
    if (address == nullptr ||
        net::value_of(address).size() != address_size(family)) {
        return std::nullopt;
    }
    return Gateway{IpAddress::from_octets(net::value_of(address)),
                   IfIndex{interface}};
}

// The first usable one of several that share a route.
std::optional<Gateway> find_hop(Family family, const nlattr *hops) {
    const Bytes bytes = net::value_of(hops);
    std::size_t at = 0;
    while (bytes.size() - at >= sizeof(rtnexthop)) {
        rtnexthop hop;
        std::memcpy(&hop, bytes.data() + at, sizeof(hop));
        if (hop.rtnh_len < sizeof(hop) || hop.rtnh_len > bytes.size() - at) {
            break;
        }
        auto *first = reinterpret_cast<nlattr *>(
            const_cast<std::uint8_t *>(bytes.data() + at + sizeof(hop)));
        const auto gateway = to_gateway(
            family,
            nla_find(first, static_cast<int>(hop.rtnh_len - sizeof(hop)),
                     RTA_GATEWAY),
            static_cast<std::uint32_t>(hop.rtnh_ifindex));
        if (gateway && (hop.rtnh_flags & kUnusable) == 0) {
            return gateway;
        }
        at += RTNH_ALIGN(std::size_t{hop.rtnh_len});
        at = std::min(at, bytes.size());
    }
    return std::nullopt;
}

}  // namespace

void DefaultRoute::look_at(nlmsghdr *message, Family family) {
    ++routes;
    const auto *route = net::header_of<rtmsg>(message);
    if (route == nullptr || message->nlmsg_type != RTM_NEWROUTE ||
        route->rtm_family != net::domain_of(family) ||
        route->rtm_dst_len != 0 || route->rtm_type != RTN_UNICAST ||
        (route->rtm_flags & (kUnusable | RTM_F_CLONED)) != 0) {
        return;
    }
    Attributes attributes{};
    if (nlmsg_parse(message, sizeof(rtmsg), attributes.data(), RTA_MAX,
                    nullptr) < 0 ||
        number_of(attributes[RTA_TABLE], route->rtm_table) != RT_TABLE_MAIN) {
        return;
    }
    const auto found = attributes[RTA_MULTIPATH] != nullptr
                           ? find_hop(family, attributes[RTA_MULTIPATH])
                           : to_gateway(family, attributes[RTA_GATEWAY],
                                        number_of(attributes[RTA_OIF], 0));
    const std::uint32_t of_found = number_of(attributes[RTA_PRIORITY], 0);
    if (found && (!gateway || of_found < metric)) {
        gateway = found;
        metric = of_found;
    }
}

std::optional<Gateway> Gateways::find(Family family, Instant now) {
    Known &known = known_[family == Family::ipv4 ? 0 : 1];
    if (now >= known.valid_until) {
        read(family, known, now);
    }
    return known.gateway;
}

// If they cannot be read, or change while they are read, the gateway is still
// the one that is known.
void Gateways::read(Family family, Known &known, Instant now) {
    open_ = open_ || routes_.open().has_value();
    if (!open_) {
        return;
    }
    rtmsg body{};
    body.rtm_family = net::domain_of(family);
    body.rtm_table = RT_TABLE_MAIN;
    DefaultRoute found;
    const int error = routes_.exchange(
        net::make_message(RTM_GETROUTE, NLM_F_DUMP, body),
        [&](nlmsghdr *message) { found.look_at(message, family); }, kMost);
    if (error == 0) {
        known.gateway = found.gateway;
    } else {
        open_ = false;  // an answer that was not read would be in the way
    }
    known.valid_until = found.routes > kMany ? now + kReadManyAgain : now;
}

}  // namespace ngx_vrrp::probe
