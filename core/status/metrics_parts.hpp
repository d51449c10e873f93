// The families of metrics by what they are about, and what they share.
#pragma once

#include <algorithm>
#include <cstdint>
#include <string>
#include <string_view>

#include "core/status/metrics_writer.hpp"
#include "core/status/view.hpp"

namespace ngx_vrrp::status {

void write_node_metrics(MetricsWriter &out, const View &view);
void write_instance_metrics(MetricsWriter &out, const View &view);
void write_tracker_metrics(MetricsWriter &out, const View &view);
void write_upstream_metrics(MetricsWriter &out, const View &view);
void write_channel_metrics(MetricsWriter &out, const View &view);

inline Labels labels_of(const InstanceRecord &instance) {
    return Labels()
        .with("vrrp_instance", instance.name.view())
        .with("vrid", unsigned{instance.vrid})
        .with("family", instance.family == 4 ? "ipv4" : "ipv6")
        .with("interface", instance.interface.view());
}

// The time of day at an instant, in nanoseconds since 1970; to milliseconds,
// as the two clocks are not read at once.
inline std::int64_t unix_time_ns(const Moment &moment, std::int64_t at_ns) {
    const auto at = moment.wall - (moment.now - instant_from_ns(at_ns));
    return Duration{std::chrono::round<Milliseconds>(at).time_since_epoch()}
        .count();
}

// Values of labels are in lower case.
inline std::string to_lower(std::string_view text) {
    std::string lower(text);
    std::transform(lower.begin(), lower.end(), lower.begin(), [](char c) {
        return 'A' <= c && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
    });
    return lower;
}

}  // namespace ngx_vrrp::status
