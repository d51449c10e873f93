// One BFD session in asynchronous mode: the state machine and the timers of
// RFC 5880, 6.8. Packets and time go in, at most one packet for each call comes
// out. There is no echo function, no authentication, and no demand mode: the D
// bit is never sent, and one that a peer sends has no effect.
//
// All variables of a session are one plain value. The next vrrp process of this
// node continues with it, and the peer sees one session without a gap.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "core/base/dice.hpp"
#include "core/base/ip.hpp"
#include "core/base/time.hpp"
#include "core/bfd/packet.hpp"

namespace ngx_vrrp::bfd {

// RFC 5880, 6.8.3: not more often while the session is not Up.
inline constexpr Duration kSlowInterval = Seconds{1};

struct SessionConfig {
    IpAddress peer;
    std::optional<IpAddress> local{};
    std::string interface {};  // of a link-local peer; otherwise empty
    bool multihop = false;
    bool passive = false;
    Duration min_tx = Milliseconds{300};
    Duration min_rx = Milliseconds{300};
    std::uint8_t multiplier = 3;

    friend bool operator==(const SessionConfig &,
                           const SessionConfig &) = default;
};

// "192.0.2.1", "fe80::1%eth0 multihop": sessions with the same text are one.
std::string to_string(const SessionConfig &config);

// Instants of zero are none.
struct Variables {
    State state = State::down;
    State remote_state = State::down;
    Diagnostic diagnostic{};
    Diagnostic remote_diagnostic{};
    std::uint8_t remote_multiplier = 0;
    bool polling = false;
    std::uint32_t local_discriminator = 0;
    std::uint32_t remote_discriminator = 0;

    Duration desired_tx = kSlowInterval;  // in our packets
    Duration required_rx{0};
    Duration used_tx = kSlowInterval;  // until a Poll Sequence ends
    Duration used_rx{0};
    Duration remote_desired_tx{0};
    Duration remote_min_rx = std::chrono::microseconds{1};

    Instant transmit_at{};
    Instant detect_at{};
    Instant changed_at{};
    Instant was_up_at{};      // 0: never
    std::uint64_t downs = 0;  // from Up
};

class Session {
public:
    // dice: a seed for the jitter.
    Session(SessionConfig config, std::uint32_t discriminator,
            std::uint64_t seed);

    const SessionConfig &config() const { return config_; }
    const Variables &variables() const { return v_; }

    void start(Instant now);

    // Instead: continues a session with other or the same parameters.
    void resume(const Variables &variables, Instant now);

    // Only to be looked at.
    void show(const Variables &variables) { v_ = variables; }

    std::optional<Packet> receive(const Packet &packet, Instant now);
    std::optional<Packet> handle_time(Instant now);
    std::optional<Instant> deadline() const;

    // For good; the peer is informed.
    Packet take_down(Instant now);

    // Between two packets, without jitter; 0: none is sent (the peer wants
    // none, or a passive session waits).
    Duration transmit_interval() const;
    // 0: there is no peer.
    Duration detection_time() const;

private:
    void change(State to, Diagnostic why, Instant now);
    void negotiate(Instant now);
    void follow(State remote, Instant now);
    bool may_transmit() const;
    Packet packet() const;
    Packet periodic(Instant now);
    void schedule(Instant now);
    Duration jittered(Duration interval);

    SessionConfig config_;
    Variables v_;
    Dice dice_;
};

}  // namespace ngx_vrrp::bfd
