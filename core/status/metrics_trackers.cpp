#include <vector>

#include "core/status/metrics_parts.hpp"

namespace ngx_vrrp::status {

namespace {

struct Tracked {
    const TrackerRecord &record;
    Labels labels;
};

// "track_upstream" is the directive; the label is about what comes after it.
std::string_view type_of(const TrackerRecord &tracker) {
    constexpr std::string_view prefix = "track_";
    const std::string_view type = tracker.type.view();
    return type.starts_with(prefix) ? type.substr(prefix.size()) : type;
}

std::vector<Tracked> label_trackers(const Snapshot &snapshot) {
    std::vector<Tracked> list;
    for (const InstanceRecord &instance : snapshot.instances) {
        const Labels labels = labels_of(instance);
        for (std::uint32_t i = 0; i < instance.trackers; ++i) {
            const TrackerRecord &tracker =
                snapshot.trackers[instance.first_tracker + i];
            list.push_back({tracker, labels.with("type", type_of(tracker))
                                         .with("name", tracker.name.view())});
        }
    }
    return list;
}

}  // namespace

void write_tracker_metrics(MetricsWriter &out, const View &view) {
    const std::vector<Tracked> list = label_trackers(view.snapshot);

    out.gauge("nginx_vrrp_track_status", "1 while the tracked object is up.");
    for (const auto &[record, labels] : list) {
        out.sample(labels, record.state == check::Verdict::up ? 1 : 0);
    }
    out.gauge("nginx_vrrp_track_weight",
              "Weight of a tracker; without a weight, a failure is a fault.");
    for (const auto &[record, labels] : list) {
        if (record.weighted != 0) {
            out.sample(labels, record.weight);
        }
    }
    out.gauge("nginx_vrrp_track_priority_change",
              "Current contribution of the tracker to the priority.");
    for (const auto &[record, labels] : list) {
        out.sample(labels, record.adds);
    }
    out.gauge("nginx_vrrp_upstream_quorum",
              "Number of servers of an upstream that must be up.");
    for (const auto &[record, labels] : list) {
        if (record.is_pool != 0) {
            out.sample(labels, record.servers_needed);
        }
    }
}

}  // namespace ngx_vrrp::status
