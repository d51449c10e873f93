#include "core/engine/drop_report.hpp"

namespace ngx_vrrp::engine {

namespace {

using wire::DropReason;

// A single packet may be damaged; packets of a peer with another configuration
// are repeated until one of the configurations changes.
LogLevel level_of(DropReason reason) {
    return reason == DropReason::length || reason == DropReason::type
               ? LogLevel::info
               : LogLevel::warn;
}

unsigned version_of(const ReceivedPacket &packet) {
    return packet.payload.empty() ? 0U : packet.payload[0] >> 4U;
}

std::string interval_advice(const vrrp::Config &config,
                            const wire::Advertisement *advert) {
    if (advert == nullptr) {
        return "its interval is 0, set \"advert_int\" there";
    }
    return format(
        "its interval is %lld ms, but \"advert_int\" is %lld ms here, and "
        "VRRPv2 requires the same: set the same \"advert_int\"",
        static_cast<long long>(to_ms(advert->interval)),
        static_cast<long long>(to_ms(config.advert_interval)));
}

std::string auth_type_advice(const vrrp::Config &config,
                             const wire::Advertisement *advert) {
    if (config.authentication.type == wire::AuthType::none) {
        return "it has authentication, but this node has none: remove it "
               "there, or set the same \"authentication\" here";
    }
    const bool none = advert != nullptr &&
                      advert->authentication.type == wire::AuthType::none;
    return std::string(none ? "it has no authentication"
                            : "it has a different authentication type") +
           ", but this node has PASS: set the same \"authentication\" there, "
           "or remove it here";
}

std::string destination_advice(const vrrp::Config &config,
                               const IpAddress &destination) {
    const bool ipv6 = config.family == Family::ipv6;
    if (!config.is_unicast() && destination.is_multicast()) {
        return format(
            "its group is %s, but ours is %s: set the same \"mcast_group%d\"",
            destination.to_string().c_str(),
            vrrp::multicast_group(config).to_string().c_str(), ipv6 ? 6 : 4);
    }
    return config.is_unicast()
               ? "it is multicast, but this node has \"unicast_peer\": list "
                 "the peers there, too, or remove \"unicast_peer\" here"
               : "it is unicast, but this node has no \"unicast_peer\": list "
                 "the peers here, too, or remove \"unicast_peer\" there";
}

// A packet whose TTL is not 255 was routed, or comes from a node with another
// unicast_ttl.
std::string ttl_advice(const vrrp::Config &config,
                       const vrrp::PacketInfo &packet) {
    const char *what = config.family == Family::ipv6 ? "hop limit" : "TTL";
    const IpAddress &source = packet.endpoints.source;
    const unsigned ttl = packet.ttl;
    const vrrp::UnicastPeer *peer = vrrp::find_peer(config, source);
    if (peer && ttl > peer->max_ttl) {
        return format(
            "its %s is %u and more than max_ttl=%u: remove \"max_ttl=\" of "
            "this peer here, or set \"unicast_ttl\" there",
            what, ttl, unsigned{peer->max_ttl});
    }
    const unsigned least = peer ? peer->min_ttl : vrrp::least_ttl(config);
    const std::string text = format(
        "its %s is %u and not %u%s, so it was routed or forged: connect both "
        "nodes to the same network",
        what, ttl, least, least < 255 ? " or more" : "");
    return peer ? text +
                      format(
                          ", or, if the peer has another \"unicast_ttl\", set "
                          "\"unicast_ttl 255;\" there, or, if there are "
                          "routers between the nodes, set \"unicast_peer %s "
                          "min_ttl=%u;\" here",
                          source.to_string().c_str(), ttl)
                : text;
}

// The problem, and the change that solves it.
std::string advice(DropReason reason, const ReceivedPacket &packet,
                   const vrrp::Config &config,
                   const wire::Advertisement *advert) {
    switch (reason) {
        case DropReason::length:
            return "its length does not match its fields";
        case DropReason::ttl:
            return ttl_advice(config, packet.info);
        case DropReason::version:
            return format(
                "it is VRRPv%u, but \"version\" is %u here: set the same "
                "\"version\" (keepalived: \"vrrp_version\")",
                version_of(packet), unsigned{to_number(config.version)});
        case DropReason::type:
            return "it is not an advertisement";
        case DropReason::checksum:
            return "its checksum is wrong: if this continues, look for a "
                   "device that changes packets, and remove "
                   "\"old_unicast_checksum\" from keepalived.conf";
        case DropReason::interval:
            return interval_advice(config, advert);
        case DropReason::address_count:
            return "it has no address, set the same \"virtual_ipaddress\" "
                   "there as here";
        case DropReason::vrid:
            return "its virtual router id differs, set the same "
                   "\"virtual_router_id\"";
        case DropReason::auth_type:
            return auth_type_advice(config, advert);
        case DropReason::auth_data:
            return "its password differs, set the same \"authentication\"";
        case DropReason::source:
            return "its source is not a peer: add it to \"unicast_peer\" "
                   "here, or remove this node from the list there";
        case DropReason::destination:
            return destination_advice(config,
                                      packet.info.endpoints.destination);
        case DropReason::loop:
            return "its source address is our own: give each node a different "
                   "address, or find the loop in the network";
    }
    return "";
}

}  // namespace

DropReport describe_drop(DropReason reason, const ReceivedPacket &packet,
                         const vrrp::Config &config,
                         const wire::Advertisement *advert) {
    return {level_of(reason),
            format("dropped an advertisement from %s: %s",
                   packet.info.endpoints.source.to_string().c_str(),
                   advice(reason, packet, config, advert).c_str())};
}

}  // namespace ngx_vrrp::engine
