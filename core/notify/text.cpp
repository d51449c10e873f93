#include "core/notify/text.hpp"

#include <algorithm>

#include "core/base/moment_text.hpp"
#include "core/base/utf8.hpp"

namespace ngx_vrrp::notify {

namespace {

// No locale: these are words of a protocol.
std::string to_upper(std::string_view text) {
    std::string upper(text);
    for (char &c : upper) {
        c = c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
    }
    return upper;
}

std::string field(const EventRecord &event, std::string_view name) {
    if (name == "priority") {
        return std::to_string(event.priority);
    }
    if (name == "TO") {
        return to_upper(event.to.view());
    }
    if (name == "STATE") {
        return std::string(to_string(event.state));
    }
    return std::string(name == "instance"  ? event.instance.view()
                       : name == "subject" ? event.subject.view()
                       : name == "server"  ? event.server.view()
                       : name == "from"    ? event.from.view()
                                           : event.to.view());
}

std::string instance_and_vrid(const EventRecord &event) {
    const std::string instance = one_line(event.instance.view());
    return event.vrid == 0
               ? instance
               : instance + " (vrid " + std::to_string(event.vrid) + ")";
}

Gravity gravity_of_state(const EventRecord &event) {
    if (event.state == State::fault) {
        return Gravity::critical;
    }
    const bool moves =
        event.state == State::master || event.previous == State::master;
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

std::string filled(std::string_view text, const EventRecord &event) {
    std::string result;
    while (!text.empty()) {
        const std::size_t open = text.find('{');
        const std::size_t close = text.find('}');
        result += text.substr(0, open);
        if (open != text.npos) {
            result += field(event, text.substr(open + 1, close - open - 1));
        }
        text.remove_prefix(close == text.npos ? text.size() : close + 1);
    }
    return result;
}

std::string headline(const EventRecord &event) {
    const EventTraits &traits = traits_of(event.kind);
    const bool still = event.kind == EventKind::state && event.again != 0;
    const std::string about = filled(traits.about, event);
    return one_line((about.empty() ? "" : about + ": ") +
                    filled(still ? "still {to}" : traits.change, event));
}

std::string headline_with_node(const EventRecord &event) {
    const std::string node = one_line(event.node.view());
    return (node.empty() ? "" : node + ": ") + headline(event);
}

std::string subject_line(const EventRecord &event) {
    const bool of_state = event.kind == EventKind::state;
    const char *text = traits_of(event.kind).mail;
    if (of_state && event.state == State::stop) {
        text = "VRRP Instance {instance} - Stopping";
    } else if (of_state && event.state == State::deleted) {
        text = "VRRP Instance {instance} - Removed from the configuration";
    }
    return "[" + one_line(event.node.view()) + "] " +
           one_line(filled(text, event));
}

std::vector<Detail> details(const EventRecord &event, bool with_node) {
    const bool of_instance = !event.instance.view().empty();
    std::vector<Detail> known{
        {"time", to_rfc3339(occurred_at(event))},
        {"node", with_node ? one_line(event.node.view()) : ""},
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
    return event.bad == 0 ? Gravity::good : traits_of(event.kind).gravity;
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
