#include <string>
#include <string_view>

#include "core/base/json_writer.hpp"
#include "core/base/utf8.hpp"
#include "core/notify/webhook_formats.hpp"

namespace ngx_vrrp::notify {

namespace {

// The maximum length of a text in WeCom, in octets of UTF-8.
constexpr std::size_t kLongest = 2048;

std::string long_text(const EventRecord &event) {
    std::string text = headline_with_node(event) + "\n";
    for (const Detail &detail : details(event, false)) {
        text += std::string(detail.name) + ": " + detail.value + "\n";
    }
    return text;
}

std::string short_text(const EventRecord &event) {
    return headline_with_node(event) + "\n";
}

std::string text_of(const Delivery &delivery, const WebhookChannel &channel,
                    std::string (*words)(const EventRecord &)) {
    std::string text;
    for (const EventRecord &event : delivery.events) {
        text += (text.empty() ? "" : "\n") + words(event);
    }
    return titled(channel, text + count_line(delivery));
}

std::string content_of(const Delivery &delivery,
                       const WebhookChannel &channel) {
    std::string text = text_of(delivery, channel, long_text);
    if (text.size() > kLongest) {
        text = text_of(delivery, channel, short_text);
    }
    return std::string(whole_characters(text, kLongest));
}

}  // namespace

std::optional<WebhookRequest> wecom_request(const Delivery &delivery,
                                            const WebhookChannel &channel,
                                            Signer &, WallTime) {
    JsonWriter json;
    json.begin_object().member("msgtype", "text");
    json.key("text").begin_object();
    json.member("content", content_of(delivery, channel));
    json.end_object().end_object();
    return WebhookRequest{channel.url, {}, json.text()};
}

}  // namespace ngx_vrrp::notify
