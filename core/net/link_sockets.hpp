// The sockets of peer links: one that listens for each interface and address
// family, and the connections.
//
// The listening sockets are made by the master, like those of router_names.hpp,
// and inherited by all vrrp processes: a connection that arrives between two
// processes waits there. The vrrp process binds them. A socket stays bound to
// the index of its interface, so it is bound again if the interface was deleted
// and made again.
//
// An epoll instance of this object waits for all of them, also until something
// can be sent: the event loop of the process watches only that instance.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "core/base/seqlock.hpp"
#include "core/base/system_error.hpp"
#include "core/base/time.hpp"
#include "core/base/types.hpp"
#include "core/os/fd.hpp"
#include "core/os/watcher.hpp"
#include "core/peer/sockets.hpp"

namespace ngx_vrrp::net {

struct LinkSocket {
    std::string interface;
    Family family = Family::ipv4;
    std::uint16_t port = 0;
    int fd = -1;  // that listens; -1: there is none
    // Of peers behind routers; all others must not have been routed.
    std::vector<std::pair<IpAddress, std::uint8_t>> min_ttls{};
};

// Not bound yet, and not closed by execve().
os::Fd open_link_socket(Family family);

// It is the one that is bound to this interface and port.
bool is_link_socket(int fd, const LinkSocket &socket);

class LinkSockets final : public peer::Sockets {
public:
    // The descriptors remain the caller's. watcher outlives it, and so does
    // the place where the id of this node is kept for the next process, if
    // there is one: 0, or an id.
    LinkSockets(std::vector<LinkSocket> sockets, os::Watcher &watcher,
                SharedWord *id = nullptr);
    ~LinkSockets() override;
    LinkSockets(const LinkSockets &) = delete;
    LinkSockets &operator=(const LinkSockets &) = delete;

    // Binds the socket unless it is bound already.
    Status listen(std::size_t link) override;
    void stop_listening() override;
    void set_source(std::size_t link, const IpAddress &source) override;
    peer::NodeId node_id() override;
    bool is_ours(int fd) const override {
        return fd == epoll_.get() && fd >= 0;
    }
    void read(peer::Links &links, Instant now) override;

    // Transport
    std::string connect(peer::ConnectionId id, std::size_t link,
                        const IpAddress &address) override;
    bool send(peer::ConnectionId id, Bytes octets) override;
    void set_greeted(peer::ConnectionId id) override;
    void close(peer::ConnectionId id) override;
    peer::Nonce nonce() override;

private:
    struct Listener {
        LinkSocket socket;
        IpAddress source;
        std::uint32_t index = 0;  // of the interface that it is bound to
        bool watched = false;
        unsigned accepted = 0;  // since the last listen()
    };

    struct Connection {
        os::Fd fd;
        std::size_t link = 0;
        IpAddress peer;
        bool connecting = false;
        Buffer pending;
        std::uint32_t number = 0;  // of the connections with this id
    };

    Status open_epoll();
    static Status bind(const LinkSocket &socket);
    bool watch(int fd, std::uint64_t name, std::uint32_t events, int operation);
    bool add(peer::ConnectionId id, os::Fd fd, std::size_t link,
             const IpAddress &peer, bool connecting);
    void want(peer::ConnectionId id);
    std::uint64_t name_of(peer::ConnectionId id) const;
    std::uint8_t min_ttl(std::size_t link, const IpAddress &peer) const;
    void pause(Listener &listener);
    void accept(std::size_t link, peer::Links &links, Instant now);
    void handle(peer::ConnectionId id, std::uint32_t events, peer::Links &links,
                Instant now);
    void receive(peer::ConnectionId id, bool icmp, peer::Links &links,
                 Instant now);
    static void flush(Connection &connection);

    std::vector<Listener> listeners_;
    std::array<Connection, peer::kMostConnections> connections_;
    os::Fd epoll_;
    os::Watcher &watcher_;
    SharedWord *id_;
};

}  // namespace ngx_vrrp::net
