// The BFD Control packet (RFC 5880, 4.1): octets <-> values. It is the payload
// of UDP (RFC 5881, RFC 5883). There is no authentication: a packet with the A
// bit is dropped, as 6.8.6 demands of a session that does not use it.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "core/base/bytes.hpp"
#include "core/base/enum_name.hpp"
#include "core/base/result.hpp"
#include "core/base/time.hpp"

namespace ngx_vrrp::bfd {

// The numbers are those of the wire.
enum class State : std::uint8_t { admin_down, down, init, up };

inline constexpr std::array<std::string_view, 4> kStates{"AdminDown", "Down",
                                                         "Init", "Up"};

constexpr std::string_view to_string(State state) {
    return name_of(state, kStates);
}

// Why a session went down last. The numbers are those of the wire.
enum class Diagnostic : std::uint8_t {
    none,
    detection_time_expired,
    echo_failed,
    neighbour_signaled_down,
    forwarding_plane_reset,
    path_down,
    concatenated_path_down,
    administratively_down,
    reverse_concatenated_path_down
};

inline constexpr std::array<std::string_view, 9> kDiagnostics{
    "none",
    "control detection time expired",
    "echo function failed",
    "neighbor signaled session down",
    "forwarding plane reset",
    "path down",
    "concatenated path down",
    "administratively down",
    "reverse concatenated path down"};

constexpr std::string_view to_string(Diagnostic diagnostic) {
    return name_of(diagnostic, kDiagnostics);
}

// The unit of all intervals in a packet.
using Microseconds = std::chrono::duration<std::uint32_t, std::micro>;

struct Packet {
    Diagnostic diagnostic{};
    State state = State::down;
    bool poll = false;
    bool final_ = false;
    bool control_plane_independent = false;
    bool demand = false;
    std::uint8_t multiplier = 0;
    std::uint32_t my_discriminator = 0;
    std::uint32_t your_discriminator = 0;
    Microseconds desired_min_tx{0};
    Microseconds required_min_rx{0};
    Microseconds required_min_echo_rx{0};

    friend bool operator==(const Packet &, const Packet &) = default;
};

// The reason for which a received packet was dropped.
enum class Drop : std::uint8_t {
    length,          // shorter than its own length, or than a header
    version,         // not 1
    multiplier,      // 0
    multipoint,      // the M bit
    discriminator,   // My Discriminator is 0, or Your Discriminator in state Up
    authentication,  // the A bit
    ttl,             // single hop, but the TTL is not 255 (RFC 5881, 5)
    session          // not of a session of ours
};

inline constexpr std::size_t kDrops = 8;

constexpr std::string_view to_string(Drop drop) {
    constexpr std::array<std::string_view, kDrops> names{
        "length",        "version",        "multiplier", "multipoint",
        "discriminator", "authentication", "ttl",        "session"};
    return name_of(drop, names);
}

// How many, by reason.
using Drops = std::array<std::uint64_t, kDrops>;

inline constexpr std::size_t kPacketSize = 24;

// The checks of RFC 5880, 6.8.6, that need no session. Octets after the length
// of the packet are ignored.
Result<Packet, Drop> parse(Bytes payload);

Buffer serialize(const Packet &packet);

}  // namespace ngx_vrrp::bfd
