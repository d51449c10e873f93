#include "core/status/metrics.hpp"

#include <algorithm>

#include "core/base/version.hpp"
#include "core/engine/timer_lag.hpp"
#include "core/status/metrics_parts.hpp"

namespace ngx_vrrp::status {

namespace {

void write_build(MetricsWriter &out, const NodeRecord &node) {
    out.gauge("nginx_vrrp_build_info", "Versions of the module and of nginx.");
    out.sample(Labels()
                   .with("version", kVersion)
                   .with("nginx_version", node.nginx_version.view()),
               1);
}

void write_process(MetricsWriter &out, const NodeRecord &node,
                   const Moment &moment) {
    out.gauge("nginx_vrrp_status_age_seconds",
              "Time since the vrrp process published this status.");
    out.seconds({}, to_ns(moment.now) - node.published_at_ns);

    out.gauge("nginx_vrrp_process_start_time_seconds",
              "Start time of the vrrp process, Unix time.");
    out.seconds({}, unix_time_ns(moment, node.started_at_ns));

    out.counter("nginx_vrrp_process_crashes",
                "Unexpected exits of the vrrp process.");
    out.sample({}, node.crashes);

    out.counter("nginx_vrrp_unknown_vrid_packets",
                "VRRP packets of virtual routers that are not configured "
                "here.");
    out.sample({}, node.unknown_vrid_packets);

    out.counter("nginx_vrrp_lost_packets",
                "VRRP packets lost because the queue of a socket was full.");
    out.sample({}, node.lost_packets);

    out.counter("nginx_vrrp_lost_other_packets",
                "Lost packets that no virtual router here could use.");
    out.sample({}, node.lost_other_packets);
}

void write_configuration(MetricsWriter &out, const NodeRecord &node,
                         const Moment &moment) {
    out.gauge("nginx_vrrp_config_generation",
              "Number of times that nginx loaded its configuration.");
    out.sample({}, node.generation);

    out.gauge("nginx_vrrp_config_last_reload_timestamp_seconds",
              "Time of the last load of the configuration, Unix time.");
    out.seconds({}, unix_time_ns(moment, node.configured_at_ns));
}

void write_timer_lag(MetricsWriter &out, const engine::TimerLag &lag) {
    out.histogram("nginx_vrrp_timer_lag_seconds",
                  "Delay of the vrrp process after a deadline.");
    std::uint64_t count = 0;
    for (std::size_t i = 0; i < lag.buckets.size(); ++i) {
        count += lag.buckets[i];
        out.bucket(i < engine::kTimerLagBounds.size()
                       ? to_seconds(engine::kTimerLagBounds[i].count())
                       : "+Inf",
                   count);
    }
    out.sum_and_count(lag.sum_ns, count);

    out.gauge("nginx_vrrp_timer_lag_max_seconds",
              "Longest delay since the vrrp process started.");
    out.seconds({}, lag.max_ns);
}

// Only nginx's workers that track_nginx watches beat.
void write_workers(MetricsWriter &out, const View &view) {
    if (view.workers.empty()) {
        return;
    }
    const auto stalled = std::ranges::count_if(
        view.workers, [&](const auto &w) { return is_stalled(view, w); });
    const auto alive = std::ssize(view.workers) - stalled;
    out.gauge("nginx_vrrp_workers",
              "nginx worker processes by heartbeat state.");
    out.sample(Labels().with("state", "alive"), alive);
    out.sample(Labels().with("state", "stalled"), stalled);

    out.gauge("nginx_vrrp_worker_heartbeat_age_seconds",
              "Time since the last heartbeat of a worker process.");
    for (const engine::Heartbeat &worker : view.workers) {
        out.seconds(Labels().with("pid", worker.pid),
                    (view.moment.now - worker.beat).count());
    }
}

}  // namespace

void write_node_metrics(MetricsWriter &out, const View &view) {
    const NodeRecord &node = view.snapshot.node;
    write_build(out, node);
    write_process(out, node, view.moment);
    write_configuration(out, node, view.moment);
    write_timer_lag(out, node.timer_lag);
    write_workers(out, view);
}

std::string to_metrics(const View &view, MetricsFormat format) {
    MetricsWriter out(format);
    write_node_metrics(out, view);
    write_instance_metrics(out, view);
    write_tracker_metrics(out, view);
    write_upstream_metrics(out, view);
    write_channel_metrics(out, view);
    return out.end();
}

}  // namespace ngx_vrrp::status
