#include "core/transport/event_socket.hpp"

#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>

#include "core/notify/delivery_policy.hpp"

namespace ngx_vrrp::transport {

namespace {

using notify::EventRecord;

// When the notifier process is busy.
constexpr Duration kTryAgain = Milliseconds{50};

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
    if (fd_ < 0) {
        return;
    }
    if (!kept_.empty()) {
        keep(event, EAGAIN, now);
    } else if (!transmit(fd_, &event, sizeof(event))) {
        keep(event, errno, now);
    }
}

// Of several events of one subject the last one is valid.
void EventSender::keep(const EventRecord &event, int error, Instant now) {
    if (error != EAGAIN) {
        lose(error, now);
        return;
    }
    if (event.again != 0) {
        return;  // it is repeated in a minute
    }
    const auto older = std::ranges::find_if(
        kept_, [&](const EventRecord &e) { return is_same_subject(e, event); });
    if (older != kept_.end()) {
        kept_.erase(older);
        lose(error, now);
    } else if (kept_.size() == kMostKept) {
        kept_.erase(kept_.begin());
        lose(error, now);
    }
    kept_.push_back(event);
    next_try_ = next_try_.value_or(now + kTryAgain);
}

[[gnu::hot]] void EventSender::handle_time(Instant now) {
    if (next_try_ && now >= *next_try_) {
        next_try_ = now + kTryAgain;
        send_kept();
    }
}

void EventSender::send_kept() {
    const auto refused =
        std::ranges::find_if_not(kept_, [&](const EventRecord &event) {
            return transmit(fd_, &event, sizeof(event));
        });
    kept_.erase(kept_.begin(), refused);
    if (kept_.empty()) {
        next_try_.reset();
    }
}

EventSender::~EventSender() {
    end_kept();
}

// The last chance of what is kept.
void EventSender::end_kept() {
    send_kept();
    if (!kept_.empty()) {
        log_(LogLevel::error,
             "the vrrp notifier process does not read its events, the last %zu "
             "of this process are lost",
             kept_.size());
        kept_.clear();
        next_try_.reset();
    }
}

void EventSender::send_goodbye() {
    end_kept();
    if (fd_ >= 0) {
        static_cast<void>(transmit(fd_, &kGoodbye, sizeof(kGoodbye)));
    }
}

void EventSender::lose(int error, Instant now) {
    ++dropped_;
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
