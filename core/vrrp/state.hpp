// The states of a virtual router, with RFC 9568's names in the code and with
// keepalived's names for operators.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

#include "core/base/enum_name.hpp"

namespace ngx_vrrp::vrrp {

enum class StateName : std::uint8_t { initialize, backup, active, fault };

// "master" is a process in nginx, so the code says active. Operators, logs,
// status and scripts use the names of keepalived.
constexpr std::string_view public_name(StateName state) {
    constexpr std::array<std::string_view, 4> names{"INIT", "BACKUP", "MASTER",
                                                    "FAULT"};
    return name_of(state, names);
}

}  // namespace ngx_vrrp::vrrp
