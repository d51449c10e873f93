// The events that a channel gets, and how many at once.
#pragma once

#include <cstddef>

#include "core/base/time.hpp"
#include "core/notify/config.hpp"
#include "core/notify/event.hpp"

namespace ngx_vrrp::notify {

struct DeliveryPolicy {
    std::size_t batch = 1;  // events in one delivery
    Duration pause{0};      // after one that was delivered
    bool retries = true;
};

// Messages to people are sent in batches, and not more often than people, or
// the limits of those services, can bear.
DeliveryPolicy policy_of(const ChannelConfig &config);

bool wants(const ChannelConfig &config, const EventRecord &event);

// Events of one subject: a newer one supersedes an older one.
bool is_same_subject(const EventRecord &a, const EventRecord &b);

}  // namespace ngx_vrrp::notify
