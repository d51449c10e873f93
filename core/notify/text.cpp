#include "core/notify/text.hpp"

#include <algorithm>

#include "core/base/moment_text.hpp"
#include "core/base/utf8.hpp"

namespace ngx_vrrp::notify {

namespace {

std::string instance_of(const EventRecord &event) {
    return one_line(event.instance.view());
}

// "split brain suspected: two masters": the name of a sign, and whether it
// lasts.
std::string split_brain(const EventRecord &event) {
    return "split brain " + one_line(event.to.view()) + ": " +
           one_line(event.subject.view());
}

std::string what_is(const EventRecord &event, std::string_view name) {
    return std::string(name) + " is " + one_line(event.to.view());
}

std::string server_is(const EventRecord &event) {
    return what_is(event, "server " + one_line(event.server.view()));
}

std::string what_happened(const EventRecord &event) {
    switch (event.kind) {
        case EventKind::state:
            return event.again != 0 ? "still " + one_line(event.to.view())
                                    : one_line(event.from.view()) + " -> " +
                                          one_line(event.to.view());
        case EventKind::tracker:
            return what_is(event, one_line(event.subject.view()));
        case EventKind::upstream:
            return server_is(event);
        case EventKind::split_brain:
            return split_brain(event);
    }
    return {};
}

std::string whom_it_is_about(const EventRecord &event) {
    return event.kind == EventKind::upstream
               ? "upstream " + one_line(event.subject.view())
               : instance_of(event);
}

std::string with_colon(std::string text) {
    return text.empty() ? text : std::move(text) + ": ";
}

std::string keepalived_state(const EventRecord &event) {
    return event.state == State::stop
               ? "Stopping"
               : "Entering " + one_line(event.to.view()) + " state";
}

std::string instance_and_vrid(const EventRecord &event) {
    const std::string instance = instance_of(event);
    return event.vrid == 0
               ? instance
               : instance + " (vrid " + std::to_string(event.vrid) + ")";
}

Gravity gravity_of_state(const EventRecord &event) {
    if (event.state == State::fault) {
        return Gravity::critical;
    }
    const bool moves = event.state == State::master ||
                       event.from.view() == to_string(State::master);
    return moves ? Gravity::warning : Gravity::info;
}

}  // namespace

std::string one_line(std::string_view text) {
    std::string line = valid_utf8(text);
    for (char &c : line) {
        const auto u = static_cast<unsigned char>(c);
        c = u < 0x20 || u == 0x7f ? ' ' : c;
    }
    return line;
}

std::string headline(const EventRecord &event) {
    return with_colon(whom_it_is_about(event)) + what_happened(event);
}

std::string headline_with_node(const EventRecord &event) {
    return with_colon(one_line(event.node.view())) + headline(event);
}

std::string subject_line(const EventRecord &event) {
    std::string subject = "[" + one_line(event.node.view()) + "] ";
    if (event.kind == EventKind::upstream) {
        return subject + "Upstream " + one_line(event.subject.view()) + " - " +
               server_is(event);
    }
    return subject + "VRRP Instance " + instance_of(event) + " - " +
           (event.kind == EventKind::state ? keepalived_state(event)
                                           : what_happened(event));
}

std::vector<Detail> details(const EventRecord &event) {
    const bool of_instance = !event.instance.view().empty();
    std::vector<Detail> known{
        {"time", to_rfc3339(happened_at(event))},
        {"node", one_line(event.node.view())},
        {"instance", instance_and_vrid(event)},
        {"interface", one_line(event.interface.view())},
        {"reason", one_line(event.reason.view())},
        {"priority", of_instance ? std::to_string(event.priority) : ""},
        {"addresses", one_line(event.addresses.view())},
    };
    std::erase_if(known, [](const Detail &d) { return d.value.empty(); });
    return known;
}

Gravity gravity_of(const EventRecord &event) {
    if (event.kind == EventKind::state) {
        return gravity_of_state(event);
    }
    if (event.bad == 0) {
        return Gravity::good;
    }
    return event.kind == EventKind::split_brain ? Gravity::critical
                                                : Gravity::warning;
}

Gravity gravity_of(const Delivery &delivery) {
    Gravity gravest = Gravity::good;
    for (const EventRecord &event : delivery.events) {
        gravest = std::max(gravest, gravity_of(event));
    }
    return gravest;
}

std::string count_line(const Delivery &delivery) {
    const std::size_t n = delivery.events.size();
    if (n < 2 && delivery.skipped == 0) {
        return {};
    }
    std::string text = std::to_string(n) + (n == 1 ? " event" : " events");
    if (delivery.skipped > 0) {
        text += ", and " + std::to_string(delivery.skipped) + " older " +
                (delivery.skipped == 1 ? "one" : "ones") + " skipped";
    }
    return text;
}

}  // namespace ngx_vrrp::notify
