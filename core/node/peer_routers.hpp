// Which virtual router a message of a peer is about, and whether the node that
// has sent it is the one that the router follows.
#pragma once

#include <cstddef>
#include <optional>
#include <string>

#include "core/engine/engine.hpp"
#include "core/peer/handover.hpp"
#include "core/peer/links.hpp"

namespace ngx_vrrp::node {

// The index of the router with a peer link on this interface.
std::optional<std::size_t> find_router(const engine::Engine &engine,
                                       const std::string &interface,
                                       const peer::RouterId &id);

// The id of a node connects its addresses of both families.
bool is_from_followed(const peer::Links &links, const peer::Received &received,
                      const engine::VirtualRouter &router);

// In its last status.
bool says_master(const peer::Peer &peer, const vrrp::Config &router);

}  // namespace ngx_vrrp::node
