// The changes of state, the newest first.

#include <algorithm>
#include <span>

#include "core/base/moment_text.hpp"
#include "core/status/page_parts.hpp"

namespace ngx_vrrp::status {

namespace {

// The others wait to be asked for.
constexpr std::size_t kShown = 8;

using Transitions = std::span<const TransitionRecord>;

void write_when(HtmlWriter &html, const TransitionRecord &record,
                const Moment &moment) {
    const auto at = wall_clock_of(record);
    html.element("time", to_time_of_day(at), {{"datetime", to_rfc3339(at)}});
    html.text(" ").element("small", ago(moment, record.at_ns));
}

void write_change(HtmlWriter &html, const TransitionRecord &record) {
    html.open("p").element("bdi", record.instance.view()).text(" ");
    html.text(record.from.view()).text(" ");
    html.element("span", "→", {{"role", "img"}, {"aria-label", "to"}});
    html.text(" ").element("strong", record.to.view(),
                           {{"class", record.to.view()}});
    html.close();
}

void write_transition(HtmlWriter &html, const TransitionRecord &record,
                      const Moment &moment) {
    html.open("li", {{"class", record.to.view()}});
    write_when(html, record, moment);
    write_change(html, record);
    html.open("p").element("bdi", record.reason.view()).text(" ");
    html.element("small", "process " + std::to_string(record.pid)).close();
    html.close();
}

// Without its numbers, which mean nothing, it shall still be a list for who
// hears the page.
void write_list(HtmlWriter &html, Transitions transitions, std::size_t start,
                const Moment &moment) {
    html.open("ol", {{"class", "timeline"},
                     {"role", "list"},
                     {"start", std::to_string(start)}});
    for (const TransitionRecord &record : transitions) {
        write_transition(html, record, moment);
    }
    html.close();
}

}  // namespace

void write_transitions(HtmlWriter &html, const View &view) {
    const Transitions all = view.transitions;
    const Transitions shown = all.first(std::min(all.size(), kShown));
    const Transitions earlier = all.subspan(shown.size());

    html.open("section").element("h2", "Changes of state");
    if (shown.empty()) {
        html.element("p", "None yet.");
    } else {
        write_list(html, shown, 1, view.moment);
    }
    if (!earlier.empty()) {
        html.open("details").open("summary");
        html.text(earlier.size()).text(" earlier").close();
        write_list(html, earlier, shown.size() + 1, view.moment);
        html.close();
    }
    html.close();
}

}  // namespace ngx_vrrp::status
