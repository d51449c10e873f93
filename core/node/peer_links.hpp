// The peer links of the vrrp process: joins them with the engine and with the
// status. A process has links while it owns all virtual routers: the next one
// accepts what waits at the listening sockets. No system calls: the simulation
// uses it with other sockets.
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "core/base/log.hpp"
#include "core/base/repeated_line.hpp"
#include "core/base/store.hpp"
#include "core/engine/engine.hpp"
#include "core/engine/signing.hpp"
#include "core/net/link_sockets.hpp"
#include "core/node/peer_details.hpp"
#include "core/node/peer_drains.hpp"
#include "core/node/peer_handover.hpp"
#include "core/peer/links.hpp"
#include "core/peer/remembered.hpp"
#include "core/peer/sockets.hpp"
#include "core/status/records.hpp"

namespace ngx_vrrp::node {

// Of one interface and family; the same for all its routers.
struct PeerLink {
    peer::LinkConfig config;
    net::LinkSocket socket;
};

std::vector<net::LinkSocket> sockets_of(const std::vector<PeerLink> &links);

class PeerLinks final {
public:
    // about: what this node reports that does not come from the engine.
    // signing, sockets and sink outlive it. Without links, it does nothing.
    PeerLinks(const std::vector<PeerLink> &links, const peer::Details &about,
              engine::Signing &signing, peer::Sockets &sockets, LogSink &sink);

    bool any() const { return !interfaces_.empty(); }

    // Before start(). It outlives this object.
    void remember_in(Store &store) { store_ = &store; }

    // The process takes part in VRRP.
    void start() { started_ = any(); }
    // The process ends, as soon as no router is leaving any more.
    // is_replaced: another process continues with the links.
    void stop(engine::Engine &engine, bool is_replaced, Instant now);

    // Advertisements that have arrived are to be handled before follow().
    bool has_deaths() const { return started_ && links_.has_deaths(); }
    // After each event.
    void follow(engine::Engine &engine, Instant now) {
        if (started_) {
            catch_up(engine, now);
        }
    }

    // Answers take effect at once: a router may be about to take over.
    bool on_readable(int fd, engine::Engine &engine, Instant now) {
        return started_ && sockets_.is_ours(fd) && read(engine, now);
    }
    void handle_time(Instant now);
    const std::optional<Instant> &deadline() const { return due_; }

    // The router_id of the node with this address; empty: it is not known.
    std::string name_of(const std::string &interface,
                        const IpAddress &address) const;

    // The records are to be published.
    bool take_news(Instant now) { return (any() || news_) && has_news(now); }
    status::PeerRecords records() const;

    // Only with links that have a secret.
    PeerDetails &details() { return details_; }

private:
    // What the MASTER of a router has said, if it has a link.
    struct Naming {
        bool known = false;
        std::optional<IpAddress> of;  // its address, if it has named this node
    };

    // The nodes with a link that say that they are MASTER of a router.
    struct Linked {
        std::vector<peer::NodeId> nodes;
        std::uint64_t last_change = 0;  // of a connection with one of them
    };

    void catch_up(engine::Engine &engine, Instant now);
    bool read(engine::Engine &engine, Instant now);
    bool has_news(Instant now);
    void plan();
    void start_or_end(engine::Engine &engine, Instant now);
    bool is_wanted(const engine::Engine &engine) const;
    void begin();
    void end(peer::Farewell reason, Instant now);
    void look(engine::Engine &engine, Instant now);
    void report_deaths(engine::Engine &engine, Instant now);
    void deliver(engine::Engine &engine, Instant now);
    void advise(engine::Engine &engine, bool forget, Instant now);
    Naming naming_of(const engine::VirtualRouter &router) const;
    bool is_master(const peer::Peer &peer, const vrrp::Config &config) const;
    Linked linked(const vrrp::Config &config) const;
    static bool is_to_be_asked(const Linked &next, const Linked &before);
    void report_linked(engine::Engine &engine, Instant now);
    engine::LinkedPeers linked_peers(const std::string &interface,
                                     engine::LinkedPeers before,
                                     Instant now) const;
    void ask(engine::Engine &engine, Instant now);
    void hear_answer(const peer::Received &answer, engine::Engine &engine,
                     Instant now);
    bool is_higher(const peer::Received &answer,
                   const engine::VirtualRouter &router,
                   const engine::Engine &engine) const;
    IpAddress own_address(const engine::Engine &engine, std::size_t link) const;
    void listen(Instant now);
    void remember(Instant now);
    std::vector<peer::Target> targets(const engine::Engine &engine) const;
    void add_remembered(std::vector<peer::Target> &targets,
                        const engine::VirtualRouter &router) const;
    std::size_t link_of(const engine::VirtualRouter &router) const;
    std::size_t link_to(const engine::VirtualRouter &router,
                        Family family) const;
    status::PeerRecord record_of(const peer::Peer &peer) const;

    // What is read without links, too, lies side by side.
    bool started_ = false;
    bool news_ = true;  // a previous process may have published others
    Instant next_news_{};
    std::optional<Instant> due_;

    std::vector<std::string> interfaces_;  // of each link
    std::vector<Family> families_;
    std::vector<bool> has_secret_;
    Log log_;
    peer::Sockets &sockets_;
    peer::Links links_;
    PeerDetails details_;
    PeerHandover handover_{links_};
    PeerDrains drains_{links_};
    engine::Signing &signing_;
    Store *store_ = nullptr;
    peer::Remembered remembered_;
    bool stopped_ = false;
    bool replaced_ = false;
    bool running_ = false;
    bool heard_ = false;  // octets of a peer, or the end of a link
    std::vector<std::optional<IpAddress>> successor_of_;  // of each router
    std::vector<Linked> linked_;  // of each router: ActiveLinked
    std::vector<engine::LinkedPeers> linked_peers_;  // the same
    std::vector<peer::Received> received_;
    std::uint64_t transitions_ = 0;
    std::size_t leaving_ = 0;  // routers, in what the peers know
    Instant next_look_{};
    RepeatedLine trouble_line_{Seconds{60}};
};

}  // namespace ngx_vrrp::node
