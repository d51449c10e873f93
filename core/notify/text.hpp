// An event as text, for messages to people. All of it is UTF-8 on one line,
// because events contain texts of the configuration and of other machines.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/time.hpp"
#include "core/notify/event.hpp"
#include "core/notify/ports.hpp"

namespace ngx_vrrp::notify {

using WallTime = std::chrono::sys_time<Duration>;

constexpr WallTime occurred_at(const EventRecord &event) {
    return WallTime{Duration{event.wall_ns}};
}

// UTF-8, with a blank for each control character.
std::string one_line(std::string_view text);

// A text of EventTraits. "{TO}": in upper case.
std::string filled(std::string_view text, const EventRecord &event);

// The subject and the change: "VI_1: BACKUP -> MASTER", "upstream web: server
// 10.0.0.11:80 is down".
std::string headline(const EventRecord &event);

// The same with the node: "lb1: VI_1: BACKUP -> MASTER".
std::string headline_with_node(const EventRecord &event);

// keepalived's: "[lb1] VRRP Instance VI_1 - Entering MASTER state".
std::string subject_line(const EventRecord &event);

struct Detail {
    std::string_view name;
    std::string value;
};

// All other data of the event: node, reason, priority, ... Or all that
// headline_with_node() does not have.
std::vector<Detail> details(const EventRecord &event, bool with_node = true);

Gravity gravity_of(const EventRecord &event);

// The gravest of them.
Gravity gravity_of(const Delivery &delivery);

// For a message with more than one event: "3 events", "3 events, and 2 older
// ones skipped". Empty otherwise.
std::string count_line(const Delivery &delivery);

}  // namespace ngx_vrrp::notify
