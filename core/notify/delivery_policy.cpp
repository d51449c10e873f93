#include "core/notify/delivery_policy.hpp"

#include <cstdint>
#include <variant>

#include "core/notify/webhook.hpp"

namespace ngx_vrrp::notify {

namespace {

const WebhookTraits *webhook_traits(const ChannelConfig &config) {
    const auto *webhook = std::get_if<WebhookChannel>(&config.how);
    return webhook != nullptr ? notify::webhook_traits(
                                    static_cast<std::size_t>(webhook->format))
                              : nullptr;
}

template <class Enum>
bool has(std::uint32_t set, Enum member) {
    return (set & 1U << static_cast<unsigned>(member)) != 0;
}

}  // namespace

DeliveryPolicy policy_of(const ChannelConfig &config) {
    if (std::holds_alternative<ScriptChannel>(config.how)) {
        return {.retries = false};
    }
    if (std::holds_alternative<EmailChannel>(config.how)) {
        return {.batch = 50, .pause = Seconds{10}};
    }
    const WebhookTraits *webhook = webhook_traits(config);
    return webhook != nullptr ? DeliveryPolicy{.batch = webhook->batch,
                                               .pause = webhook->pause}
                              : DeliveryPolicy{};
}

bool wants(const ChannelConfig &config, const EventRecord &event) {
    if (event.again != 0) {
        const WebhookTraits *webhook = webhook_traits(config);
        if (webhook == nullptr || !webhook->forgets) {
            return false;
        }
    }
    if (!has(config.events, event.kind)) {
        return false;
    }
    if (config.of_group != (event.of_group != 0)) {
        return false;  // its members have events, too
    }
    if (!config.instance.empty() && config.instance != event.instance.view()) {
        return false;
    }
    return event.kind != EventKind::state || has(config.states, event.state);
}

bool is_same_subject(const EventRecord &a, const EventRecord &b) {
    return a.kind == b.kind && a.instance.view() == b.instance.view() &&
           a.subject.view() == b.subject.view() &&
           a.server.view() == b.server.view();
}

}  // namespace ngx_vrrp::notify
