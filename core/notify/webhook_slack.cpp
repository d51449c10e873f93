#include <string>
#include <string_view>

#include "core/base/json_writer.hpp"
#include "core/notify/webhook_formats.hpp"

namespace ngx_vrrp::notify {

namespace {

// Between "@" and a name, it prevents a mention: Mattermost would notify that
// user.
constexpr std::string_view kZeroWidthSpace = "\xe2\x80\x8b";

// Slack: only "&", "<" and ">" must be escaped.
std::string slack_text(std::string_view text) {
    std::string safe;
    for (const char c : text) {
        safe += c == '&'   ? "&amp;"
                : c == '<' ? "&lt;"
                : c == '>' ? "&gt;"
                           : std::string(1, c);
        safe += c == '@' ? kZeroWidthSpace : "";
    }
    return safe;
}

// Short ones stand side by side.
bool is_short(const Detail &detail) {
    return detail.name != "reason" && detail.name != "addresses";
}

void write_fields(JsonWriter &json, const EventRecord &event) {
    json.key("fields").begin_array();
    for (const Detail &detail : details(event)) {
        json.begin_object();
        json.member("title", detail.name);
        json.member("value", slack_text(detail.value));
        json.member("short", is_short(detail));
        json.end_object();
    }
    json.end_array();
}

void write_attachment(JsonWriter &json, const EventRecord &event) {
    const std::string title = slack_text(headline(event));
    json.begin_object();
    json.member("color", traits_of(gravity_of(event)).colour);
    json.member("fallback", title);
    json.member("title", title);
    write_fields(json, event);
    json.end_object();
}

std::string text_of(const Delivery &delivery) {
    const std::string count = count_line(delivery);
    const std::string newest = headline_with_node(delivery.events.back());
    return slack_text(count.empty() ? newest : newest + " (" + count + ")");
}

}  // namespace

std::optional<WebhookRequest> slack_request(const Delivery &delivery,
                                            const WebhookChannel &channel,
                                            Signer &, WallTime) {
    JsonWriter json;
    json.begin_object();
    json.member("text", titled(channel, text_of(delivery)));
    json.member("mrkdwn", false);
    json.key("attachments").begin_array();
    for (const EventRecord &event : delivery.events) {
        write_attachment(json, event);
    }
    json.end_array().end_object();
    return WebhookRequest{channel.url, {}, json.text()};
}

}  // namespace ngx_vrrp::notify
