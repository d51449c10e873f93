// The processes of this node, and their delays.

#include "core/base/log.hpp"
#include "core/status/page_parts.hpp"

namespace ngx_vrrp::status {

namespace {

void write_process(HtmlWriter &html, std::string_view name,
                   std::string_view pid, std::string_view heard,
                   std::string_view lag) {
    html.open("tr").element("th", name, {{"scope", "row"}});
    html.element("td", pid, {{"class", "number"}});
    html.element("td", heard).element("td", lag).close();
}

std::string lag_of(Duration worst) {
    return format("at most %.1f ms late",
                  static_cast<double>(worst.count()) / 1e6);
}

void write_vrrp_process(HtmlWriter &html, const View &view) {
    const NodeRecord &node = view.snapshot.node;
    write_process(html, "vrrp process", std::to_string(node.pid),
                  ago(view.moment, node.published_at_ns),
                  lag_of(Duration{node.timer_lag.max_ns}));
}

void write_checkers(HtmlWriter &html, const View &view) {
    for (const check::Role role : check::kRoles) {
        const check::Beat &beat = view.checks.beats[index_of(role)];
        if (beat.at == Instant{}) {
            continue;
        }
        std::string name = "vrrp ";
        name.append(to_string(role)).append(" process");
        write_process(html, name, "", ago(view.moment, to_ns(beat.at)),
                      lag_of(beat.worst_lag));
    }
}

void write_notifier(HtmlWriter &html, const View &view) {
    if (view.notifier != 0) {
        write_process(html, "vrrp notifier process",
                      std::to_string(view.notifier), "", "");
    }
}

void write_worker(HtmlWriter &html, const View &view,
                  const engine::Heartbeat &worker) {
    const std::string heard = ago(view.moment, to_ns(worker.beat));
    html.open("tr").element("th", "worker process", {{"scope", "row"}});
    html.element("td", worker.pid, {{"class", "number"}});
    if (is_stalled(view, worker)) {
        write_marked(html, kBad, "stalled, " + heard);
    } else {
        html.element("td", heard);
    }
    html.element("td", "").close();
}

void write_workers(HtmlWriter &html, const View &view) {
    for (const engine::Heartbeat &worker : view.workers) {
        write_worker(html, view, worker);
    }
}

// "realtime priority 50, memory locked"
std::string scheduling_of(const NodeRecord &node) {
    std::string text =
        node.realtime_priority == 0
            ? "no realtime priority"
            : "realtime priority " + std::to_string(node.realtime_priority);
    return text + (node.mlock != 0 ? ", memory locked" : "");
}

void write_node(HtmlWriter &html, const View &view) {
    const NodeRecord &node = view.snapshot.node;
    const Moment &moment = view.moment;
    html.open("dl");
    write_fact(html, "nginx", node.nginx_version.view());
    write_fact(html, "Started", since(moment, node.started_at_ns));
    write_fact(html, "Configured", since(moment, node.configured_at_ns));
    write_fact(html, "Generation", std::to_string(node.generation));
    write_fact(html, "Crashes", std::to_string(node.crashes));
    write_fact(html, "Scheduling", scheduling_of(node));
    write_fact(html, "Workers alive", std::to_string(node.fresh_workers));
    write_fact(html, "Packets of unknown VRIDs",
               std::to_string(node.unknown_vrid_packets));
    if (instant_from_ns(node.not_before_ns) > moment.now) {
        write_fact(html, "Start delayed for",
                   to_human(instant_from_ns(node.not_before_ns) - moment.now));
    }
    html.close();
}

}  // namespace

void write_processes(HtmlWriter &html, const View &view) {
    html.open("section").element("h2", "Node");
    write_node(html, view);
    begin_table(html, "Processes",
                {"Process", "PID", "Last heard", "Deadlines"});
    write_vrrp_process(html, view);
    write_checkers(html, view);
    write_notifier(html, view);
    write_workers(html, view);
    end_table(html);
    html.close();
}

}  // namespace ngx_vrrp::status
