// The notifier process and its channels.

#include <algorithm>
#include <vector>

#include "core/status/fields.hpp"

namespace ngx_vrrp::status {

namespace {

constexpr Metric kNotifications{counter, "nginx_vrrp_notifications",
                                "Events of a notification channel by result, "
                                "and failed delivery attempts."};

bool looks_like(const ChannelRecord &a, const ChannelRecord &b) {
    return a.name.view() == b.name.view() &&
           a.target.view() == b.target.view() &&
           a.instance.view() == b.instance.view();
}

// Several may have the same names: two rooms of one chat service.
std::string number_of(const std::vector<ChannelRecord> &channels,
                      const ChannelRecord &channel) {
    return std::to_string(
        1 + std::count_if(channels.data(), &channel, [&](const auto &before) {
            return looks_like(before, channel);
        }));
}

void write_channel(Fields &out, const ChannelRecord &channel) {
    out.json.member("name", channel.name.view());
    out.json.member("target", channel.target.view());
    out.json.member_or_null("instance", channel.instance.view());
    out.number("waiting", channel.waiting, gauge,
               "nginx_vrrp_notification_queue_length",
               "Events that wait for delivery.");
    out.number("delivered", channel.delivered, kNotifications,
               Label{"result", "ok"});
    out.number("dropped", channel.dropped, kNotifications,
               Label{"result", "dropped"});
    out.number("superseded", channel.skipped, kNotifications,
               Label{"result", "superseded"});
    out.number("failures", channel.failures, kNotifications,
               Label{"result", "failed"});
    out.json.member_or_null("last_error", channel.last_error.view());
    out.ago("failed_ago_ms", channel.failed_at_ns);
    out.ago("delivered_ago_ms", channel.delivered_at_ns, gauge,
            "nginx_vrrp_notification_last_success_timestamp_seconds",
            "Time of the last successful delivery, Unix time.");
}

}  // namespace

void write_notifier(Fields &out, const View &view) {
    out.object_or_null("notifier", view.notifier != 0, [&] {
        out.number("pid", view.notifier);
        out.list("channels", view.channels, [&](const ChannelRecord &channel) {
            const auto scope =
                out.labels({{"channel", channel.name.view()},
                            {"target", channel.target.view()},
                            {"vrrp_instance", channel.instance.view()},
                            {"number", number_of(view.channels, channel)}});
            write_channel(out, channel);
        });
    });
}

}  // namespace ngx_vrrp::status
