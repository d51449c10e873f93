// One connection of a peer link: greeting, authentication, the exchange of the
// status, the end. Octets and time in, octets out; the socket, the clock and
// random numbers are the caller's.
//
//     opener                              acceptor
//     hello (nonce) ------------------->
//                   <------------------- hello (nonce)
//     about (HMAC)  ------------------->                     up there
//                   <------------------- about (HMAC)        up here
//     status, alive <------------------> status, alive
//
// With a secret, each message after the hello has an HMAC. Its key is derived
// from the secret, from both hellos and from the direction: so it proves that
// the sender has the secret and answers in this connection, no message is
// accepted in another connection or from where it was sent to, and a changed
// hello makes all of them invalid. The sequence makes it impossible to repeat,
// reorder or leave out a message. An acceptor sends nothing about the node
// before the opener has proved that it has the secret.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

#include "core/base/bytes.hpp"
#include "core/base/time.hpp"
#include "core/peer/message.hpp"
#include "core/peer/order.hpp"

namespace ngx_vrrp::peer {

using Digest = std::array<std::uint8_t, kMacSize>;

// RFC 2104, with SHA-256. Nothing: it is not possible now.
using Hmac = std::function<std::optional<Digest>(Bytes key, Bytes text)>;

// Both ends send a message a second.
inline constexpr Duration kAliveInterval = Seconds{1};
inline constexpr Duration kSilence = Seconds{4};
// For the connection and the greeting.
inline constexpr Duration kGreetingTime = Seconds{3};
// A node has a message for each change of a router.
inline constexpr unsigned kMostPerSecond = 1000;

enum class Role : std::uint8_t { opener, acceptor };

// Why a session has ended.
enum class End : std::uint8_t {
    garbage,         // no message of this format
    flood,           // too many messages
    slow,            // no greeting in time
    silent,          // no message for kSilence
    no_secret,       // we have one, the peer has none
    secret_unknown,  // the peer has one, we have none
    wrong_secret,    // or a message that was changed on its way
    crypto,          // no HMAC is possible here
    self,            // it is this node
    bye              // the peer said so
};

std::string_view to_string(End end);

// What this node says about itself.
struct Identity {
    NodeId node{};
    About about;
    Buffer secret;  // empty: none
};

class Session {
public:
    // identity and hmac outlive it.
    Session(Role role, const Identity &identity, const Nonce &nonce,
            const Hmac &hmac, StatusList status, Instant now);

    // Received octets. A session that has ended ignores them.
    void receive(Bytes octets, Instant now);
    void handle_time(Instant now);
    std::optional<Instant> deadline() const;

    // Sends it, if the link is up and the list is another one.
    void set_status(const StatusList &status, Instant now);
    // A message of another type, with at most kLargestPayload octets. False:
    // the link is not up.
    bool post(Type type, Bytes payload, Instant now);
    // Messages of types that are not handled here, known or not, in their
    // order. They are to be taken after each receive(), whose octets bound
    // them.
    std::vector<Message> take_messages() { return std::exchange(inbox_, {}); }
    // The same for the order of successors.
    void set_order(const OrderList &order, Instant now);
    // The last message. The session has ended.
    void say_bye(Farewell reason, Instant now);

    // What is to be sent now.
    Buffer take_output() { return std::exchange(out_, {}); }

    Role role() const { return role_; }
    bool is_up() const { return state_ == State::up; }
    std::optional<End> ended() const { return end_; }
    Farewell farewell() const { return farewell_; }  // of End::bye

    // The other node; 0: not known yet. Proved if the link is up and there is a
    // secret.
    NodeId node() const { return theirs_.node; }
    const About &about() const { return about_; }
    const StatusList &status() const { return status_; }
    const OrderList &order() const { return order_; }
    // about(), status() or order() may be another one than at the last call.
    bool take_news() { return std::exchange(news_, false); }
    // A message has been received: it is a peer that speaks this protocol.
    bool has_greeted() const { return state_ != State::greeting; }

private:
    enum class State : std::uint8_t { greeting, proving, up };

    void take(Bytes message, Instant now);
    void on_hello(Bytes message, Instant now);
    void on_about(Bytes payload, Instant now);
    void on_status(Bytes payload);
    void on_order(Bytes payload);
    void send_order(Instant now);
    bool derive_keys(Bytes our_hello, Bytes their_hello);
    bool is_authentic(Bytes message) const;
    bool is_flood(Instant now);
    void send(Type type, Bytes payload, Instant now);
    void end(End reason);

    Role role_;
    const Identity &identity_;
    const Hmac &hmac_;
    State state_ = State::greeting;
    std::optional<End> end_;
    Farewell farewell_{};
    Buffer in_;
    Buffer out_;
    std::vector<Message> inbox_;
    Buffer hello_;  // ours, as it was sent
    Hello theirs_;
    bool keyed_ = false;
    Digest send_key_{};
    Digest receive_key_{};
    std::uint32_t send_sequence_ = 0;
    std::uint32_t receive_sequence_ = 0;
    StatusList ours_;
    OrderList our_order_;
    About about_;
    StatusList status_;
    OrderList order_;
    OrderList order_parts_;  // before the last one
    bool news_ = false;
    Instant began_;
    Instant heard_;
    Instant sent_;
    Instant second_;
    unsigned in_second_ = 0;
};

}  // namespace ngx_vrrp::peer
