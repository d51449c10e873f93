// All BFD sessions of this node: finds the session of a packet, counts and
// reports what is dropped, and logs changes of state. Sockets and the clock are
// the caller's.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "core/base/log.hpp"
#include "core/base/repeated_line.hpp"
#include "core/bfd/session.hpp"

namespace ngx_vrrp::bfd {

inline constexpr std::size_t kMostSessions = 64;

// A received datagram.
struct Arrival {
    IpAddress source;
    IpAddress destination;
    std::string interface;  // where it has arrived
    std::uint8_t ttl = 0;
    bool multihop = false;  // the port 4784
    Bytes payload;
};

class Output {
public:
    virtual ~Output() = default;

    virtual void send(std::size_t session, Bytes payload) = 0;
};

class Speaker {
public:
    // configs: without duplicates. output and sink outlive it.
    Speaker(std::vector<SessionConfig> configs, std::uint64_t seed,
            Output &output, LogSink &sink);

    const std::vector<Session> &sessions() const { return sessions_; }

    void start(std::size_t session, Instant now);
    // Another process of this node had the session until now. Discriminators
    // stay unique.
    void resume(std::size_t session, const Variables &variables, Instant now);

    void receive(const Arrival &arrival, Instant now);
    void handle_time(Instant now);
    std::optional<Instant> deadline() const;
    // A session would fail now if no packet is waiting.
    bool is_expiring(Instant now) const;

    // For good.
    void take_down(Instant now);
    void take_down(std::size_t session, Instant now);

    // The variables of this session may be others than at the last call.
    bool take_touched(std::size_t session) {
        return std::exchange(shown_[session].touched, false);
    }

    // A session has another state, peer or interval than at the last call.
    bool take_changed();

    const Drops &drops() const { return dropped_; }
    std::uint64_t dropped(Drop reason) const {
        return dropped_[static_cast<std::size_t>(reason)];
    }

private:
    // What others are shown of a session.
    struct Shown {
        Variables v;
        bool touched = true;
        bool refuses_demand = false;      // reported
        bool has_authentication = false;  // reported
        RepeatedLine up_line{Seconds{1}};
        RepeatedLine down_line{Seconds{1}};
    };

    std::optional<std::size_t> find(const Arrival &arrival,
                                    const Packet &packet) const;
    std::optional<std::size_t> find_peer(const Arrival &arrival) const;
    std::optional<std::size_t> index_of(
        std::vector<Session>::const_iterator session) const;
    void drop(Drop reason, const Arrival &arrival, Instant now);
    void note(std::size_t session, const std::optional<Packet> &answer,
              Instant at);
    void report(std::size_t session, Instant at);
    bool is_taken(std::uint32_t discriminator) const;

    std::vector<Session> sessions_;
    std::vector<Shown> shown_;
    Output &output_;
    Log log_;
    Drops dropped_{};
    std::array<RepeatedLine, kDrops> drop_lines_;
    bool changed_ = false;
};

}  // namespace ngx_vrrp::bfd
