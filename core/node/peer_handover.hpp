// Moving virtual routers over peer links: joins the engine with the links, and
// has no socket.
//
// A MASTER that leaves notifies the first one in the order of successors: all
// virtual routers of the interface in one message. That node takes them over at
// once, and confirms when it has added and announced their addresses. Until
// then the MASTER keeps them. Priority 0 is sent as well, and is sufficient.
#pragma once

#include <cstddef>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "core/base/time.hpp"
#include "core/engine/engine.hpp"
#include "core/peer/handover.hpp"
#include "core/peer/links.hpp"

namespace ngx_vrrp::node {

class PeerHandover {
public:
    // links outlives it.
    explicit PeerHandover(peer::Links &links) : links_(links) {}

    // After each event, before the links get the status after it: the order of
    // successors is that of the routers that are MASTER.
    // True: routers have left, so this node names no successor for them any
    // more.
    bool notify(engine::Engine &engine, Instant now);
    // A message of the type "leaving" or "taken".
    void receive(const peer::Received &received, engine::Engine &engine,
                 Instant now);
    // After each event.
    void confirm(const engine::Engine &engine, Instant now);

private:
    using Receiver = std::pair<std::size_t, peer::NodeId>;  // link and node
    // The routers that are in the message to it.
    using Messages = std::map<Receiver, std::vector<std::size_t>>;

    // To confirm that this router has been taken over.
    struct Promise {
        std::size_t router = 0;
        Receiver to;
        Instant until{};
    };

    std::optional<std::size_t> link_on(const std::string &interface) const;
    bool send(peer::Type type, const Receiver &to,
              const std::vector<std::size_t> &routers,
              const engine::Engine &engine, Instant now);
    std::optional<vrrp::Input> input_of(const peer::Received &received,
                                        std::size_t router,
                                        const engine::Engine &engine,
                                        Instant now);
    const std::string &interface_of(std::size_t link) const {
        return links_.configs()[link].interface;
    }

    peer::Links &links_;
    std::vector<Promise> promises_;       // at most one for each router
    std::vector<peer::NodeId> notified_;  // of each router; 0: none
};

}  // namespace ngx_vrrp::node
