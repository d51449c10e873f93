// The messages "drain" and "forwards": a node that gives virtual routers up
// finishes the connections to their addresses. Its successor sends it what
// arrives for them. The node that leaves asks for this before it leaves, and
// repeats the message each second as long as connections are left, with their
// number. The successor answers each of them. So both of them, and a new
// process of either, know what is agreed, and silence ends it.
//
// "drain":
//
//  0                   1                   2                   3
//  0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
// +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
// |  Entry size   |       0       |            Count              |
// |        MAC address of the node that leaves    |       0       |
// +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//
// and an entry for each router: family, VRID, step, 0, the number of
// connections (4), the seconds until it ends at the latest (4).
//
// "forwards" begins in the same way, with the MAC address of the successor.
// The reason why it does not forward (a text) follows, and an entry for each
// router: family, VRID, whether it forwards, 0, the number of segments that it
// has forwarded (8).
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "core/base/bytes.hpp"
#include "core/base/result.hpp"
#include "core/base/types.hpp"
#include "core/peer/message.hpp"

namespace ngx_vrrp::peer {

// In a message; more are sent in another one.
inline constexpr std::size_t kMostDrains = 255;

// The numbers are those of the wire.
enum class DrainStep : std::uint8_t {
    asks = 1,    // it is still MASTER
    drains = 2,  // it has left
    ended = 3    // nothing is to be forwarded any more
};

struct RouterDrain {
    Family family = Family::ipv4;
    Vrid vrid{};
    DrainStep step{};
    std::uint32_t connections = 0;
    std::uint32_t seconds = 0;

    friend bool operator==(const RouterDrain &, const RouterDrain &) = default;
};

struct Drain {
    MacAddress mac{};
    std::vector<RouterDrain> routers;

    friend bool operator==(const Drain &, const Drain &) = default;
};

Result<Drain, NotAMessage> parse_drain(Bytes payload);
// At most kMostDrains.
Buffer serialize(const Drain &drain);

struct RouterForward {
    Family family = Family::ipv4;
    Vrid vrid{};
    bool is_in_place = false;
    std::uint64_t segments = 0;

    friend bool operator==(const RouterForward &,
                           const RouterForward &) = default;
};

struct Forwards {
    MacAddress mac{};
    std::string why_not;  // of the first one that is not in place
    std::vector<RouterForward> routers;

    friend bool operator==(const Forwards &, const Forwards &) = default;
};

Result<Forwards, NotAMessage> parse_forwards(Bytes payload);
// At most kMostDrains.
Buffer serialize(const Forwards &forwards);

}  // namespace ngx_vrrp::peer
