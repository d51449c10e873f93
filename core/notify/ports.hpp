// The interfaces between the notifier and the machine.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "core/base/time.hpp"
#include "core/notify/config.hpp"
#include "core/notify/event.hpp"

namespace ngx_vrrp::notify {

using DeliveryId = std::uint64_t;

// One attempt to deliver to one channel: one event, or several at once if the
// channel allows it; in their order, the newest last.
struct Delivery {
    DeliveryId id = 0;
    ChannelId channel = 0;
    std::vector<EventRecord> events;
    std::uint64_t skipped = 0;  // events that these ones have superseded
};

struct Outcome {
    bool delivered = false;
    bool permanent = false;  // another attempt would fail in the same way
    std::string text{};      // of a failure: "HTTP 503", "exit status 1"
};

// Delivers by one means. Each deliver() is followed by exactly one
// DeliverySink::finished(), which may come before deliver() returns, or by
// cancel().
class Transport {
public:
    virtual ~Transport() = default;

    // config exists until the delivery has ended; delivery does not.
    virtual void deliver(const Delivery &delivery, const ChannelConfig &config,
                         Instant now) = 0;

    // Its time is over, or the process ends. Returns an outcome with the step
    // that was not finished.
    virtual Outcome cancel(DeliveryId id) = 0;
};

// Receives the outcome.
class DeliverySink {
public:
    virtual ~DeliverySink() = default;

    virtual void finished(DeliveryId id, const Outcome &outcome,
                          Instant now) = 0;
};

}  // namespace ngx_vrrp::notify
