// Converts instances from C's description to the core's.
#pragma once

#include <vector>

#include "core/capi.h"
#include "core/engine/virtual_router.hpp"
#include "core/node/peer_links.hpp"

namespace ngx_vrrp {

std::vector<engine::RouterConfig> to_configs(const vrrp_core_conf_t &conf);

std::vector<node::PeerLink> to_peer_links(const vrrp_core_conf_t &conf);

// What usually is the same on all nodes.
peer::Details to_shared(const vrrp_core_conf_t &conf);

}  // namespace ngx_vrrp
