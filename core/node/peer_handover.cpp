#include "core/node/peer_handover.hpp"

#include <algorithm>
#include <map>
#include <optional>
#include <utility>

#include "core/base/find.hpp"
#include "core/node/peer_routers.hpp"

namespace ngx_vrrp::node {

namespace {

// A MASTER does not wait longer for the confirmation.
constexpr Duration kPromise = Seconds{3};

peer::RouterId id_of(const engine::VirtualRouter &router) {
    return {router.config().family, router.config().vrid};
}

}  // namespace

// The links of an interface have the same routers: any of them will do.
std::optional<std::size_t> PeerHandover::link_on(
    const std::string &interface) const {
    for (std::size_t link = 0; link < links_.configs().size(); ++link) {
        if (interface_of(link) == interface) {
            return link;
        }
    }
    return std::nullopt;
}

bool PeerHandover::notify(engine::Engine &engine, Instant now) {
    std::map<std::size_t, peer::OrderList> orders;  // of each link
    Messages messages;
    const std::vector<std::size_t> left = engine.take_left();
    for (const std::size_t router : left) {
        const vrrp::Config &config = engine.routers()[router].config();
        const auto link = link_on(config.interface);
        if (!link) {
            continue;
        }
        const auto [it, is_new] = orders.try_emplace(*link);
        if (is_new) {
            it->second = links_.order_of(*link);
        }
        if (const auto *order =
                peer::find_order(it->second, config.family, config.vrid)) {
            messages[{*link, order->nodes.front()}].push_back(router);
        }
    }

    std::vector<engine::Engine::PeerInput> inputs;
    notified_.resize(engine.routers().size());
    for (const auto &[to, routers] : messages) {
        if (send(peer::Type::leaving, to, routers, engine, now)) {
            for (const std::size_t router : routers) {
                notified_[router] = to.second;
                inputs.push_back({router, vrrp::SuccessorNotified{}});
            }
        }
    }
    if (!inputs.empty()) {
        engine.handle_peers(inputs, now);
    }
    return !left.empty();
}

bool PeerHandover::send(peer::Type type, const Receiver &to,
                        const std::vector<std::size_t> &routers,
                        const engine::Engine &engine, Instant now) {
    peer::RouterIds ids;
    for (const std::size_t router : routers) {
        ids.push_back(id_of(engine.routers()[router]));
    }
    return links_.send(to.second, to.first, type, serialize(ids), now);
}

void PeerHandover::receive(const peer::Received &received,
                           engine::Engine &engine, Instant now) {
    const auto ids = peer::parse_routers(received.message.payload);
    if (!ids) {
        return;
    }
    std::vector<engine::Engine::PeerInput> inputs;
    for (const peer::RouterId &id : *ids) {
        const auto router =
            find_router(engine, interface_of(received.link), id);
        const auto input =
            router ? input_of(received, *router, engine, now) : std::nullopt;
        if (input) {
            inputs.push_back({*router, *input});
        }
    }
    if (!inputs.empty()) {
        engine.handle_peers(inputs, now);
    }
}

// Only from the node that this router follows, or that it has notified.
std::optional<vrrp::Input> PeerHandover::input_of(
    const peer::Received &received, std::size_t router,
    const engine::Engine &engine, Instant now) {
    if (received.message.type == peer::Type::taken) {
        notified_.resize(engine.routers().size());
        return std::exchange(notified_[router], 0) == received.node
                   ? std::optional{vrrp::SuccessorReady{received.address}}
                   : std::nullopt;
    }
    const vrrp::Instance &instance = engine.routers()[router].instance();
    const bool is_theirs =
        is_from_followed(links_, received, engine.routers()[router]);
    // priority 0 has come before it
    const bool has_taken = links_.is_trusted(received.link, received.address) &&
                           instance.state() == vrrp::StateName::active;
    if (is_theirs || has_taken) {
        std::erase_if(promises_, [&](const Promise &promise) {
            return promise.router == router;
        });
        promises_.push_back(
            {router, {received.link, received.node}, now + kPromise});
    }
    return is_theirs ? std::optional{vrrp::MasterLeaves{*instance.followed()}}
                     : std::nullopt;
}

void PeerHandover::confirm(const engine::Engine &engine, Instant now) {
    Messages messages;
    std::erase_if(promises_, [&](const Promise &promise) {
        const bool serves = engine.routers()[promise.router].serves();
        if (serves) {
            messages[promise.to].push_back(promise.router);
        }
        return serves || now >= promise.until;
    });
    for (const auto &[to, routers] : messages) {
        static_cast<void>(send(peer::Type::taken, to, routers, engine, now));
    }
}

}  // namespace ngx_vrrp::node
