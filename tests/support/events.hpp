// Events as a test wants them.
#pragma once

#include <string_view>

#include "core/base/time.hpp"
#include "core/notify/event.hpp"

namespace ngx_vrrp::test {

// Of other words: one that does not exist.
inline notify::State state_named(std::string_view word) {
    auto state = notify::State{0};
    while (to_string(state) != word && to_string(state) != "unknown") {
        state = notify::State(static_cast<unsigned char>(state) + 1);
    }
    return state;
}

inline notify::EventRecord state_event(std::string_view instance,
                                       std::string_view to,
                                       Instant at = instant_from_ns(0)) {
    notify::EventRecord event{};
    event.kind = notify::EventKind::state;
    event.vrid = 51;
    event.priority = 100;
    event.at_ns = to_ns(at);
    event.wall_ns = 1'700'000'000'123'000'000;
    event.sequence = 7;
    event.node.set("lb01");
    event.instance.set(instance);
    event.interface.set("eth0");
    event.from.set(to == "MASTER" ? "BACKUP" : "MASTER");
    event.to.set(to);
    event.previous =
        to == "MASTER" ? notify::State::backup : notify::State::master;
    event.state = state_named(to);
    event.reason.set("priority 0 from 10.0.0.2");
    event.addresses.set("10.0.0.5 10.0.0.6");
    return event;
}

inline notify::EventRecord tracker_event(std::string_view instance,
                                         std::string_view subject,
                                         std::string_view to,
                                         Instant at = instant_from_ns(0)) {
    notify::EventRecord event = state_event(instance, to, at);
    event.kind = notify::EventKind::tracker;
    event.state = {};
    event.from.set(to == "down" ? "up" : "down");
    event.bad = to == "down";
    event.subject.set(subject);
    return event;
}

inline notify::EventRecord upstream_event(std::string_view upstream,
                                          std::string_view server,
                                          std::string_view to,
                                          Instant at = instant_from_ns(0)) {
    notify::EventRecord event = tracker_event("", upstream, to, at);
    event.kind = notify::EventKind::upstream;
    event.server.set(server);
    return event;
}

}  // namespace ngx_vrrp::test
