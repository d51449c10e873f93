// Converts checks from C's description to the core's.
#pragma once

#include <vector>

#include "core/capi.h"
#include "core/check/config.hpp"
#include "core/check/role.hpp"

namespace ngx_vrrp {

// A reserved slot is unused from the beginning.
check::Config to_check(const vrrp_core_check_conf_t &conf);

// By their numbers.
std::vector<check::Config> to_checks(const vrrp_core_conf_t &conf);

// Has a process of this role anything to check?
bool has_role(const vrrp_core_conf_t &conf, check::Role role);

// Of the processes that have anything to check.
std::vector<check::Role> roles_of(const vrrp_core_conf_t &conf);

}  // namespace ngx_vrrp
