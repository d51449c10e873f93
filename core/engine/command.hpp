// The commands of an operator to the virtual routers, and their results.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "core/base/enum_name.hpp"

namespace ngx_vrrp::engine {

enum class Command : std::uint8_t {
    release,  // give the addresses to a peer, and stay out
    resume,   // take part again
    failback  // take the addresses from a peer that must yield
};

inline constexpr std::array<std::string_view, 3> kCommands{"release", "resume",
                                                           "failback"};

// A value from shared memory may be out of range.
constexpr bool is_known(Command command) {
    return static_cast<std::size_t>(command) < kCommands.size();
}

constexpr std::string_view to_string(Command command) {
    return name_of(command, kCommands);
}

struct Outcome {
    bool done = false;   // or already the case; else refused
    std::string detail;  // the change, or the reason for none
};

// Of the router with this index in Engine::routers().
struct RouterOutcome {
    std::size_t router = 0;
    Outcome outcome;
};

}  // namespace ngx_vrrp::engine
