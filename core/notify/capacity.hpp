// How many events one message of a channel holds at most.
#pragma once

#include <cstddef>

#include "core/notify/config.hpp"

namespace ngx_vrrp::notify {

// Chat services refuse more than 20 kilobytes; an event takes less than one.
inline constexpr std::size_t kMostInChat = 10;
inline constexpr std::size_t kMostInAlerts = 50;
inline constexpr std::size_t kMostInMail = 50;

// 1: the channel takes them one by one.
constexpr std::size_t most_events_in_one(const ChannelConfig &config) {
    if (std::holds_alternative<EmailChannel>(config.how)) {
        return kMostInMail;
    }
    const auto *webhook = std::get_if<WebhookChannel>(&config.how);
    if (webhook == nullptr || webhook->format == WebhookFormat::generic) {
        return 1;
    }
    return webhook->format == WebhookFormat::alertmanager ? kMostInAlerts
                                                          : kMostInChat;
}

}  // namespace ngx_vrrp::notify
