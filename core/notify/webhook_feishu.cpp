#include <chrono>
#include <string>
#include <string_view>

#include "core/base/json_writer.hpp"
#include "core/notify/encoding.hpp"
#include "core/notify/webhook_formats.hpp"

namespace ngx_vrrp::notify {

namespace {

// A paragraph. In these elements a text is a text: no mentions, no links.
void write_line(JsonWriter &json, std::string_view text) {
    json.begin_array().begin_object();
    json.member("tag", "text").member("text", text);
    json.end_object().end_array();
}

void write_event(JsonWriter &json, const EventRecord &event) {
    write_line(json, headline_with_node(event));
    for (const Detail &detail : details(event, false)) {
        write_line(json, std::string(detail.name) + ": " + detail.value);
    }
}

// The client shows this text even if its own language is another one.
void write_post(JsonWriter &json, const Delivery &delivery,
                const WebhookChannel &channel) {
    json.member("msg_type", "post");
    json.key("content").begin_object();
    json.key("post").begin_object();
    json.key("zh_cn").begin_object();
    json.member("title",
                titled(channel, headline_with_node(delivery.events.back())));
    json.key("content").begin_array();
    for (const EventRecord &event : delivery.events) {
        write_event(json, event);
    }
    const std::string count = count_line(delivery);
    if (!count.empty()) {
        write_line(json, count);
    }
    json.end_array().end_object().end_object().end_object();
}

// The key is made of the secret, and the message is empty.
bool write_signature(JsonWriter &json, const std::string &secret,
                     Signer &signer, WallTime now) {
    const std::string timestamp = std::to_string(
        std::chrono::floor<Seconds>(now).time_since_epoch().count());
    const auto digest = signer.hmac_sha256(timestamp + "\n" + secret, "");
    if (digest) {
        json.member("timestamp", timestamp);
        json.member("sign", to_base64(*digest));
    }
    return digest.has_value();
}

}  // namespace

std::optional<WebhookRequest> feishu_request(const Delivery &delivery,
                                             const WebhookChannel &channel,
                                             Signer &signer, WallTime now) {
    JsonWriter json;
    json.begin_object();
    if (!channel.secret.empty() &&
        !write_signature(json, channel.secret, signer, now)) {
        return std::nullopt;
    }
    write_post(json, delivery, channel);
    json.end_object();
    return WebhookRequest{channel.url, {}, json.text()};
}

}  // namespace ngx_vrrp::notify
