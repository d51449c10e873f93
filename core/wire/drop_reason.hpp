// The reason for which a received packet was dropped: at the same time the
// result of the parser, the index of the counter, and the word in log, status
// and metrics.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "core/base/enum_name.hpp"

namespace ngx_vrrp::wire {

enum class DropReason : std::uint8_t {
    length,         // shorter or longer than its own fields say
    ttl,            // TTL or hop limit is not 255
    version,        // not the version this virtual router speaks
    type,           // not an ADVERTISEMENT
    checksum,       // wrong in all accepted forms
    interval,       // 0, or (VRRPv2) not ours
    address_count,  // no address at all
    vrid,           // no virtual router of ours on this interface
    auth_type,      // not the configured authentication type
    auth_data,      // wrong password or HMAC
    source,         // unicast from an address that is not a peer
    destination,    // multicast for a unicast router, or the reverse
    loop,           // our own packet came back
    auth_key,       // HMAC with a key that we do not have
    auth_time,      // HMAC, but the clocks differ too much
    auth_replay     // HMAC, but not newer than one that we have accepted
};

inline constexpr std::size_t kDropReasons = 16;

constexpr std::string_view to_string(DropReason reason) {
    constexpr std::array<std::string_view, kDropReasons> names{
        "length",    "ttl",       "version",       "type",
        "checksum",  "interval",  "address_count", "vrid",
        "auth_type", "auth_data", "source",        "destination",
        "loop",      "auth_key",  "auth_time",     "auth_replay"};
    return name_of(reason, names);
}

}  // namespace ngx_vrrp::wire
