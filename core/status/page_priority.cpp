// Why the priority of an instance is what it is: a sum, term by term.

#include <span>

#include "core/base/log.hpp"
#include "core/status/page_parts.hpp"

namespace ngx_vrrp::status {

namespace {

std::string with_sign(int number) {
    return number == 0 ? "0" : format("%+d", number);
}

std::span<const TrackerRecord> trackers_of(const Snapshot &snapshot,
                                           const InstanceRecord &instance) {
    return std::span(snapshot.trackers)
        .subspan(instance.first_tracker, instance.trackers);
}

// "Priority 80, configured 100"
std::string caption_of(const InstanceRecord &instance) {
    std::string text =
        "Priority " + std::to_string(instance.effective_priority);
    if (instance.effective_priority != instance.base_priority) {
        text += ", configured " + std::to_string(instance.base_priority);
    }
    return text;
}

// A row that is no tracker's.
void write_term(HtmlWriter &html, std::string_view name,
                std::string_view number) {
    html.open("tr").element("th", name, {{"scope", "row"}, {"colspan", "3"}});
    html.element("td", number, {{"class", "number"}}).element("td", "");
    html.close();
}

void write_weight(HtmlWriter &html, const TrackerRecord &tracker) {
    if (tracker.weighted == 0) {
        html.element("td", "failure is a fault");
        html.element("td", "–", {{"class", "number"}});
        return;
    }
    html.element("td", "weight " + with_sign(tracker.weight));
    html.element("td", with_sign(tracker.adds), {{"class", "number"}});
}

void write_tracker(HtmlWriter &html, const TrackerRecord &tracker) {
    html.open("tr").open("th", {{"scope", "row"}});
    html.text(tracker.type.view()).text(" ");
    html.element("bdi", tracker.name.view()).close();
    write_marked(html, mark_of(tracker.state), to_string(tracker.state));
    write_weight(html, tracker);
    html.element("td", tracker.reason.view()).close();
}

int sum_of(const Snapshot &snapshot, const InstanceRecord &instance) {
    int sum = instance.base_priority;
    for (const TrackerRecord &tracker : trackers_of(snapshot, instance)) {
        sum += tracker.adds;
    }
    return sum;
}

// The part that the terms do not explain.
void write_limit(HtmlWriter &html, const Snapshot &snapshot,
                 const InstanceRecord &instance) {
    const int beyond = instance.effective_priority - sum_of(snapshot, instance);
    if (beyond != 0) {
        write_term(html,
                   instance.base_priority == 255
                       ? "the address owner always has 255"
                       : "limited to 1-254",
                   with_sign(beyond));
    }
}

}  // namespace

void write_priority(HtmlWriter &html, const Snapshot &snapshot,
                    const InstanceRecord &instance) {
    begin_table(html, caption_of(instance),
                {"Why", "State", "Weight", "Adds", "Reason"});
    write_term(html, "configured", std::to_string(instance.base_priority));
    for (const TrackerRecord &tracker : trackers_of(snapshot, instance)) {
        write_tracker(html, tracker);
    }
    write_limit(html, snapshot, instance);
    write_term(html, "effective priority",
               std::to_string(instance.effective_priority));
    end_table(html);
}

}  // namespace ngx_vrrp::status
