#include "core/status/render.hpp"

#include "core/base/moment_text.hpp"
#include "core/base/version.hpp"
#include "core/status/fields.hpp"

namespace ngx_vrrp::status {

namespace {

void write_status(JsonWriter &json, MetricsWriter *metrics, const View &view) {
    Fields out(json, metrics, view.moment);
    json.begin_object();
    json.member("version", kVersion);
    out.sample(1, gauge, "nginx_vrrp_build_info",
               "Versions of the module and of nginx.",
               Label{"version", kVersion},
               Label{"nginx_version", view.snapshot.node.nginx_version.view()},
               Label{"build_id", view.builds.running});
    json.member_or_null("build_id", view.builds.running);
    json.member_or_null("installed_build_id", view.builds.installed);
    out.sample(view.builds.differ(), gauge, "nginx_vrrp_module_file_changed",
               "The file of the module has another build than nginx runs.");
    json.member("time", to_rfc3339(view.moment.wall));
    out.object("node", [&] { write_node(out, view); });
    write_workers(out, view);
    write_instances(out, view.snapshot);
    write_peers(out, view);
    write_transitions(out, view);
    write_checks(out, view);
    write_notifier(out, view);
    json.end_object();
}

}  // namespace

std::string to_json(const View &view) {
    JsonWriter json;
    write_status(json, nullptr, view);
    return json.text() + "\n";
}

std::string to_metrics(const View &view, MetricsFormat format) {
    JsonWriter json;
    MetricsWriter metrics(format);
    write_status(json, &metrics, view);
    return metrics.text();
}

}  // namespace ngx_vrrp::status
