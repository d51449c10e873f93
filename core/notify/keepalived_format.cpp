#include "core/notify/keepalived_format.hpp"

#include <string_view>
#include <utility>

#include "core/base/moment_text.hpp"
#include "core/base/time.hpp"

namespace ngx_vrrp::notify {

namespace {

// No locale: these are words of a protocol.
std::string to_upper(std::string_view text) {
    std::string upper(text);
    for (char &c : upper) {
        c = c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
        c = c == '\n' || c == '\r' ? '?' : c;  // it is a part of a line
    }
    return upper;
}

std::string quoted(std::string_view text) {
    std::string result = "\"";
    for (const char c : text) {
        if (c == '"' || c == '\\') {
            result += '\\';
        }
        result += c == '\n' || c == '\r' ? '?' : c;
    }
    return result + '"';
}

// The first two are names.
struct Sentence {
    std::string_view what;
    std::string_view about;
    std::string_view detail;  // a name, or the new state
    std::string last;
};

Sentence sentence(const EventRecord &event) {
    const std::string_view instance = event.instance.view();
    const std::string_view subject = event.subject.view();
    std::string to = to_upper(event.to.view());
    switch (event.kind) {
        case EventKind::tracker:
            return {"TRACKER", instance, subject, std::move(to)};
        case EventKind::upstream:
            return {"UPSTREAM", subject, event.server.view(), std::move(to)};
        case EventKind::split_brain:
            return {"SPLIT_BRAIN", instance, subject, std::move(to)};
        case EventKind::state:
            break;
    }
    return {"INSTANCE", instance, event.to.view(),
            std::to_string(event.priority)};
}

std::string moment(std::int64_t wall_ns) {
    return to_rfc3339(std::chrono::sys_time<Duration>{Duration{wall_ns}});
}

}  // namespace

std::vector<std::string> words(const EventRecord &event) {
    const Sentence s = sentence(event);
    return {std::string(s.what), std::string(s.about), std::string(s.detail),
            s.last};
}

std::string line(const EventRecord &event) {
    const Sentence s = sentence(event);
    const std::string detail =
        event.kind == EventKind::state ? to_upper(s.detail) : quoted(s.detail);
    return std::string(s.what) + ' ' + quoted(s.about) + ' ' + detail + ' ' +
           s.last;
}

std::vector<std::string> environment(const EventRecord &event) {
    std::vector<std::string> list;
    const auto add = [&](const char *name, std::string_view value) {
        list.push_back(std::string(name) + '=' + std::string(value));
    };
    add("VRRP_EVENT", to_string(event.kind));
    add("VRRP_NODE", event.node.view());
    add("VRRP_INSTANCE", event.instance.view());
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
