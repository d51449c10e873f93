// The messages of a peer link: octets <-> values.
//
//  0                   1                   2                   3
//  0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
// +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
// |           Length              |     Type      |      0        |
// +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
// |                           Sequence                            |
// +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
// |  payload, and with a secret an HMAC-SHA256 of all before it    |
//
// Length counts all octets of the message. The sequence begins with 0 in each
// direction, and every message has the next number.
//
// The format is open for later versions: a type that is not known is skipped,
// and so are octets after those that are known of a payload or of an entry. So
// a later version may add types, and octets at the end. Everything is bounded.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/base/bytes.hpp"
#include "core/base/enum_name.hpp"
#include "core/base/result.hpp"
#include "core/base/types.hpp"

namespace ngx_vrrp::peer {

// The numbers are those of the wire.
enum class Type : std::uint8_t {
    hello = 1,      // the first one in each direction
    about = 2,      // the second one
    status = 3,     // all virtual routers of the interface
    alive = 4,      // nothing has changed
    bye = 5,        // the last one
    question = 6,   // which of your virtual routers are MASTER now?
    answer = 7,     // the payload of status, made at this moment, and that of
                    // the question
    order = 8,      // of successors, see order.hpp
    leaving = 9,    // of a MASTER that leaves, see handover.hpp
    taken = 10,     // of its successor
    details = 11,   // of the sender, see details.hpp
    relayed = 12,   // of another node
    drain = 13,     // of a MASTER that leaves, see drain.hpp
    forwards = 14,  // of its successor
    wants = 15      // of a node that would preempt: RouterIds, see handover.hpp
};

inline constexpr std::size_t kHeaderSize = 8;
inline constexpr std::size_t kMacSize = 32;
inline constexpr std::size_t kLargestMessage = 4096;
inline constexpr std::size_t kLargestPayload =
    kLargestMessage - kHeaderSize - kMacSize;

using Nonce = std::array<std::uint8_t, 32>;

// Random, of an nginx with all its vrrp processes. 0: none.
using NodeId = std::uint64_t;

// Before any authentication: says nothing about the node.
struct Hello {
    std::uint8_t version = 1;  // of this format
    bool has_secret = false;
    NodeId node{};
    Nonce nonce{};

    friend bool operator==(const Hello &, const Hello &) = default;
};

struct About {
    std::string router_id;
    std::string nginx_version;
    std::string version;  // of the module

    friend bool operator==(const About &, const About &) = default;
};

// The numbers are those of the wire.
enum class RouterState : std::uint8_t { init, backup, master, fault };

constexpr std::string_view to_string(RouterState state) {
    constexpr std::array<std::string_view, 4> names{"INIT", "BACKUP", "MASTER",
                                                    "FAULT"};
    return name_of(state, names);
}

// A virtual router of the interface that the link is on.
struct RouterStatus {
    Family family = Family::ipv4;
    Vrid vrid{};
    RouterState state{};
    Priority priority{0};  // effective
    // From a MASTER: the receiver is the one that takes over from it. A peer
    // that sends its order says more. No bool: it is read from shared memory,
    // where another octet can be.
    std::uint8_t you_are_next = 0;

    friend bool operator==(const RouterStatus &,
                           const RouterStatus &) = default;
};

using StatusList = std::vector<RouterStatus>;

// nullptr: the list has no such router.
const RouterStatus *find_router(const StatusList &list, Family family,
                                Vrid vrid);

// Each VRID in both families.
inline constexpr std::size_t kMostRouters = 510;

// Why a node ends a connection. The numbers are those of the wire.
enum class Farewell : std::uint8_t {
    unknown,
    quit,         // nginx ends
    reload,       // another process of the node continues
    duplicate,    // there is another connection
    unconfigured  // the configuration has no such link any more
};

constexpr std::string_view to_string(Farewell reason) {
    constexpr std::array<std::string_view, 5> names{
        "it closed the link", "its nginx is shutting down",
        "its nginx was reloaded", "there are two links",
        "its configuration has no link any more"};
    return name_of(reason, names);
}

// The length of the message that begins here; 0: not complete yet. Nothing: no
// message begins like this.
struct NotAMessage {};
Result<std::size_t, NotAMessage> message_length(Bytes octets);

struct Header {
    Type type{};
    std::uint32_t sequence = 0;
};

struct Message {
    Type type{};
    Buffer payload;
};

// message: at least kHeaderSize octets.
Header parse_header(Bytes message);

// Of a message with this payload; mac_size: of the octets that follow it.
Buffer serialize(const Header &header, Bytes payload, std::size_t mac_size);

// Payloads. An error is a payload that no version of this format has.
Result<Hello, NotAMessage> parse_hello(Bytes payload);
Buffer serialize(const Hello &hello);

Result<About, NotAMessage> parse_about(Bytes payload);
Buffer serialize(const About &about);

Result<StatusList, NotAMessage> parse_status(Bytes payload);
Buffer serialize(const StatusList &list);

// A number that the answer repeats. Nothing: from an earlier version.
using Token = std::optional<std::uint64_t>;

Token parse_question(Bytes payload);
Buffer serialize(const Token &question);

struct Answer {
    StatusList routers;
    Token question;

    friend bool operator==(const Answer &, const Answer &) = default;
};

Result<Answer, NotAMessage> parse_answer(Bytes payload);
Buffer serialize(const Answer &answer);

Farewell parse_bye(Bytes payload);
Buffer serialize(Farewell reason);

}  // namespace ngx_vrrp::peer
