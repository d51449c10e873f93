// Alertmanager identifies an alert by all of its labels: the message that ends
// an alert must have the labels of the one that began it, and hence nothing
// that changes in between. An alert that is not repeated ends at its endsAt.

#include <algorithm>
#include <chrono>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/json_writer.hpp"
#include "core/base/moment_text.hpp"
#include "core/notify/webhook_formats.hpp"

namespace ngx_vrrp::notify {

namespace {

// Long enough for Alertmanager to forward it, with its usual group_wait.
constexpr std::chrono::minutes kTransition{5};

// A lasting problem is repeated until it ends. If it is no longer repeated,
// because nginx has ended or its configuration has changed, the alert ends,
// too.
constexpr Duration kLasting = 5 * kRepeat;

struct Label {
    std::string_view name;
    std::string value;
};

struct Span {
    WallTime from;
    WallTime to;
};

std::vector<Label> common_labels(const EventRecord &event) {
    return {{"alertname", traits_of(event.kind).alert},
            {"node", one_line(event.node.view())},
            {"instance", one_line(event.instance.view())},
            {"vrid", event.vrid == 0 ? "" : std::to_string(event.vrid)},
            {"interface", one_line(event.interface.view())}};
}

// Of a lasting alert: the same at its end and at its beginning.
std::vector<Label> labels_of(const EventRecord &event) {
    const EventTraits &traits = traits_of(event.kind);
    std::vector<Label> labels = common_labels(event);
    labels.push_back({"severity", traits_of(traits.gravity).severity});
    labels.push_back({traits.subject_label, one_line(event.subject.view())});
    labels.push_back({"server", one_line(event.server.view())});
    return labels;
}

std::vector<Label> labels_of_state(const EventRecord &event,
                                   std::string_view state,
                                   const char *severity) {
    std::vector<Label> labels = common_labels(event);
    labels.push_back({"severity", severity});
    labels.push_back({"state", one_line(state)});
    return labels;
}

void write_annotations(JsonWriter &json, const EventRecord &event) {
    json.key("annotations").begin_object();
    json.member("summary", headline_with_node(event));
    for (const Detail &detail : details(event, false)) {
        json.member(detail.name, detail.value);
    }
    json.end_object();
}

void write_alert(JsonWriter &json, const EventRecord &event,
                 const std::vector<Label> &labels, const Span &span) {
    json.begin_object();
    json.key("labels").begin_object();
    for (const Label &label : labels) {
        if (!label.value.empty()) {
            json.member(label.name, label.value);
        }
    }
    json.end_object();
    write_annotations(json, event);
    json.member("startsAt", to_rfc3339(span.from));
    json.member("endsAt", to_rfc3339(span.to));
    json.end_object();
}

// From the time of the event. An attempt may be late: the end is not in the
// past.
Span lasting(const EventRecord &event, WallTime now, Duration time) {
    const WallTime from = occurred_at(event);
    return {from, std::max(from, now) + time};
}

Span ended(const EventRecord &event) {
    return {occurred_at(event), occurred_at(event)};
}

// Any other state ends a fault, also a fault from another process. Ending an
// alert that does not exist does no harm.
void write_state(JsonWriter &json, const EventRecord &event, WallTime now) {
    const std::vector<Label> fault = labels_of_state(
        event, to_string(State::fault), traits_of(Gravity::critical).severity);
    if (event.state == State::fault) {
        write_alert(json, event, fault, lasting(event, now, kLasting));
        return;
    }
    write_alert(json, event, fault, ended(event));
    write_alert(json, event,
                labels_of_state(event, event.to.view(),
                                traits_of(gravity_of(event)).severity),
                lasting(event, now, kTransition));
}

void write_event(JsonWriter &json, const EventRecord &event, WallTime now) {
    if (event.kind == EventKind::state) {
        write_state(json, event, now);
        return;
    }
    write_alert(json, event, labels_of(event),
                event.bad == 0 ? ended(event) : lasting(event, now, kLasting));
}

}  // namespace

std::optional<WebhookRequest> alertmanager_request(
    const Delivery &delivery, const WebhookChannel &channel, Signer &,
    WallTime now) {
    JsonWriter json;
    json.begin_array();
    for (const EventRecord &event : delivery.events) {
        write_event(json, event, now);
    }
    json.end_array();
    return WebhookRequest{channel.url, {}, json.text()};
}

}  // namespace ngx_vrrp::notify
