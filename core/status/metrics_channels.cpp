#include <algorithm>
#include <vector>

#include "core/status/metrics_parts.hpp"

namespace ngx_vrrp::status {

namespace {

struct Channel {
    const ChannelRecord &record;
    Labels labels;
};

using Channels = std::vector<Channel>;

bool looks_like(const ChannelRecord &a, const ChannelRecord &b) {
    return a.name.view() == b.name.view() &&
           a.target.view() == b.target.view() &&
           a.instance.view() == b.instance.view();
}

// Several may have the same names: two rooms of one chat service.
Channels label_channels(const std::vector<ChannelRecord> &records) {
    Channels list;
    for (const ChannelRecord &record : records) {
        const auto number =
            1 + std::count_if(list.begin(), list.end(), [&](const Channel &c) {
                return looks_like(c.record, record);
            });
        list.push_back(
            {record, Labels()
                         .with("channel", record.name.view())
                         .with("target", record.target.view())
                         .with("vrrp_instance", record.instance.view())
                         .with("number", number)});
    }
    return list;
}

}  // namespace

void write_channel_metrics(MetricsWriter &out, const View &view) {
    const Channels list = label_channels(view.channels);
    out.counter("nginx_vrrp_notifications",
                "Events of a notification channel by result, and failed "
                "delivery attempts.");
    for (const auto &[record, labels] : list) {
        out.sample(labels.with("result", "ok"), record.delivered);
        out.sample(labels.with("result", "failed"), record.failures);
        out.sample(labels.with("result", "dropped"), record.dropped);
        out.sample(labels.with("result", "superseded"), record.skipped);
    }
    out.gauge("nginx_vrrp_notification_queue_length",
              "Events that wait for delivery.");
    for (const auto &[record, labels] : list) {
        out.sample(labels, record.waiting);
    }
    out.gauge("nginx_vrrp_notification_last_success_timestamp_seconds",
              "Time of the last successful delivery, Unix time.");
    for (const auto &[record, labels] : list) {
        if (record.delivered_at_ns != 0) {
            out.seconds(labels,
                        unix_time_ns(view.moment, record.delivered_at_ns));
        }
    }
}

}  // namespace ngx_vrrp::status
