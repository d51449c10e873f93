#include <string>
#include <string_view>

#include "core/base/json_writer.hpp"
#include "core/base/moment_text.hpp"
#include "core/notify/encoding.hpp"
#include "core/notify/webhook_formats.hpp"

namespace ngx_vrrp::notify {

namespace {

void write_addresses(JsonWriter &json, std::string_view addresses) {
    json.key("vips").begin_array();
    while (!addresses.empty()) {
        const std::string_view address =
            addresses.substr(0, addresses.find(' '));
        if (!address.empty()) {
            json.value(address);
        }
        addresses.remove_prefix(std::min(addresses.size(), address.size() + 1));
    }
    json.end_array();
}

void write_instance(JsonWriter &json, const EventRecord &event) {
    json.member_or_null("instance", event.instance.view());
    if (event.vrid == 0) {
        json.key("vrid").null();
    } else {
        json.member("vrid", event.vrid);
    }
    json.member_or_null("interface", event.interface.view());
}

void write(JsonWriter &json, const EventRecord &event, std::uint64_t skipped) {
    json.begin_object();
    json.member("event", traits_of(event.kind).webhook);
    json.member("node", event.node.view());
    write_instance(json, event);
    json.member("from", event.from.view());
    json.member("to", event.to.view());
    json.member("priority", event.priority);
    json.member("reason", event.reason.view());
    json.member_or_null("subject", event.subject.view());
    json.member_or_null("server", event.server.view());
    write_addresses(json, event.addresses.view());
    json.member("time", to_rfc3339(occurred_at(event)));
    json.member("seq", event.sequence);
    json.member("pid", event.pid);
    json.member("skipped", skipped);
    json.end_object();
}

// Its channels get one event at a time (policy_of()).
std::string generic_body(const Delivery &delivery) {
    JsonWriter json;
    write(json, delivery.events.back(), delivery.skipped);
    return json.text();
}

}  // namespace

std::optional<WebhookRequest> generic_request(const Delivery &delivery,
                                              const WebhookChannel &channel,
                                              Signer &signer, WallTime) {
    WebhookRequest request{channel.url, {}, generic_body(delivery)};
    if (channel.secret.empty()) {
        return request;
    }
    const auto digest = signer.hmac_sha256(channel.secret, request.body);
    if (!digest) {
        return std::nullopt;
    }
    request.headers.push_back("X-Ngx-Vrrp-Signature: sha256=" +
                              to_hex(*digest));
    return request;
}

}  // namespace ngx_vrrp::notify
