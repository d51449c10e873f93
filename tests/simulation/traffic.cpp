#include "tests/simulation/traffic.hpp"

#include <algorithm>
#include <string>

namespace ngx_vrrp::simulation {

namespace {

// A segment goes on from node to node, but not for ever.
constexpr unsigned kMostHops = 8;

}  // namespace

void Traffic::open(NodeNumber server, std::size_t network,
                   const IpAddress &address, Duration length) {
    connections_.push_back({server, network, address, lan_.now() + length});
}

bool Traffic::is_of(const Connection &connection, NodeNumber server,
                    const std::vector<IpAddress> &addresses) const {
    return connection.server == server && connection.until > lan_.now() &&
           std::ranges::find(addresses, connection.address) != addresses.end();
}

unsigned Traffic::count(NodeNumber server,
                        const std::vector<IpAddress> &addresses) const {
    return static_cast<unsigned>(std::ranges::count_if(
        connections_,
        [&](const Connection &one) { return is_of(one, server, addresses); }));
}

unsigned Traffic::close(NodeNumber server,
                        const std::vector<IpAddress> &addresses) {
    return static_cast<unsigned>(
        std::erase_if(connections_, [&](const Connection &one) {
            const bool closes = is_of(one, server, addresses);
            if (closes) {
                report_cut(one, "closed by its node");
            }
            return closes;
        }));
}

void Traffic::end(NodeNumber server) {
    std::erase_if(connections_,
                  [&](const Connection &one) { return one.server == server; });
}

void Traffic::send() {
    std::erase_if(connections_, [&](const Connection &one) {
        return one.until <= lan_.now() || is_reset(one);
    });
}

bool Traffic::is_reset(const Connection &connection) {
    auto at = owner(connection.network, connection.address);
    for (unsigned hops = 0; at && hops < kMostHops; ++hops) {
        const Kernel here = kernel(*at, connection.network, connection.address);
        if (*at == connection.server) {
            forwarded_ += hops > 0 && here.is_local;
            return false;
        }
        if (!here.runs || !lan_.reaches_clients(connection.network, *at)) {
            return false;
        }
        if (!here.forwards_to) {
            if (here.is_local) {
                report_cut(connection, "reset by another node");
            }
            return here.is_local;
        }
        at = here.forwards_to;
    }
    return false;
}

void Traffic::report_cut(const Connection &connection, const char *why) {
    ++cut_;
    lan_.trace("a connection of node " + std::to_string(connection.server) +
               " to " + connection.address.to_string() + " is " + why);
}

}  // namespace ngx_vrrp::simulation
