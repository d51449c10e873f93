// TCP between the nodes, for peer links: octets arrive in order and late, or
// not at all while a network is cut; a node without power leaves half of a
// connection behind. The sockets of a process and its kernel are here, too.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/peer/sockets.hpp"
#include "tests/simulation/lan.hpp"
#include "tests/simulation/plan.hpp"

namespace ngx_vrrp::simulation {

class LinkSockets;

// One direction of a connection ends at the node that it leads to.
struct Wire {
    enum class What : std::uint8_t { open, octets, fin, reset };

    struct Item {
        What what{};
        Buffer octets;
    };

    struct End {
        NodeNumber node = 0;
        IpAddress address;
        LinkSockets *process =
            nullptr;                 // null: it waits in the queue, or ended
        bool is_known = false;       // to the kernel
        std::deque<Item> arrived;    // not read yet
        std::deque<Item> under_way;  // to this end
        unsigned attempts = 0;       // of the first one
    };

    std::size_t link = 0;  // the same number on all nodes
    std::size_t network = 0;
    bool is_open = false;  // the other kernel has answered
    Instant disturbed_at{};
    End ends[2];  // the opener is the first one
};

class Wires {
public:
    Wires(Lan &lan, const Plan &plan);

    // Faults of the path of all connections between two nodes.
    void set_cut(std::size_t network, NodeNumber a, NodeNumber b);
    void heal();
    // As a firewall does it.
    void reset_all(std::size_t network);

    // The kernel of a node.
    void listen(NodeNumber node);
    // No process has the listening sockets any more.
    void close_listeners(NodeNumber node);
    void power_off(NodeNumber node);

    // For the sockets of a process.
    std::shared_ptr<Wire> connect(LinkSockets &process, NodeNumber from,
                                  std::size_t link, const IpAddress &source,
                                  const IpAddress &to);
    std::vector<std::shared_ptr<Wire>> waiting(NodeNumber node,
                                               std::size_t link) const;
    void send(const std::shared_ptr<Wire> &wire, int to, Wire::Item item);
    void forget(const std::shared_ptr<Wire> &wire, int end);

    // These two processes have been connected since then, and nothing that they
    // send is late.
    std::optional<Instant> flows_since(std::size_t link, const LinkSockets &a,
                                       const LinkSockets &b) const;

    // The kernel of this node answers now.
    std::function<bool(NodeNumber)> is_running;
    // Something can be read there.
    std::function<void(NodeNumber)> readable;

private:
    bool is_connected(const Wire &wire) const;
    bool passes(const Wire &wire) const;
    void pump(const std::shared_ptr<Wire> &wire, int to);
    void arrive(const std::shared_ptr<Wire> &wire, int to, Wire::Item item);
    std::optional<NodeNumber> node_at(std::size_t link,
                                      const IpAddress &address) const;

    Lan &lan_;
    const Plan &plan_;
    std::vector<std::shared_ptr<Wire>> wires_;
    std::vector<bool> listens_;
    std::vector<std::uint32_t> cut_;  // bits of nodes, by network and node
};

// Of one vrrp process.
class LinkSockets final : public peer::Sockets {
public:
    // id: of nginx, 0 before its first process.
    LinkSockets(Wires &wires, Lan &lan, const Plan &plan, NodeNumber node,
                peer::NodeId &id);
    ~LinkSockets() override;
    LinkSockets(const LinkSockets &) = delete;
    LinkSockets &operator=(const LinkSockets &) = delete;

    static constexpr int kFd = 1;

    Status listen(std::size_t link) override;
    void stop_listening() override;
    void set_source(std::size_t link, const IpAddress &source) override;
    peer::NodeId node_id() override;
    bool is_ours(int fd) const override { return fd == kFd; }
    void read(peer::Links &links, Instant now) override;

    std::string connect(peer::ConnectionId id, std::size_t link,
                        const IpAddress &address) override;
    bool send(peer::ConnectionId id, Bytes octets) override;
    void set_greeted(peer::ConnectionId) override {}
    void close(peer::ConnectionId id) override;
    peer::Nonce nonce() override;

    // There is something to read.
    bool is_readable() const;

private:
    struct Place {
        std::shared_ptr<Wire> wire;
        int end = 0;
    };

    void accept(peer::Links &links, Instant now);
    void read(peer::ConnectionId id, peer::Links &links, Instant now);

    Wires &wires_;
    Lan &lan_;
    NodeNumber node_;
    peer::NodeId &id_;
    std::vector<bool> listens_;
    std::vector<IpAddress> sources_;
    std::map<peer::ConnectionId, Place> places_;
};

}  // namespace ngx_vrrp::simulation
