// Planned moves that cut no connection, over peer links: joins the engine with
// the links, and has no socket. See core/engine/drain.hpp and
// core/peer/drain.hpp.
#pragma once

#include <cstddef>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "core/base/time.hpp"
#include "core/engine/engine.hpp"
#include "core/peer/drain.hpp"
#include "core/peer/handover.hpp"
#include "core/peer/links.hpp"

namespace ngx_vrrp::node {

class PeerDrains {
public:
    // links outlives it.
    explicit PeerDrains(peer::Links &links) : links_(links) {}

    // After each event: what the routers have for their successors.
    void send(engine::Engine &engine, Instant now);
    // A node that this one preempts soon may leave before: it is asked to by
    // want(), after it has learned the present status of this one.
    bool plans_to_want(const engine::Engine &engine, Instant now);
    void want(Instant now);
    // When send() has something to do although nothing happens.
    std::optional<Instant> deadline(Instant now) const;
    // A message of the type "drain", "forwards" or "wants".
    void receive(const peer::Received &received, engine::Engine &engine,
                 Instant now);

private:
    using Receiver = std::pair<std::size_t, peer::NodeId>;  // link and node

    // A node that would preempt a router of this one.
    struct Want {
        std::size_t router;
        std::size_t link;
        peer::NodeId node;
        std::string name;
        Instant from;
        Instant until;
    };

    static void add_drained(std::vector<std::size_t> &news,
                            const engine::Engine &engine);
    void leave_to_any(engine::Engine &engine, Instant now);
    bool has_follower(const vrrp::Config &config) const;
    std::optional<Receiver> receiver_of(std::size_t router,
                                        const engine::Engine &engine);
    // Another node than the last successor.
    std::optional<Receiver> active_of(std::size_t link,
                                      const vrrp::Config &config,
                                      peer::NodeId other_than = 0) const;
    bool has_lost(std::size_t router, std::size_t link,
                  const engine::Drain &drain) const;
    const peer::Peer *find_active(const std::vector<peer::Peer> &peers,
                                  const vrrp::Config &config,
                                  const IpAddress &address) const;
    void note_wants(const peer::Received &received,
                    const engine::Engine &engine, Instant now);
    void give_way(engine::Engine &engine, Instant now);
    bool is_higher(peer::NodeId node,
                   const engine::VirtualRouter &router) const;
    void answer(const peer::Received &received, engine::Engine &engine,
                Instant now);
    void hear(const peer::Received &received, engine::Engine &engine,
              Instant now);
    engine::ForwardsReport forward(const peer::Received &received,
                                   const MacAddress &mac,
                                   const peer::RouterDrain &drain,
                                   engine::Engine &engine, Instant now);
    bool may_ask(const peer::Received &received,
                 const engine::VirtualRouter &router) const;
    bool is_up(const Receiver &node) const;
    bool follows_successor(const peer::Received &received, std::size_t router,
                           const engine::Engine &engine) const;
    std::string name_of(const peer::Received &received) const;
    const std::string &interface_of(std::size_t link) const {
        return links_.configs()[link].interface;
    }

    peer::Links &links_;
    std::vector<peer::NodeId> successors_;  // of each router; 0: not known
    std::uint64_t link_changes_ = 0;        // at the last look
    std::vector<Instant> wanted_at_;        // the same, for the last time
    std::vector<std::pair<peer::Peer, peer::RouterId>> wanted_;
    std::vector<Want> wants_;  // of other nodes, at most one for each router
};

}  // namespace ngx_vrrp::node
