#include <chrono>
#include <string>
#include <string_view>

#include "core/base/json_writer.hpp"
#include "core/notify/encoding.hpp"
#include "core/notify/webhook_formats.hpp"

namespace ngx_vrrp::notify {

namespace {

// So that no text becomes a link, a picture or a heading.
std::string dingtalk_text(std::string_view text) {
    std::string safe;
    for (const char c : text) {
        if (std::string_view("\\`*[]<>#|").find(c) != std::string_view::npos) {
            safe += '\\';
        }
        safe += c;
    }
    return safe;
}

std::string markdown_of(const EventRecord &event,
                        const WebhookChannel &channel) {
    std::string text =
        "#### " + titled(channel, dingtalk_text(headline_with_node(event))) +
        "\n\n";
    for (const Detail &detail : details(event, false)) {
        text += "- " + std::string(detail.name) + ": " +
                dingtalk_text(detail.value) + "\n";
    }
    return text;
}

std::string markdown_of(const Delivery &delivery,
                        const WebhookChannel &channel) {
    std::string text;
    for (const EventRecord &event : delivery.events) {
        text += (text.empty() ? "" : "\n") + markdown_of(event, channel);
    }
    const std::string count = count_line(delivery);
    return count.empty() ? text : text + "\n" + count + "\n";
}

std::string dingtalk_body(const Delivery &delivery,
                          const WebhookChannel &channel) {
    JsonWriter json;
    json.begin_object().member("msgtype", "markdown");
    json.key("markdown").begin_object();
    json.member("title",
                titled(channel, headline_with_node(delivery.events.back())));
    json.member("text", markdown_of(delivery, channel));
    json.end_object().end_object();
    return json.text();
}

// Valid for an hour by the clock of DingTalk.
std::optional<std::string> signed_url(const WebhookChannel &channel,
                                      Signer &signer, WallTime now) {
    const std::string timestamp = std::to_string(
        std::chrono::floor<Milliseconds>(now).time_since_epoch().count());
    const auto digest =
        signer.hmac_sha256(channel.secret, timestamp + "\n" + channel.secret);
    if (!digest) {
        return std::nullopt;
    }
    const bool has_query = channel.url.find('?') != std::string::npos;
    return channel.url + (has_query ? "&" : "?") + "timestamp=" + timestamp +
           "&sign=" + percent_encoded(to_base64(*digest));
}

}  // namespace

std::optional<WebhookRequest> dingtalk_request(const Delivery &delivery,
                                               const WebhookChannel &channel,
                                               Signer &signer, WallTime now) {
    const auto url = channel.secret.empty() ? std::optional(channel.url)
                                            : signed_url(channel, signer, now);
    return url ? std::optional(
                     WebhookRequest{*url, {}, dingtalk_body(delivery, channel)})
               : std::nullopt;
}

}  // namespace ngx_vrrp::notify
