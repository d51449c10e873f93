// TCP connections of clients to virtual addresses. Each belongs to the node
// that has accepted it, and ends by itself after some seconds. What a client
// sends goes to the node that it takes for the owner of the address, and from
// there, perhaps, to nodes that finish connections (core/engine/drain.hpp).
#pragma once

#include <functional>
#include <optional>
#include <vector>

#include "core/base/ip.hpp"
#include "core/base/time.hpp"
#include "tests/simulation/lan.hpp"
#include "tests/simulation/plan.hpp"

namespace ngx_vrrp::simulation {

class Traffic {
public:
    explicit Traffic(Lan &lan) : lan_(lan) {}

    // What the kernel of a node does with a segment of a connection that it
    // does not have.
    struct Kernel {
        bool runs = false;
        bool is_local = false;  // the address
        std::optional<NodeNumber> forwards_to;
    };

    std::function<Kernel(NodeNumber, std::size_t network, const IpAddress &)>
        kernel;
    // The node that clients use for an address.
    std::function<std::optional<NodeNumber>(std::size_t network,
                                            const IpAddress &)>
        owner;

    void open(NodeNumber server, std::size_t network, const IpAddress &address,
              Duration length);
    unsigned count(NodeNumber server,
                   const std::vector<IpAddress> &addresses) const;
    // By its own kernel, as the vrrp process wants.
    unsigned close(NodeNumber server, const std::vector<IpAddress> &addresses);
    // nginx ends at once, or the machine has no power.
    void end(NodeNumber server);

    // Each client sends now: a node without the connection ends it.
    void send();

    unsigned cut() const { return cut_; }
    // Segments that the successor of their node has forwarded.
    unsigned forwarded() const { return forwarded_; }

private:
    struct Connection {
        NodeNumber server;
        std::size_t network;
        IpAddress address;
        Instant until;
    };

    bool is_reset(const Connection &connection);
    bool is_of(const Connection &connection, NodeNumber server,
               const std::vector<IpAddress> &addresses) const;
    void report_cut(const Connection &connection, const char *why);

    Lan &lan_;
    std::vector<Connection> connections_;
    unsigned cut_ = 0;
    unsigned forwarded_ = 0;
};

}  // namespace ngx_vrrp::simulation
