#include "core/status/page.hpp"

#include <array>

#include "core/base/moment_text.hpp"
#include "core/base/version.hpp"
#include "core/status/page_assets.hpp"
#include "core/status/page_parts.hpp"

namespace ngx_vrrp::status {

namespace {

// Signs that differ in shape, for who does not see the colour.
std::string_view sign_of(std::string_view state) {
    if (state == "MASTER") {
        return "●";
    }
    return state == "BACKUP" ? "○" : "✗";
}

// A dot for the tab, from the fixed words above alone.
std::string icon_of(std::string_view state, bool fresh) {
    std::string_view colour = "c0272d";
    if (!fresh) {
        colour = "888";
    } else if (state == "MASTER") {
        colour = "1a7f37";
    } else if (state == "BACKUP") {
        colour = "0b62c4";
    }
    std::string icon =
        "data:image/svg+xml,<svg xmlns='http://www.w3.org/2000/svg' "
        "viewBox='0 0 8 8'><circle cx='4' cy='4' r='4' fill='%23";
    return icon.append(colour).append("'/></svg>");
}

std::string title_of(const View &view) {
    const Snapshot &snapshot = view.snapshot;
    std::string title(is_fresh(snapshot, view.moment.now) ? "" : "stale: ");
    return title.append(state_of(snapshot))
        .append(" ")
        .append(snapshot.node.router_id.view());
}

void write_head(HtmlWriter &html, const View &view) {
    const std::string icon = icon_of(state_of(view.snapshot),
                                     is_fresh(view.snapshot, view.moment.now));
    html.open("head").empty("meta", {{"charset", "utf-8"}});
    html.empty("meta", {{"name", "viewport"},
                        {"content", "width=device-width, initial-scale=1"}});
    html.empty("link", {{"id", "icon"}, {"rel", "icon"}, {"href", icon}});
    html.element("title", title_of(view));
    html.open("noscript");
    html.empty("meta", {{"http-equiv", "refresh"}, {"content", "2"}});
    html.close();
    html.open("style").raw(kPageStyle).close();
    html.close();
}

// Outside of what is replaced, so that a screen reader follows it.
void write_announcements(HtmlWriter &html) {
    html.open("p", {{"id", "lost"},
                    {"class", "alarm"},
                    {"role", "alert"},
                    {"hidden", "hidden"}});
    html.close();
    html.open("p",
              {{"id", "news"}, {"role", "status"}, {"aria-live", "polite"}});
    html.close();
}

// It always exists, so that the elements after it keep their position.
void write_stale(HtmlWriter &html, const View &view) {
    if (is_fresh(view.snapshot, view.moment.now)) {
        html.open(
            "p", {{"class", "alarm"}, {"role", "alert"}, {"hidden", "hidden"}});
        html.close();
        return;
    }
    const Duration age = status::age(view.snapshot, view.moment.now);
    html.open("p", {{"class", "alarm"}, {"role", "alert"}});
    html.element("strong", "Stale")
        .text(": the last report of the vrrp process was ");
    html.text(to_human(age)).text(" ago, it hangs or has exited. ");
    html.text("This page shows its last report.").close();
}

// One of several: the list says which is what.
void write_list_of_states(HtmlWriter &html, const Snapshot &snapshot) {
    if (snapshot.instances.size() < 2) {
        return;
    }
    html.open("ul", {{"class", "states"}});
    for (const InstanceRecord &instance : snapshot.instances) {
        html.open("li").text(sign_of(instance.state.view())).text(" ");
        html.element("bdi", instance.name.view()).text(" ");
        html.element("strong", instance.state.view()).close();
    }
    html.close();
}

void write_banner(HtmlWriter &html, const View &view) {
    const std::string_view state = state_of(view.snapshot);
    const bool fresh = is_fresh(view.snapshot, view.moment.now);
    const std::string css =
        "banner " + (fresh ? std::string(state) : std::string("stale"));
    html.open("header", {{"class", css}}).open("h1");
    html.element("bdi", view.snapshot.node.router_id.view()).text(" ");
    html.open("strong").open("span", {{"aria-hidden", "true"}});
    html.text(sign_of(state)).text(" ").close().text(state).close();
    html.text(fresh ? "" : " (stale)").close();
    write_list_of_states(html, view.snapshot);
    html.close();
}

void write_links(HtmlWriter &html) {
    constexpr std::array<std::array<std::string_view, 2>, 3> links{
        {{"?format=json", "JSON"},
         {"?format=prometheus", "metrics"},
         {"?format=health", "health"}}};
    html.open("nav", {{"aria-label", "other formats"}}).text("Also as");
    for (const auto &[address, name] : links) {
        html.text(" ").element("a", name, {{"href", address}});
    }
    html.close();
}

void write_foot(HtmlWriter &html, const View &view) {
    html.open("footer").open("p").text("ngx_vrrp ").text(kVersion);
    html.text(", answered ").text(to_rfc3339(view.moment.wall));
    html.text(" from data of ");
    html.text(to_human(status::age(view.snapshot, view.moment.now)));
    html.text(" ago").close();
    write_links(html);
    html.close();
}

}  // namespace

std::string to_page(const View &view) {
    HtmlWriter html;
    html.raw("<!DOCTYPE html>").open("html", {{"lang", "en"}});
    write_head(html, view);
    html.open("body");
    write_announcements(html);
    html.open("main");
    write_stale(html, view);
    write_banner(html, view);
    write_instances(html, view);
    write_transitions(html, view);
    write_checks(html, view);
    write_channels(html, view);
    write_processes(html, view);
    write_foot(html, view);
    html.close();
    html.open("script").raw(kPageScript).close();
    html.close().close().raw("\n");
    return html.html();
}

}  // namespace ngx_vrrp::status
