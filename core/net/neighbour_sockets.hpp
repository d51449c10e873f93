// Receives announcements of virtual addresses: ARP for IPv4 and Neighbour
// Advertisements for IPv6, each with one socket for all interfaces. The kernel
// drops announcements of other addresses, so that a busy LAN does not wake this
// process.
#pragma once

#include <optional>
#include <vector>

#include "core/base/ip.hpp"
#include "core/base/log.hpp"
#include "core/base/repeated_line.hpp"
#include "core/base/system_error.hpp"
#include "core/engine/facts.hpp"
#include "core/net/sink.hpp"
#include "core/os/fd.hpp"
#include "core/os/watcher.hpp"

namespace ngx_vrrp::net {

class NeighbourSockets {
public:
    NeighbourSockets(os::Watcher &watcher, Sink &sink, LogSink &log);
    NeighbourSockets(const NeighbourSockets &) = delete;
    NeighbourSockets &operator=(const NeighbourSockets &) = delete;
    ~NeighbourSockets();

    // Replaces the previous list.
    Status watch(const std::vector<IpAddress> &addresses);

    // Passes received messages to the sink, up to a bound. False: not one of
    // our sockets.
    bool on_readable(int fd);

private:
    Status open(Family family, const std::vector<IpAddress> &addresses);
    void close(os::Fd &fd);
    bool read_arp();
    bool read_advertisement();
    bool take(int error, const std::optional<engine::NeighbourClaim> &claim);

    os::Watcher &watcher_;
    Sink &sink_;
    Log log_;
    RepeatedLine error_line_;
    os::Fd arp_;
    os::Fd icmpv6_;
};

}  // namespace ngx_vrrp::net
