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
    if (config.hmac) {
        return "it has a password, but this node has \"authentication HMAC\": "
               "set the same there";
    }
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

// The name of the authentication of this node.
const char *name_of_ours(const vrrp::Config &config) {
    if (config.hmac) {
        return "HMAC";
    }
    return config.authentication.type == wire::AuthType::none ? "none" : "PASS";
}

// Of an advertisement whose trailer is missing, unknown, or not expected.
std::string trailer_advice(const vrrp::Config &config,
                           const AuthRefusal &refusal) {
    if (!config.hmac) {
        return format(
            "it has an HMAC, but the authentication of this node is %s: set "
            "the same \"authentication HMAC\" here, or remove it there",
            name_of_ours(config));
    }
    if (!refusal.trailer) {
        return "it has no HMAC, but this node has \"authentication HMAC\": set "
               "the same keys there, or \"mode=permissive\" here until all "
               "nodes have them";
    }
    return format(
        "the type of its authentication trailer is %u, this node supports "
        "only type %u (HMAC-SHA256-128)",
        unsigned{refusal.trailer->type}, unsigned{wire::kHmacTrailerType});
}

std::string time_advice(const vrrp::Config &config,
                        const AuthRefusal &refusal) {
    const auto ahead = static_cast<long long>(refusal.ahead.count());
    return format(
        "its clock is %lld s %s that of this node, and \"time_window\" is "
        "%lld s: synchronize the clocks of both nodes; if they are right, "
        "the advertisement is an old one that was sent again",
        ahead < 0 ? -ahead : ahead, ahead < 0 ? "behind" : "ahead of",
        static_cast<long long>(config.hmac ? config.hmac->window.count() : 0));
}

// HMAC.
std::string authenticity_advice(DropReason reason, const vrrp::Config &config,
                                const AuthRefusal &refusal) {
    const unsigned key = refusal.trailer ? refusal.trailer->key_id : 0;
    switch (reason) {
        case DropReason::auth_key:
            return format(
                "it is signed with key %u, which this node does not have: add "
                "\"key=%u:...\" to \"authentication HMAC\" here",
                key, key);
        case DropReason::auth_data:
            return format(
                "its HMAC is wrong: key %u must be the same on all nodes "
                "(keepalived: 2.4.2 or newer)",
                key);
        case DropReason::auth_time:
            return time_advice(config, refusal);
        case DropReason::auth_replay:
            return "it is not newer than the last one from there: it was "
                   "recorded and sent again, or the clock there was set back";
        default:
            return trailer_advice(config, refusal);
    }
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
                          "\"unicast_ttl 255\" there (keepalived has "
                          "it, too), or, if there are "
                          "routers between the nodes, set \"unicast_peer %s "
                          "min_ttl=%u;\" here",
                          source.to_string().c_str(), ttl)
                : text;
}

// The problem, and the change that solves it.
std::string advice(DropReason reason, const ReceivedPacket &packet,
                   const vrrp::Config &config,
                   const wire::Advertisement *advert,
                   const AuthRefusal *refusal) {
    if (refusal != nullptr) {
        return authenticity_advice(reason, config, *refusal);
    }
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
        case DropReason::auth_key:
        case DropReason::auth_time:
        case DropReason::auth_replay:
            return authenticity_advice(reason, config, {});
    }
    return "";
}

}  // namespace

DropReport describe_drop(DropReason reason, const ReceivedPacket &packet,
                         const vrrp::Config &config,
                         const wire::Advertisement *advert,
                         const AuthRefusal *refusal) {
    return {level_of(reason),
            format("dropped an advertisement from %s: %s",
                   packet.info.endpoints.source.to_string().c_str(),
                   advice(reason, packet, config, advert, refusal).c_str())};
}

}  // namespace ngx_vrrp::engine
