// Converts receivers of notifications from C's description to the core's.
#pragma once

#include <vector>

#include "core/capi.h"
#include "core/notify/config.hpp"

namespace ngx_vrrp {

std::vector<notify::ChannelConfig> to_channels(const vrrp_core_conf_t &conf);

}  // namespace ngx_vrrp
