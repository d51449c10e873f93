// Events from the processes where they happen to the notifier process: one
// datagram each, in order, over a socket pair (SOCK_SEQPACKET). Sending never
// blocks: without room, the last event of each subject is kept and sent later;
// what is lost is counted and logged.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>

#include "core/base/log.hpp"
#include "core/base/rate_limit.hpp"
#include "core/notify/event.hpp"

namespace ngx_vrrp::transport {

class EventSender {
public:
    // A number that is enough for the trackers of large configurations.
    static constexpr std::size_t kMostKept = 1024;

    // sink outlives it; fd remains the caller's. -1: there are no
    // notifications.
    EventSender(int fd, LogSink &sink) : fd_(fd), log_(sink) {}
    ~EventSender();
    EventSender(const EventSender &) = delete;
    EventSender &operator=(const EventSender &) = delete;

    bool has_listener() const { return fd_ >= 0; }

    // With the number and the process of the event filled in.
    void send(notify::EventRecord event, Instant now);

    // Sends what is kept, if it is time to try.
    void handle_time(Instant now);
    std::optional<Instant> deadline() const { return next_try_; }

    // The last one of all has been sent.
    void send_goodbye();

    // How many events were lost.
    std::uint64_t dropped() const { return dropped_; }

private:
    void keep(const notify::EventRecord &event, int error, Instant now);
    void send_kept();
    void end_kept();
    void lose(int error, Instant now);

    int fd_;
    Log log_;
    std::deque<notify::EventRecord> kept_;  // in order
    std::optional<Instant> next_try_;
    std::uint64_t sequence_ = 0;
    std::uint64_t dropped_ = 0;
    RateLimit limit_{Seconds{10}};
};

struct Incoming {
    enum class Kind : std::uint8_t {
        event,
        goodbye,  // a process that has sent events sends no more
        nothing,  // now
        closed,   // all senders are gone
        garbage   // malformed
    };

    Kind kind = Kind::nothing;
    notify::EventRecord event{};
};

// From the other end.
Incoming receive_event(int fd);

}  // namespace ngx_vrrp::transport
