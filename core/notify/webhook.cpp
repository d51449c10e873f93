#include "core/notify/webhook.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>

#include "core/notify/json_number.hpp"
#include "core/notify/webhook_formats.hpp"

namespace ngx_vrrp::notify {

namespace {

// For services that report errors in the body: the names of the member that is
// 0 on success (the first existing one counts), and its values when a retry may
// succeed.
struct Answer {
    std::array<std::string_view, 2> members{};
    std::array<std::int64_t, 2> passing{};
    std::string_view message{};  // its words, if there are any
};

// Of those words.
constexpr std::size_t kLongestMessage = 200;

struct Format {
    WebhookTraits traits;
    WebhookFormatter *request;
    Answer answer{};
};

// In the order of WebhookFormat. Slack wants at most one message per second;
// DingTalk and WeCom accept 20 per minute. They all refuse more than 20
// kilobytes; an event takes less than two.
//
// DingTalk: -1 is "system busy", 130101 "send too fast"; Feishu: 11232 is the
// same, 11233 that of all robots; WeCom: 45009 is the same. Feishu called its
// member StatusCode before it was code.
constexpr std::array<Format, 6> kFormats{{
    {{.name = "generic", .signs = true}, generic_request},
    {{.name = "alertmanager",
      .batch = 64,
      .forgets = true,
      .path = "/api/v2/alerts"},
     alertmanager_request},
    {{.name = "slack", .batch = 10, .pause = Seconds{1}, .has_prefix = true},
     slack_request},
    {{.name = "dingtalk",
      .batch = 10,
      .pause = Seconds{3},
      .has_prefix = true,
      .signs = true},
     dingtalk_request,
     {{"errcode"}, {-1, 130101}, "errmsg"}},
    {{.name = "feishu",
      .batch = 10,
      .pause = Seconds{1},
      .has_prefix = true,
      .signs = true},
     feishu_request,
     {{"code", "StatusCode"}, {11232, 11233}, "msg"}},
    {{.name = "wecom", .batch = 10, .pause = Seconds{3}, .has_prefix = true},
     wecom_request,
     {{"errcode"}, {-1, 45009}, "errmsg"}},
}};

const Format &format_of(WebhookFormat format) {
    return kFormats[static_cast<std::size_t>(format)];
}

bool is_passing(long status) {
    return status == 408 || status == 429 || status >= 500;
}

bool is_passing(const Answer &answer, std::int64_t code) {
    return code == answer.passing[0] || code == answer.passing[1];
}

// ", keywords not in content": the service's own message.
std::string message_of(const Answer &answer, std::string_view body) {
    const auto message = find_text(body, answer.message);
    if (!message || message->empty()) {
        return {};
    }
    // The cut may be within a character, which is then removed.
    return ", " + one_line(message->substr(0, kLongestMessage));
}

Outcome judge(const Answer &answer, std::string_view body) {
    for (const std::string_view member : answer.members) {
        const std::optional<std::int64_t> code =
            member.empty() ? std::nullopt : find_number(body, member);
        if (code == 0) {
            return {.delivered = true};
        }
        if (code) {
            return {.permanent = !is_passing(answer, *code),
                    .text = std::string(member) + " " + std::to_string(*code) +
                            message_of(answer, body)};
        }
    }
    return {.text = "the response has no " + std::string(answer.members[0])};
}

}  // namespace

const WebhookTraits *webhook_traits(std::size_t number) {
    return number < kFormats.size() ? &kFormats[number].traits : nullptr;
}

std::string titled(const WebhookChannel &channel, const std::string &headline) {
    return channel.prefix.empty() ? headline
                                  : one_line(channel.prefix) + " " + headline;
}

std::optional<WebhookRequest> webhook_request(const Delivery &delivery,
                                              const WebhookChannel &channel,
                                              Signer &signer, WallTime now) {
    return format_of(channel.format).request(delivery, channel, signer, now);
}

Outcome webhook_outcome(WebhookFormat format, long status,
                        std::string_view body) {
    if (status < 200 || status > 299) {
        return {.permanent = !is_passing(status),
                .text = "HTTP " + std::to_string(status)};
    }
    const Answer &answer = format_of(format).answer;
    return answer.members[0].empty() ? Outcome{.delivered = true}
                                     : judge(answer, body);
}

}  // namespace ngx_vrrp::notify
