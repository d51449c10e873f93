#include "core/vrrp/admission.hpp"

#include <algorithm>
#include <iterator>
#include <vector>

#include "core/base/find.hpp"
#include "core/base/log.hpp"

namespace ngx_vrrp::vrrp {

namespace {

using wire::DropReason;

constexpr std::uint8_t kTtl = 255;

// The number of addresses in a list that an operator can still read.
constexpr std::size_t kNamedAddresses = 4;

// Without authentication the data is ignored (RFC 3768, 5.3.10), as keepalived
// does.
std::optional<DropReason> refuse_authentication(
    const wire::Authentication &ours, const wire::Authentication &theirs) {
    if (theirs.type != ours.type) {
        return DropReason::auth_type;
    }
    if (ours.type != wire::AuthType::none &&
        !wire::equal_in_constant_time(ours.data, theirs.data)) {
        return DropReason::auth_data;
    }
    return std::nullopt;
}

// RFC 3768, 7.1: "MUST verify that the Adver Interval in the packet is the
// same as the locally configured for this virtual router. If the above check
// fails, the receiver MUST discard the packet".
std::optional<DropReason> refuse_v2(const Config &config,
                                    const wire::Advertisement &advert) {
    const auto reason =
        refuse_authentication(config.authentication, advert.authentication);
    return reason || advert.interval == config.advert_interval
               ? reason
               : DropReason::interval;
}

std::optional<DropReason> refuse_route(const Config &config,
                                       const wire::Endpoints &endpoints) {
    if (!config.is_unicast()) {
        return endpoints.destination == multicast_group(config)
                   ? std::nullopt
                   : std::optional{DropReason::destination};
    }
    if (endpoints.destination.is_multicast()) {
        return DropReason::destination;
    }
    return find_peer(config, endpoints.source)
               ? std::nullopt
               : std::optional{DropReason::source};
}

// RFC 9568, 5.1.1.3: "A VRRP Router receiving a packet with the TTL not equal
// to 255 MUST discard the packet". The sender could be outside of this network.
bool refuse_ttl(const Config &config, const PacketInfo &packet) {
    const UnicastPeer *peer = find_peer(config, packet.endpoints.source);
    return peer ? packet.ttl < peer->min_ttl || packet.ttl > peer->max_ttl
                : packet.ttl < least_ttl(config);
}

using Addresses = std::vector<IpAddress>;

Addresses advertised_by_us(const Config &config) {
    Addresses list;
    for (const VirtualAddress &address : config.advertised()) {
        list.push_back(address.address);
    }
    return list;
}

// Both lists are sorted.
Addresses missing_from(const Addresses &list, const Addresses &all) {
    Addresses missing;
    std::ranges::set_difference(all, list, std::back_inserter(missing));
    return missing;
}

std::string enumerate(const Addresses &list) {
    std::string text;
    for (std::size_t i = 0; i < std::min(list.size(), kNamedAddresses); ++i) {
        text += (i == 0 ? "" : ", ") + list[i].to_string();
    }
    if (list.size() > kNamedAddresses) {
        text += format(" and %zu more", list.size() - kNamedAddresses);
    }
    return text;
}

std::string interval_mismatch(const Config &config,
                              const wire::Advertisement &advert,
                              const IpAddress &source) {
    if (advert.interval == config.advert_interval) {
        return {};
    }
    return source.to_string() + " advertises every " +
           std::to_string(to_ms(advert.interval)) +
           " ms, but advert_int here "
           "is " +
           std::to_string(to_ms(config.advert_interval)) +
           " ms: set the same advert_int";
}

std::string address_mismatch(const Config &config,
                             const wire::Advertisement &advert,
                             const IpAddress &source) {
    Addresses ours = advertised_by_us(config);
    Addresses theirs = advert.addresses;
    // the order does not matter
    std::ranges::sort(ours);
    std::ranges::sort(theirs);
    if (ours == theirs) {
        return {};
    }

    const Addresses extra = missing_from(ours, theirs);
    const Addresses lacking = missing_from(theirs, ours);
    std::string text = source.to_string();
    if (!extra.empty()) {
        text += " advertises " + enumerate(extra) +
                ", which is not a virtual_ipaddress here";
    }
    if (!lacking.empty()) {
        text += extra.empty() ? "" : ", and";
        text += " does not advertise " + enumerate(lacking) +
                ", which is a virtual_ipaddress here";
    }
    return text + ": configure the same addresses";
}

// Of two address owners, each would always preempt the other.
std::string owner_mismatch(const Config &config,
                           const wire::Advertisement &advert,
                           const IpAddress &source) {
    if (config.priority != kPriorityOwner ||
        advert.priority != kPriorityOwner) {
        return {};
    }
    return source.to_string() +
           " has priority 255 like this node, but only one router can own the "
           "addresses: lower one priority";
}

[[gnu::cold]] std::optional<std::string> describe_mismatch(
    const Config &config, const wire::Advertisement &advert,
    const IpAddress &source) {
    std::string text;
    for (const std::string &part : {interval_mismatch(config, advert, source),
                                    address_mismatch(config, advert, source),
                                    owner_mismatch(config, advert, source)}) {
        text += (text.empty() || part.empty() ? "" : "; ") + part;
    }
    return text.empty() ? std::nullopt : std::optional{text};
}

// Of nearly all advertisements: without a text, and without memory for one.
bool matches(const Config &config, const wire::Advertisement &advert) {
    return advert.interval == config.advert_interval &&
           (config.priority != kPriorityOwner ||
            advert.priority != kPriorityOwner) &&
           std::ranges::equal(advert.addresses, config.advertised(), {}, {},
                              &VirtualAddress::address);
}

}  // namespace

[[gnu::hot]] IpAddress multicast_group(Family family) {
    return family == Family::ipv4 ? IpAddress::v4({224, 0, 0, 18})
                                  : IpAddress::v6({0xff, 0x02, 0, 0, 0, 0, 0, 0,
                                                   0, 0, 0, 0, 0, 0, 0, 0x12});
}

[[gnu::hot]] IpAddress multicast_group(const Config &config) {
    return config.group.value_or(multicast_group(config.family));
}

[[gnu::hot]] std::uint8_t least_ttl(const Config &config) {
    const auto least = std::ranges::min_element(config.unicast_peers, {},
                                                &UnicastPeer::min_ttl);
    return config.is_unicast() ? least->min_ttl : kTtl;
}

[[gnu::hot]] const UnicastPeer *find_peer(const Config &config,
                                          const IpAddress &address) {
    return find_first(config.unicast_peers, address, &UnicastPeer::address);
}

[[gnu::hot]] std::optional<DropReason> refuse(const Config &config,
                                              const IpAddress &own_source,
                                              const wire::Advertisement &advert,
                                              const PacketInfo &packet) {
    if (refuse_ttl(config, packet)) {
        return DropReason::ttl;
    }
    if (packet.endpoints.source == own_source) {
        return DropReason::loop;
    }
    // RFC 9568, 7.1: "It MUST verify that the VRRP version is 3."
    if (advert.version != config.version) {
        return DropReason::version;
    }
    if (config.version == Version::v2) {
        if (const auto reason = refuse_v2(config, advert)) {
            return reason;
        }
    }
    return refuse_route(config, packet.endpoints);
}

// RFC 9568, 7.1 lets a receiver compare the addresses and asks it to log a
// difference. We must not ignore the active router for it: there would be two
// of them.
[[gnu::hot]] std::optional<std::string> mismatch(
    const Config &config, const wire::Advertisement &advert,
    const IpAddress &source) {
    return matches(config, advert) ? std::nullopt
                                   : describe_mismatch(config, advert, source);
}

}  // namespace ngx_vrrp::vrrp
