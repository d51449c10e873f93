#include "core/notify/habits.hpp"

#include <algorithm>
#include <array>
#include <string_view>
#include <variant>

namespace ngx_vrrp::notify {

namespace {

// Slack wants at most one message per second; DingTalk and WeCom accept 20 per
// minute. They all refuse more than 20 kilobytes; an event takes less than two.
Habits habits_of(WebhookFormat format) {
    switch (format) {
        case WebhookFormat::alertmanager:
            return {.batch = 64};
        case WebhookFormat::slack:
        case WebhookFormat::feishu:
            return {.batch = 10, .pause = Seconds{1}};
        case WebhookFormat::dingtalk:
        case WebhookFormat::wecom:
            return {.batch = 10, .pause = Seconds{3}};
        case WebhookFormat::generic:
            break;
    }
    return {};
}

// In the order of StateWord.
constexpr std::array<std::string_view, 5> kStates{"MASTER", "BACKUP", "FAULT",
                                                  "STOP", "INIT"};

// An alert ends unless it is repeated.
bool forgets(const ChannelConfig &config) {
    const auto *webhook = std::get_if<WebhookChannel>(&config.how);
    return webhook != nullptr && webhook->format == WebhookFormat::alertmanager;
}

std::uint32_t state_bit(std::string_view state) {
    const auto it = std::find(kStates.begin(), kStates.end(), state);
    return it == kStates.end() ? 0 : 1U << (it - kStates.begin());
}

}  // namespace

Habits habits_of(const ChannelConfig &config) {
    if (std::holds_alternative<ScriptChannel>(config.how)) {
        return {.retries = false};
    }
    if (std::holds_alternative<EmailChannel>(config.how)) {
        return {.batch = 50, .pause = Seconds{10}};
    }
    const auto *webhook = std::get_if<WebhookChannel>(&config.how);
    return webhook != nullptr ? habits_of(webhook->format) : Habits{};
}

bool wants(const ChannelConfig &config, const EventRecord &event) {
    if (event.again != 0 && !forgets(config)) {
        return false;
    }
    if ((config.events & 1U << static_cast<unsigned>(event.kind)) == 0) {
        return false;
    }
    if (!config.instance.empty() && config.instance != event.instance.view()) {
        return false;
    }
    return event.kind != EventKind::state ||
           (config.states & state_bit(event.to.view())) != 0;
}

bool is_same_subject(const EventRecord &a, const EventRecord &b) {
    return a.kind == b.kind && a.instance.view() == b.instance.view() &&
           a.subject.view() == b.subject.view() &&
           a.server.view() == b.server.view();
}

}  // namespace ngx_vrrp::notify
