#include "core/engine/drop_report.hpp"

namespace ngx_vrrp::engine {

namespace {

using wire::DropReason;

// A single one may be damaged; those of a peer that says something else come
// again and again, until somebody changes something.
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
        return "its interval is 0, give it an \"advert_int\"";
    }
    return format(
        "its interval is %lld ms, here \"advert_int\" is %lld ms, and VRRPv2 "
        "needs the same: make \"advert_int\" equal",
        static_cast<long long>(to_ms(advert->interval)),
        static_cast<long long>(to_ms(config.advert_interval)));
}

std::string auth_type_advice(const vrrp::Config &config,
                             const wire::Advertisement *advert) {
    if (config.authentication.type == wire::AuthType::none) {
        return "it has an authentication, here is none: take it out there, or "
               "set the same \"authentication\" here";
    }
    const bool none = advert != nullptr &&
                      advert->authentication.type == wire::AuthType::none;
    return std::string(none ? "it has no authentication"
                            : "it has another type of authentication") +
           ", here it is PASS: set the same \"authentication\" there, or take "
           "it out here";
}

std::string destination_advice(const vrrp::Config &config) {
    return config.is_unicast()
               ? "it came by multicast, here is a \"unicast_peer\": list the "
                 "peers there, too, or take \"unicast_peer\" out here"
               : "it came by unicast, here is no \"unicast_peer\": list the "
                 "peers here, too, or take \"unicast_peer\" out there";
}

// A peer whose TTL is not 255 was routed, or is a keepalived that has another
// unicast_ttl.
std::string ttl_advice(const vrrp::Config &config, unsigned ttl) {
    const bool ipv6 = config.family == Family::ipv6;
    const unsigned least = vrrp::least_ttl(config);
    const std::string text = format(
        "its %s is %u and not %u%s, so it was routed or forged: put "
        "both nodes into one network",
        ipv6 ? "hop limit" : "TTL", ttl, least, least < 255 ? " or more" : "");
    return config.is_unicast()
               ? text +
                     ", and if the peer is a keepalived, set its "
                     "\"unicast_ttl 255\""
               : text;
}

// What is wrong, and what to change.
std::string advice(DropReason reason, const ReceivedPacket &packet,
                   const vrrp::Config &config,
                   const wire::Advertisement *advert) {
    switch (reason) {
        case DropReason::length:
            return "its length does not fit its fields";
        case DropReason::ttl:
            return ttl_advice(config, packet.info.ttl);
        case DropReason::version:
            return format(
                "it speaks VRRPv%u, here \"version\" is %u: make "
                "\"version\" equal (keepalived: \"vrrp_version\")",
                version_of(packet), unsigned{to_number(config.version)});
        case DropReason::type:
            return "it is not an advertisement";
        case DropReason::checksum:
            return "its checksum is wrong: if that goes on, look for what "
                   "changes packets on their way, and take "
                   "\"old_unicast_checksum\" out of a keepalived.conf";
        case DropReason::interval:
            return interval_advice(config, advert);
        case DropReason::address_count:
            return "it has no address, give it the same \"virtual_ipaddress\" "
                   "as here";
        case DropReason::vrid:
            return "its virtual router id is not ours, make "
                   "\"virtual_router_id\" equal";
        case DropReason::auth_type:
            return auth_type_advice(config, advert);
        case DropReason::auth_data:
            return "its password differs, make \"authentication\" equal";
        case DropReason::source:
            return "it is not from a peer: add it to \"unicast_peer\" here, or "
                   "take this node out of the list there";
        case DropReason::destination:
            return destination_advice(config);
        case DropReason::loop:
            return "it has our own source address: give each node an address "
                   "of its own, or find the loop in the network";
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
