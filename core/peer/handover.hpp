// The messages "leaving" and "taken": a MASTER that leaves tells its successor
// which virtual routers of the interface it gives up, all of them in one
// message. The successor confirms those that it has taken over, when it has
// added and announced their addresses.
#pragma once

#include <vector>

#include "core/base/bytes.hpp"
#include "core/base/result.hpp"
#include "core/base/types.hpp"
#include "core/peer/message.hpp"

namespace ngx_vrrp::peer {

struct RouterId {
    Family family = Family::ipv4;
    Vrid vrid{};

    friend bool operator==(const RouterId &, const RouterId &) = default;
};

using RouterIds = std::vector<RouterId>;

Result<RouterIds, NotAMessage> parse_routers(Bytes payload);
// At most kMostRouters.
Buffer serialize(const RouterIds &routers);

}  // namespace ngx_vrrp::peer
