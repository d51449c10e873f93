#include "core/notify/keepalived_format.hpp"

#include <algorithm>
#include <string_view>

#include "core/base/moment_text.hpp"
#include "core/base/time.hpp"
#include "core/notify/text.hpp"

namespace ngx_vrrp::notify {

namespace {

std::string on_line(std::string text) {
    std::ranges::replace(text, '\n', '?');
    std::ranges::replace(text, '\r', '?');
    return text;
}

std::string quoted(const std::string &text) {
    std::string result = "\"";
    for (const char c : on_line(text)) {
        if (c == '"' || c == '\\') {
            result += '\\';
        }
        result += c;
    }
    return result + '"';
}

std::string moment(std::int64_t wall_ns) {
    return to_rfc3339(std::chrono::sys_time<Duration>{Duration{wall_ns}});
}

}  // namespace

std::vector<std::string> arguments(const EventRecord &event) {
    std::vector<std::string> list;
    for (const char *text : traits_of(event.kind).arguments) {
        list.push_back(filled(text, event));
    }
    if (event.of_group != 0) {
        list.front() = "GROUP";
    }
    return list;
}

// keepalived quotes the name, but not the state.
std::string line(const EventRecord &event) {
    const std::vector<std::string> words = arguments(event);
    const bool has_state = words[0] == "INSTANCE" || words[0] == "GROUP";
    return words[0] + ' ' + quoted(words[1]) + ' ' +
           (has_state ? on_line(words[2]) : quoted(words[2])) + ' ' +
           on_line(words[3]);
}

std::vector<std::string> environment(const EventRecord &event) {
    std::vector<std::string> list;
    const auto add = [&](const char *name, std::string_view value) {
        list.push_back(std::string(name) + '=' + std::string(value));
    };
    add("VRRP_EVENT", to_string(event.kind));
    add("VRRP_NODE", event.node.view());
    add("VRRP_INSTANCE", event.instance.view());
    add("VRRP_GROUP", event.group.view());
    add("VRRP_IFACE", event.interface.view());
    add("VRRP_STATE", event.to.view());
    add("VRRP_PREV_STATE", event.from.view());
    add("VRRP_PRIORITY", std::to_string(event.priority));
    add("VRRP_SUBJECT", event.subject.view());
    add("VRRP_SERVER", event.server.view());
    add("VRRP_REASON", event.reason.view());
    add("VRRP_VIPS", event.addresses.view());
    add("VRRP_SEQ", std::to_string(event.sequence));
    add("VRRP_TIME", moment(event.wall_ns));
    return list;
}

}  // namespace ngx_vrrp::notify
