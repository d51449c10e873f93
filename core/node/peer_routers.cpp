#include "core/node/peer_routers.hpp"

namespace ngx_vrrp::node {

std::optional<std::size_t> find_router(const engine::Engine &engine,
                                       const std::string &interface,
                                       const peer::RouterId &id) {
    const auto &routers = engine.routers();
    for (std::size_t i = 0; i < routers.size(); ++i) {
        const vrrp::Config &config = routers[i].config();
        if (config.peer_link && config.interface == interface &&
            peer::RouterId{config.family, config.vrid} == id) {
            return i;
        }
    }
    return std::nullopt;
}

bool is_from_followed(const peer::Links &links, const peer::Received &received,
                      const engine::VirtualRouter &router) {
    const auto followed = router.instance().followed();
    return followed && (received.address == *followed ||
                        (links.is_trusted(received.link, received.address) &&
                         links.may_have_address(received.node, received.link,
                                                received.address, *followed)));
}

bool says_master(const peer::Peer &peer, const vrrp::Config &router) {
    const peer::RouterStatus *status =
        peer::find_router(peer.status, router.family, router.vrid);
    return status && status->state == peer::RouterState::master;
}

}  // namespace ngx_vrrp::node
