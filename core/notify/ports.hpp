// What the notifier needs from the world.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "core/base/time.hpp"
#include "core/notify/config.hpp"
#include "core/notify/event.hpp"

namespace ngx_vrrp::notify {

using DeliveryId = std::uint64_t;

// One attempt to tell one channel: one event, or several at once where the
// channel takes them so; in their order, the newest last.
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
// Outcomes::finished(), which may come before deliver() returns, or by
// cancel().
class Courier {
public:
    virtual ~Courier() = default;

    // config is there until the delivery has ended; the delivery is not.
    virtual void deliver(const Delivery &delivery, const ChannelConfig &config,
                         Instant now) = 0;

    // Its time is over, or the process ends. What was it waiting for?
    virtual Outcome cancel(DeliveryId id) = 0;
};

// Who hears of the outcome.
class Outcomes {
public:
    virtual ~Outcomes() = default;

    virtual void finished(DeliveryId id, const Outcome &outcome,
                          Instant now) = 0;
};

}  // namespace ngx_vrrp::notify
