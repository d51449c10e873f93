#include "core/transport/event_socket.hpp"

#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>

namespace ngx_vrrp::transport {

namespace {

using notify::EventRecord;

// An empty datagram would look like the end of the connection.
constexpr char kGoodbye = 'B';

bool transmit(int fd, const void *data, std::size_t size) {
    return ::send(fd, data, size, MSG_DONTWAIT | MSG_NOSIGNAL) ==
           static_cast<ssize_t>(size);
}

}  // namespace

void EventSender::send(EventRecord event, Instant now) {
    sequence_ += event.again == 0;  // the other events must not be lost
    event.sequence = sequence_;
    event.pid = ::getpid();
    if (fd_ >= 0 && !transmit(fd_, &event, sizeof(event))) {
        ++dropped_;
        report_loss(errno, now);
    }
}

void EventSender::send_goodbye() {
    if (fd_ >= 0) {
        static_cast<void>(transmit(fd_, &kGoodbye, sizeof(kGoodbye)));
    }
}

void EventSender::report_loss(int error, Instant now) {
    if (limit_.allow(now)) {
        log_(LogLevel::error,
             "send() to the vrrp notifier process failed (%d: %s), %llu "
             "events of this process were lost so far",
             error, std::strerror(error),
             static_cast<unsigned long long>(dropped_));
    }
}

Incoming receive_event(int fd) {
    using Kind = Incoming::Kind;

    Incoming incoming;
    std::array<char, sizeof(EventRecord) + 1> buffer;
    const ssize_t size = ::recv(fd, buffer.data(), buffer.size(), MSG_DONTWAIT);
    if (size < 0) {
        incoming.kind = errno == ECONNRESET ? Kind::closed : Kind::nothing;
    } else if (size == 0) {
        incoming.kind = Kind::closed;
    } else if (size == sizeof(EventRecord)) {
        std::memcpy(&incoming.event, buffer.data(), sizeof(EventRecord));
        incoming.kind =
            notify::is_known(incoming.event) ? Kind::event : Kind::garbage;
    } else {
        const bool goodbye = size == 1 && buffer[0] == kGoodbye;
        incoming.kind = goodbye ? Kind::goodbye : Kind::garbage;
    }
    return incoming;
}

}  // namespace ngx_vrrp::transport
