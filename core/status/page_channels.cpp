// The notification channels, and their last results.

#include "core/status/page_parts.hpp"

namespace ngx_vrrp::status {

namespace {

bool is_failing(const ChannelRecord &channel) {
    return channel.failed_at_ns > channel.delivered_at_ns;
}

void write_last(HtmlWriter &html, const View &view,
                const ChannelRecord &channel) {
    if (is_failing(channel)) {
        std::string text = ago(view.moment, channel.failed_at_ns);
        text.append(": ").append(channel.last_error.view());
        write_marked(html, kBad, text);
    } else if (channel.delivered_at_ns == 0) {
        write_marked(html, kIdle, "no delivery yet");
    } else {
        write_marked(html, kGood, ago(view.moment, channel.delivered_at_ns));
    }
}

void write_channel(HtmlWriter &html, const View &view,
                   const ChannelRecord &channel) {
    const std::string_view instance = channel.instance.view();
    html.open("tr").element("th", channel.name.view(), {{"scope", "row"}});
    html.open("td").element("bdi", channel.target.view()).close();
    html.open("td").element("bdi", instance.empty() ? "all" : instance);
    html.close();
    for (const std::uint64_t count :
         {channel.delivered, channel.waiting, channel.dropped}) {
        html.element("td", count, {{"class", "number"}});
    }
    write_last(html, view, channel);
    html.close();
}

}  // namespace

void write_channels(HtmlWriter &html, const View &view) {
    if (view.channels.empty()) {
        return;
    }
    html.open("section").element("h2", "Notifications");
    begin_table(
        html, "Notification channels",
        {"By", "To", "Instance", "Delivered", "Waiting", "Dropped", "Last"});
    for (const ChannelRecord &channel : view.channels) {
        write_channel(html, view, channel);
    }
    end_table(html);
    html.close();
}

}  // namespace ngx_vrrp::status
