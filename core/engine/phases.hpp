// The moments within their interval at which the routers of a node advertise:
// together, so that they cost one wake-up and one request for their leases, but
// not too many at once, or their advertisements would not fit into the receive
// buffer of a peer.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "core/engine/virtual_router.hpp"

namespace ngx_vrrp::engine {

inline constexpr std::size_t kInOnePhase = 64;

inline void share_phases(std::vector<RouterConfig> &routers) {
    if (routers.size() < 2) {
        return;
    }
    const std::size_t phases = (routers.size() + kInOnePhase - 1) / kInOnePhase;
    for (std::size_t i = 0; i < routers.size(); ++i) {
        vrrp::Config &config = routers[i].router;
        config.advert_phase = config.advert_interval *
                              static_cast<std::int64_t>(i / kInOnePhase) /
                              static_cast<std::int64_t>(phases);
    }
}

}  // namespace ngx_vrrp::engine
