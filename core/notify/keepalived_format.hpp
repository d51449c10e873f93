// Events in keepalived's form, for scripts and named pipes.
#pragma once

#include <string>
#include <vector>

#include "core/notify/event.hpp"

namespace ngx_vrrp::notify {

// The arguments that keepalived appends to the command of "notify": INSTANCE
// VI_1 MASTER 100. For other events: TRACKER VI_1 "track_http http://..." DOWN,
// UPSTREAM web 10.0.0.1:80 DOWN, SPLIT_BRAIN VI_1 "two masters" SUSPECTED.
std::vector<std::string> arguments(const EventRecord &event);

// The same as one line, without its end. Names are in double quotes, with a
// backslash before each double quote and backslash.
std::string line(const EventRecord &event);

// VRRP_INSTANCE=VI_1, VRRP_STATE=MASTER and so on.
std::vector<std::string> environment(const EventRecord &event);

}  // namespace ngx_vrrp::notify
