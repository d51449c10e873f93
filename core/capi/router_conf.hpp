// Converts instances from C's description to the core's.
#pragma once

#include <vector>

#include "core/capi.h"
#include "core/engine/virtual_router.hpp"

namespace ngx_vrrp {

std::vector<engine::RouterConfig> to_configs(const vrrp_core_conf_t &conf);

}  // namespace ngx_vrrp
