// The states of a virtual router: RFC 9568's names inside, keepalived's names
// for operators.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

#include "core/base/enum_name.hpp"

namespace ngx_vrrp::vrrp {

enum class StateName : std::uint8_t { initialize, backup, active, fault };

// "master" is a process in nginx, so the code uses active. Logs, status and
// scripts use keepalived's words.
constexpr std::string_view public_name(StateName state) {
    constexpr std::array<std::string_view, 4> names{"INIT", "BACKUP", "MASTER",
                                                    "FAULT"};
    return name_of(state, names);
}

}  // namespace ngx_vrrp::vrrp
