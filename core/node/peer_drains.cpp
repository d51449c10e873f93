#include "core/node/peer_drains.hpp"

#include <algorithm>

#include "core/base/find.hpp"
#include "core/node/peer_routers.hpp"

namespace ngx_vrrp::node {

namespace {

using engine::DrainRequest;

// A node that has not left by then is preempted.
constexpr Duration kWantAgain = Seconds{5};

// An order of successors, at all nodes.
constexpr Duration kOrderArrives = Milliseconds{20};

peer::DrainStep to_step(const engine::Drain &drain) {
    if (drain.is_asking()) {
        return peer::DrainStep::asks;
    }
    return drain.has_addresses() ? peer::DrainStep::drains
                                 : peer::DrainStep::ended;
}

DrainRequest::Step to_step(peer::DrainStep step) {
    switch (step) {
        case peer::DrainStep::asks:
            return DrainRequest::Step::asks;
        case peer::DrainStep::drains:
            return DrainRequest::Step::drains;
        case peer::DrainStep::ended:
            break;
    }
    return DrainRequest::Step::ended;
}

peer::RouterDrain to_message(const engine::VirtualRouter &router, Instant now) {
    const engine::Drain &drain = router.drain();
    const vrrp::Config &config = router.config();
    const Duration left = drain.has_addresses()
                              ? std::max(drain.ends_at() - now, Duration{0})
                              : config.drain_timeout;
    return {
        config.family, config.vrid, to_step(drain), drain.connections(),
        static_cast<std::uint32_t>(std::chrono::ceil<Seconds>(left).count())};
}

}  // namespace

void PeerDrains::send(engine::Engine &engine, Instant now) {
    give_way(engine, now);
    leave_to_any(engine, now);
    std::vector<std::size_t> news = engine.take_drain_news();
    if (std::exchange(link_changes_, links_.changes()) != links_.changes()) {
        add_drained(news, engine);
    }
    if (news.empty()) {
        return;
    }
    std::map<Receiver, std::vector<std::size_t>> messages;
    std::vector<std::size_t> alone;
    for (const std::size_t router : news) {
        if (const auto to = receiver_of(router, engine)) {
            messages[*to].push_back(router);
        } else {
            alone.push_back(router);
        }
    }
    for (const auto &[to, routers] : messages) {
        peer::Drain drain{engine.routers()[routers.front()].own_mac(), {}};
        for (const std::size_t router : routers) {
            if (drain.routers.size() == peer::kMostDrains) {
                alone.push_back(router);
                continue;
            }
            drain.routers.push_back(to_message(engine.routers()[router], now));
        }
        if (!links_.send(to.second, to.first, peer::Type::drain,
                         serialize(drain), now)) {
            alone.insert(alone.end(), routers.begin(), routers.end());
        }
    }
    for (const std::size_t router : alone) {
        if (engine.routers()[router].drain().is_asking()) {
            engine.hear_forwards(
                router, {false, "no peer link to a successor", 0, {}}, now);
        }
    }
}

// nginx ends on this node, and does not serve new connections.
void PeerDrains::leave_to_any(engine::Engine &engine, Instant now) {
    if (!engine.is_stopping()) {
        return;
    }
    wanted_at_.resize(engine.routers().size());
    for (std::size_t i = 0; i < wanted_at_.size(); ++i) {
        const engine::VirtualRouter &router = engine.routers()[i];
        if (!router.stands_in() || router.is_moving() ||
            router.instance().state() != vrrp::StateName::active ||
            (wanted_at_[i] != Instant{} && now < wanted_at_[i] + kWantAgain)) {
            continue;
        }
        if (has_follower(router.config())) {
            wanted_at_[i] = now;
            engine.give_way(i, "a node that serves", now);
        }
    }
}

bool PeerDrains::has_follower(const vrrp::Config &config) const {
    for (std::size_t link = 0; link < links_.configs().size(); ++link) {
        const peer::OrderList orders = links_.order_of(link);
        if (interface_of(link) == config.interface &&
            peer::find_order(orders, config.family, config.vrid)) {
            return true;
        }
    }
    return false;
}

// The other process may be a new one, and what the previous one asked of the
// kernel ends.
void PeerDrains::add_drained(std::vector<std::size_t> &news,
                             const engine::Engine &engine) {
    for (std::size_t i = 0; i < engine.routers().size(); ++i) {
        if (engine.routers()[i].drain().has_addresses() &&
            std::ranges::find(news, i) == news.end()) {
            news.push_back(i);
        }
    }
}

bool PeerDrains::plans_to_want(const engine::Engine &engine, Instant now) {
    if (!engine.can_forward()) {
        return false;
    }
    wanted_.clear();
    wanted_at_.resize(engine.routers().size());
    const std::vector<peer::Peer> &peers = links_.peers();
    for (std::size_t i = 0; i < wanted_at_.size(); ++i) {
        if (wanted_at_[i] != Instant{} && now < wanted_at_[i] + kWantAgain) {
            continue;
        }
        const auto active = engine.preempts_soon(i, now);
        if (!active) {
            continue;
        }
        const vrrp::Config &config = engine.routers()[i].config();
        if (const peer::Peer *peer = find_active(peers, config, *active)) {
            wanted_at_[i] = now;
            wanted_.emplace_back(*peer,
                                 peer::RouterId{config.family, config.vrid});
        }
    }
    return !wanted_.empty();
}

void PeerDrains::want(Instant now) {
    for (const auto &[peer, router] : std::exchange(wanted_, {})) {
        links_.ask(peer, peer::Type::wants, serialize(peer::RouterIds{router}),
                   now);
    }
}

// A link of the other family does not show which node has an address.
const peer::Peer *PeerDrains::find_active(const std::vector<peer::Peer> &peers,
                                          const vrrp::Config &config,
                                          const IpAddress &address) const {
    return find_first(peers, [&](const peer::Peer &peer) {
        return peer.state == peer::PeerState::up &&
               interface_of(peer.link) == config.interface &&
               says_master(peer, config) &&
               (peer.address == address ||
                links_.may_have_address(peer.node, peer.link, peer.address,
                                        address));
    });
}

// The other nodes learn meanwhile that this one is the next: the one that was
// until now would take over, too. Its status may arrive on another link.
void PeerDrains::note_wants(const peer::Received &received,
                            const engine::Engine &engine, Instant now) {
    const auto ids = peer::parse_routers(received.message.payload);
    if (!ids || !links_.is_trusted(received.link, received.address)) {
        return;
    }
    for (const peer::RouterId &id : *ids) {
        const auto router =
            find_router(engine, interface_of(received.link), id);
        if (router) {
            std::erase_if(wants_, [&](const Want &want) {
                return want.router == *router;
            });
            wants_.push_back({*router, received.link, received.node,
                              name_of(received), now + kOrderArrives,
                              now + engine::Drain::kRequestTime});
        }
    }
}

// It must be the one that would follow this node anyway, and better.
void PeerDrains::give_way(engine::Engine &engine, Instant now) {
    std::erase_if(wants_, [&](const Want &want) {
        const engine::VirtualRouter &router = engine.routers()[want.router];
        const peer::OrderList orders = links_.order_of(want.link);
        const auto *order = peer::find_order(orders, router.config().family,
                                             router.config().vrid);
        const bool gives_way = now >= want.from && now < want.until && order &&
                               order->nodes.front() == want.node &&
                               is_higher(want.node, router);
        if (gives_way) {
            engine.give_way(want.router, want.name, now);
        }
        return gives_way || now >= want.until;
    });
}

std::optional<Instant> PeerDrains::deadline(Instant now) const {
    std::optional<Instant> earliest;
    for (const Want &want : wants_) {
        if (now < want.from) {
            take_earlier(earliest, {want.from});
        }
    }
    return earliest;
}

bool PeerDrains::is_higher(peer::NodeId node,
                           const engine::VirtualRouter &router) const {
    return std::ranges::any_of(links_.peers(), [&](const peer::Peer &peer) {
        const peer::RouterStatus *theirs = peer::find_router(
            peer.status, router.config().family, router.config().vrid);
        return peer.node == node && theirs &&
               theirs->priority > router.instance().effective_priority();
    });
}

// A request goes to the first one in the order of successors. A process that
// continues does not know who was asked: the MASTER. If the successor has
// ended, the next MASTER is asked, but a successor that has only a new process
// is not forgotten: see hear().
std::optional<PeerDrains::Receiver> PeerDrains::receiver_of(
    std::size_t router, const engine::Engine &engine) {
    successors_.resize(engine.routers().size());
    const engine::Drain &drain = engine.routers()[router].drain();
    const vrrp::Config &config = engine.routers()[router].config();
    for (std::size_t link = 0; link < links_.configs().size(); ++link) {
        if (interface_of(link) != config.interface) {
            continue;
        }
        std::optional<Receiver> to;
        if (drain.is_asking()) {
            const peer::OrderList orders = links_.order_of(link);
            if (const auto *order =
                    peer::find_order(orders, config.family, config.vrid)) {
                to = Receiver{link, order->nodes.front()};
            }
        } else if (successors_[router] == 0) {
            to = active_of(link, config);
        } else {
            const Receiver last{link, successors_[router]};
            return has_lost(router, link, drain)
                       ? active_of(link, config, last.second).value_or(last)
                       : last;
        }
        if (to) {
            successors_[router] = to->second;
            return to;
        }
    }
    return std::nullopt;
}

// The link of a dead node is silent for some seconds before it is cut.
bool PeerDrains::has_lost(std::size_t router, std::size_t link,
                          const engine::Drain &drain) const {
    return drain.has_addresses() &&
           (drain.has_lost_successor() || !is_up({link, successors_[router]}));
}

bool PeerDrains::is_up(const Receiver &node) const {
    return std::ranges::any_of(links_.peers(), [&](const peer::Peer &peer) {
        return peer.node == node.second && peer.state == peer::PeerState::up &&
               interface_of(peer.link) == interface_of(node.first);
    });
}

std::optional<PeerDrains::Receiver> PeerDrains::active_of(
    std::size_t link, const vrrp::Config &config,
    peer::NodeId other_than) const {
    for (const peer::Peer &peer : links_.peers()) {
        if (peer.state == peer::PeerState::up && peer.node != other_than &&
            interface_of(peer.link) == config.interface &&
            links_.is_trusted(peer.link, peer.address) &&
            says_master(peer, config)) {
            return Receiver{link, peer.node};
        }
    }
    return std::nullopt;
}

void PeerDrains::receive(const peer::Received &received, engine::Engine &engine,
                         Instant now) {
    if (received.message.type == peer::Type::drain) {
        answer(received, engine, now);
    } else if (received.message.type == peer::Type::wants) {
        note_wants(received, engine, now);
    } else {
        hear(received, engine, now);
    }
}

void PeerDrains::answer(const peer::Received &received, engine::Engine &engine,
                        Instant now) {
    const auto drain = peer::parse_drain(received.message.payload);
    if (!drain) {
        return;
    }
    peer::Forwards forwards;
    for (const peer::RouterDrain &one : drain->routers) {
        const engine::ForwardsReport report =
            forward(received, drain->mac, one, engine, now);
        if (one.step == peer::DrainStep::ended) {
            continue;
        }
        if (!report.is_in_place && forwards.why_not.empty()) {
            forwards.why_not = report.why_not;
        }
        if (report.is_in_place) {
            forwards.mac = report.mac;
        }
        forwards.routers.push_back(
            {one.family, one.vrid, report.is_in_place, report.segments});
    }
    if (!forwards.routers.empty()) {
        links_.reply(received, peer::Type::forwards, serialize(forwards), now);
    }
}

engine::ForwardsReport PeerDrains::forward(const peer::Received &received,
                                           const MacAddress &mac,
                                           const peer::RouterDrain &drain,
                                           engine::Engine &engine,
                                           Instant now) {
    const auto router = find_router(engine, interface_of(received.link),
                                    {drain.family, drain.vrid});
    if (!router) {
        return {false, "it has no such virtual router", 0, {}};
    }
    if (!may_ask(received, engine.routers()[*router])) {
        return {false, "it neither follows this node nor trusts it", 0, {}};
    }
    return engine.forward(
        *router,
        {to_step(drain.step), drain.connections, Seconds{drain.seconds}, mac,
         name_of(received), received.address},
        now);
}

// As for a handover: the node that this router follows, or a trusted one that
// has left, or that a node in between has followed.
bool PeerDrains::may_ask(const peer::Received &received,
                         const engine::VirtualRouter &router) const {
    const bool has_left =
        links_.is_trusted(received.link, received.address) &&
        (router.instance().state() == vrrp::StateName::active ||
         router.forwarding().is_on());
    return has_left || is_from_followed(links_, received, router);
}

void PeerDrains::hear(const peer::Received &received, engine::Engine &engine,
                      Instant now) {
    const auto forwards = peer::parse_forwards(received.message.payload);
    if (!forwards) {
        return;
    }
    successors_.resize(engine.routers().size());
    for (const peer::RouterForward &one : forwards->routers) {
        const auto router = find_router(engine, interface_of(received.link),
                                        {one.family, one.vrid});
        if (!router) {
            continue;
        }
        if (one.is_in_place && follows_successor(received, *router, engine)) {
            successors_[*router] = received.node;
        }
        if (successors_[*router] == received.node) {
            engine.hear_forwards(
                *router,
                {one.is_in_place, forwards->why_not, one.segments,
                 forwards->mac, received.address},
                now);
        }
    }
}

// The MASTER, after the successor of this node has ended, or its node has died.
bool PeerDrains::follows_successor(const peer::Received &received,
                                   std::size_t router,
                                   const engine::Engine &engine) const {
    const engine::VirtualRouter &left = engine.routers()[router];
    const auto active =
        active_of(received.link, left.config(), successors_[router]);
    return has_lost(router, received.link, left.drain()) && active &&
           active->second == received.node;
}

std::string PeerDrains::name_of(const peer::Received &received) const {
    const std::string address = received.address.to_string();
    const peer::Peer *peer =
        find_first(links_.peers(), [&](const peer::Peer &p) {
            return p.link == received.link && p.address == received.address;
        });
    return peer && !peer->about.router_id.empty()
               ? peer->about.router_id + " (" + address + ")"
               : address;
}

}  // namespace ngx_vrrp::node
