#include "core/engine/drop_report.hpp"

namespace ngx_vrrp::engine {

namespace {

using wire::DropReason;

bool is_disagreement(DropReason reason) {
    switch (reason) {
        case DropReason::version:
        case DropReason::interval:
        case DropReason::auth_type:
        case DropReason::auth_data:
        case DropReason::source:
        case DropReason::destination:
            return true;
        default:
            return false;
    }
}

const char *advice(DropReason reason) {
    switch (reason) {
        case DropReason::length:
            return "its length does not fit its fields";
        case DropReason::ttl:
            return "its TTL is not 255, so it was routed or forged";
        case DropReason::version:
            return "it speaks another version, make \"version\" equal";
        case DropReason::type:
            return "it is not an advertisement";
        case DropReason::checksum:
            return "its checksum is wrong";
        case DropReason::interval:
            return "its interval differs, which VRRPv2 forbids, make "
                   "\"advert_int\" equal";
        case DropReason::address_count:
            return "it has no address";
        case DropReason::vrid:
            return "its virtual router id is not ours";
        case DropReason::auth_type:
            return "its authentication type differs, make "
                   "\"authentication\" equal";
        case DropReason::auth_data:
            return "its password differs, make \"authentication\" equal";
        case DropReason::source:
            return "it is not from a peer, see \"unicast_peer\"";
        case DropReason::destination:
            return "one of us uses unicast and the other multicast, see "
                   "\"unicast_peer\"";
        case DropReason::loop:
            return "it has our own source address: a loop in the network, or "
                   "another node with our address";
    }
    return "";
}

}  // namespace

DropReport describe_drop(DropReason reason, const ReceivedPacket &packet) {
    return {is_disagreement(reason) ? LogLevel::warn : LogLevel::info,
            format("dropped an advertisement from %s: %s",
                   packet.info.endpoints.source.to_string().c_str(),
                   advice(reason))};
}

std::string suppressed_note(unsigned suppressed) {
    return suppressed == 0
               ? std::string{}
               : format(", %u more since the last such line", suppressed);
}

}  // namespace ngx_vrrp::engine
