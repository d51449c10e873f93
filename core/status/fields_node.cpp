// The node and its processes.

#include "core/engine/timer_lag.hpp"
#include "core/status/fields.hpp"

namespace ngx_vrrp::status {

namespace {

constexpr Metric timer_lag(MetricType part) {
    return {part, "nginx_vrrp_timer_lag_seconds",
            "Delay of the vrrp process after a deadline."};
}

// Counts up to each bound, as in Prometheus; null is no bound.
void write_buckets(Fields &out, const engine::TimerLag &lag) {
    std::uint64_t count = 0;
    auto bound = engine::kTimerLagBounds.begin();
    out.list("buckets", lag.buckets, [&](std::uint64_t more) {
        const bool last = bound == engine::kTimerLagBounds.end();
        const std::int64_t ns = last ? 0 : (bound++)->count();
        count += more;
        if (last) {
            out.json.key("le_us").null();
        } else {
            out.us("le_us", ns);
        }
        out.number("count", count, timer_lag(MetricType::bucket),
                   Label{"le", last ? "+Inf" : to_seconds(ns)});
    });
    out.seconds(lag.sum_ns, timer_lag(MetricType::sum));
    out.sample(count, timer_lag(MetricType::count));
}

void write_timer_lag(Fields &out, const engine::TimerLag &lag) {
    out.us("last_us", lag.last_ns);
    out.us("max_us", lag.max_ns, gauge, "nginx_vrrp_timer_lag_max_seconds",
           "Longest delay since the vrrp process started.");
    out.us("sum_us", lag.sum_ns);
    write_buckets(out, lag);
}

constexpr Metric kUnknownRouters{
    gauge, "nginx_vrrp_unknown_routers",
    "Virtual routers that are not configured here, heard in a minute."};

// Any host can send such packets, so the metric has no labels.
void write_unknown_routers(Fields &out, const Snapshot &snapshot) {
    std::int64_t heard = 0;
    out.list("unknown_routers", snapshot.unknown_routers,
             [&](const UnknownRouterRecord &router) {
                 heard += out.is_within(engine::UnknownRouters::kKept,
                                        router.heard_ns);
                 out.json.member("virtual_router_id", router.vrid);
                 out.json.member("interface", router.interface.view());
                 out.json.member("family", name_of_family(router.family));
                 out.json.member("sender", router.sender.view());
                 out.number("packets", router.packets);
                 out.since("heard_ms", "heard", router.heard_ns);
             });
    out.sample(heard, kUnknownRouters);
}

void write_bfd(Fields &out, const NodeRecord &node) {
    out.object_or_null("bfd", node.has_bfd != 0, [&] {
        out.object("dropped", [&] {
            for (std::size_t i = 0; i < bfd::kDrops; ++i) {
                const auto reason = to_string(static_cast<bfd::Drop>(i));
                out.number(reason, node.bfd_dropped[i], counter,
                           "nginx_vrrp_bfd_receive_errors",
                           "BFD packets dropped by reason.",
                           Label{"reason", reason});
            }
        });
    });
}

constexpr Metric kWorkers{gauge, "nginx_vrrp_workers",
                          "nginx worker processes by heartbeat state."};

}  // namespace

void write_node(Fields &out, const View &view) {
    const NodeRecord &node = view.snapshot.node;
    out.json.member("router_id", node.router_id.view());
    out.json.member_or_null("nginx_version", node.nginx_version.view());
    out.number("pid", node.pid);
    out.since("uptime_ms", "started", node.started_at_ns, gauge,
              "nginx_vrrp_process_start_time_seconds",
              "Start time of the vrrp process, Unix time.");
    out.number("generation", node.generation, gauge,
               "nginx_vrrp_config_generation",
               "Number of times that nginx loaded its configuration.");
    out.since("configured_ms", "configured", node.configured_at_ns, gauge,
              "nginx_vrrp_config_last_reload_timestamp_seconds",
              "Time of the last load of the configuration, Unix time.");
    out.age("age_ms", node.published_at_ns, gauge,
            "nginx_vrrp_status_age_seconds",
            "Time since the vrrp process published this status.");
    out.json.member("stale", !is_fresh(view.snapshot, view.moment.now));
    out.number("fresh_workers", node.fresh_workers);
    out.number("unknown_vrid_packets", node.unknown_vrid_packets, counter,
               "nginx_vrrp_unknown_vrid_packets",
               "VRRP packets of virtual routers that are not configured here.");
    write_unknown_routers(out, view.snapshot);
    out.number("lost_packets", node.lost_packets, counter,
               "nginx_vrrp_lost_packets",
               "VRRP packets lost because the queue of a socket was full.");
    out.number("lost_other_packets", node.lost_other_packets, counter,
               "nginx_vrrp_lost_other_packets",
               "Lost packets that no virtual router here could use.");
    write_bfd(out, node);
    out.number("crashes", node.crashes, counter, "nginx_vrrp_process_crashes",
               "Unexpected exits of the vrrp process.");
    out.number("nginx_crashes", node.nginx_crashes, counter,
               "nginx_vrrp_nginx_crashes",
               "Times that nginx was killed or crashed since its last stop.");
    out.json.member("preempt_wait_left_ms",
                    out.ms_until(node.preempts_from_ns));
    out.json.member("startup_delay_left_ms", out.ms_until(node.not_before_ns));
    out.number("realtime_priority", node.realtime_priority);
    out.json.member("mlock", node.mlock != 0);
    out.object("timer_lag", [&] { write_timer_lag(out, node.timer_lag); });
}

// Only nginx's workers that track_nginx watches beat.
void write_workers(Fields &out, const View &view) {
    std::int64_t stalled = 0;
    out.list("workers", view.workers, [&](const engine::Heartbeat &worker) {
        const bool late = is_stalled(view, worker);
        stalled += late;
        out.number("pid", worker.pid);
        out.age("heard_ms", to_ns(worker.beat), gauge,
                "nginx_vrrp_worker_heartbeat_age_seconds",
                "Time since the last heartbeat of a worker process.",
                Label{"pid", std::to_string(worker.pid)});
        out.json.member("state", late ? "stalled" : "alive");
    });
    if (!view.workers.empty()) {
        out.sample(std::ssize(view.workers) - stalled, kWorkers,
                   Label{"state", "alive"});
        out.sample(stalled, kWorkers, Label{"state", "stalled"});
    }
}

}  // namespace ngx_vrrp::status
