// Events as they may happen, at 23:59:57.250 on a leap day.
#pragma once

#include <chrono>
#include <initializer_list>
#include <string_view>

#include "core/notify/ports.hpp"
#include "core/notify/text.hpp"
#include "tests/support/events.hpp"

namespace ngx_vrrp::notify::sample {

inline constexpr std::int64_t kWallMs = 1709251197250;

// The second after the end of that day.
inline constexpr WallTime kNow{Seconds{1709251200}};

inline EventRecord event(EventKind kind, std::string_view from,
                         std::string_view to) {
    EventRecord event{};
    event.kind = kind;
    event.wall_ns = kWallMs * 1000000;
    event.sequence = 7;
    event.pid = 4711;
    event.node.set("lb1");
    event.from.set(from);
    event.to.set(to);
    if (kind == EventKind::state) {
        event.previous = test::state_named(from);
        event.state = test::state_named(to);
    }
    return event;
}

inline EventRecord of_instance(EventRecord event) {
    event.vrid = 51;
    event.priority = 100;
    event.instance.set("VI_1");
    event.interface.set("eth0");
    event.addresses.set("10.0.1.5/24 10.0.1.6/24");
    return event;
}

inline EventRecord state_event(std::string_view from = "BACKUP",
                               std::string_view to = "MASTER") {
    EventRecord record = of_instance(event(EventKind::state, from, to));
    record.reason.set("no advertisement for 3609 ms");
    return record;
}

inline EventRecord bad(EventRecord event) {
    event.bad = 1;
    return event;
}

inline EventRecord tracker_event(std::string_view from = "up",
                                 std::string_view to = "down") {
    EventRecord record = of_instance(event(EventKind::tracker, from, to));
    record.subject.set("track_http http://127.0.0.1/");
    record.reason.set("L7STS status 503");
    record.bad = to == "down";
    return record;
}

inline EventRecord upstream_event(std::string_view from = "up",
                                  std::string_view to = "down") {
    EventRecord record = event(EventKind::upstream, from, to);
    record.subject.set("web");
    record.server.set("10.0.0.11:8080");
    record.reason.set("L4CON connection refused");
    record.bad = to == "down";
    return record;
}

inline EventRecord split_brain_event(std::string_view to = "suspected") {
    EventRecord record = of_instance(event(EventKind::split_brain, "", to));
    record.subject.set("two masters");
    record.bad = to == "suspected";
    return record;
}

inline Delivery delivery(std::initializer_list<EventRecord> events,
                         std::uint64_t skipped = 0) {
    return {.id = 1, .channel = 3, .events = events, .skipped = skipped};
}

}  // namespace ngx_vrrp::notify::sample
