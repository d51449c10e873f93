#include "core/status/json_parts.hpp"

namespace ngx_vrrp::status {

namespace {

void write_channel(JsonWriter &json, const ChannelRecord &channel,
                   const Moment &moment) {
    json.begin_object();
    json.member("name", channel.name.view());
    json.member("target", channel.target.view());
    json.member_or_null("instance", channel.instance.view());
    json.member("waiting", channel.waiting);
    json.member("delivered", channel.delivered);
    json.member("dropped", channel.dropped);
    json.member("superseded", channel.skipped);
    json.member("failures", channel.failures);
    json.member_or_null("last_error", channel.last_error.view());
    write_age_ms(json, moment, "failed_ago_ms", channel.failed_at_ns);
    write_age_ms(json, moment, "delivered_ago_ms", channel.delivered_at_ns);
    json.end_object();
}

}  // namespace

void write_notifier(JsonWriter &json, const View &view) {
    json.key("notifier");
    if (view.notifier == 0) {
        json.null();
        return;
    }
    json.begin_object().member("pid", view.notifier);
    json.key("channels").begin_array();
    for (const ChannelRecord &channel : view.channels) {
        write_channel(json, channel, view.moment);
    }
    json.end_array().end_object();
}

}  // namespace ngx_vrrp::status
