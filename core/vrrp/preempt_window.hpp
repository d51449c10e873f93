// A part of each day, in the local time of the machine, in which a router may
// preempt.
#pragma once

#include <chrono>
#include <string>
#include <vector>

#include "core/base/log.hpp"

namespace ngx_vrrp::vrrp {

// Since midnight.
using TimeOfDay = std::chrono::seconds;
using Minutes = std::chrono::minutes;

// From the first minute, and before the second one: 22:00-06:00 continues after
// midnight, 22:00-24:00 does not.
struct PreemptWindow {
    Minutes from{};
    Minutes until{};

    constexpr bool contains(TimeOfDay time) const {
        return from < until ? from <= time && time < until
                            : from <= time || time < until;
    }

    friend bool operator==(const PreemptWindow &,
                           const PreemptWindow &) = default;
};

using PreemptWindows = std::vector<PreemptWindow>;

// "02:00-04:00"
inline std::string to_string(const PreemptWindow &window) {
    const auto from = static_cast<unsigned>(window.from.count());
    const auto until = static_cast<unsigned>(window.until.count());
    return format("%02u:%02u-%02u:%02u", from / 60, from % 60, until / 60,
                  until % 60);
}

// Separated by blanks.
inline std::string to_string(const PreemptWindows &windows) {
    std::string text;
    for (const PreemptWindow &window : windows) {
        text += (text.empty() ? "" : " ") + to_string(window);
    }
    return text;
}

// The first open window, as text; empty: no window is open.
inline std::string open_window(const PreemptWindows &windows, TimeOfDay time) {
    for (const PreemptWindow &window : windows) {
        if (window.contains(time)) {
            return to_string(window);
        }
    }
    return {};
}

}  // namespace ngx_vrrp::vrrp
