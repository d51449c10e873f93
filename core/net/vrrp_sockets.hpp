// The VRRP sockets of all interfaces, in the care of an event loop.
#pragma once

#include <memory>
#include <string_view>
#include <vector>

#include "core/base/log.hpp"
#include "core/net/host.hpp"
#include "core/net/vrrp_socket.hpp"
#include "core/net/watcher.hpp"

namespace ngx_vrrp::net {

// listen(), forget() and send() are those of engine::Transmit.
class VrrpSockets {
public:
    VrrpSockets(Watcher &watcher, Sink &sink, LogSink &log);
    VrrpSockets(const VrrpSockets &) = delete;
    VrrpSockets &operator=(const VrrpSockets &) = delete;
    ~VrrpSockets();

    Status listen(const engine::Interface &interface, Family family,
                  bool multicast);
    void forget(std::string_view interface);
    Status send(const engine::Interface &interface,
                const wire::Endpoints &endpoints, Bytes pdu);

    // Hands what arrived to the sink, up to a bound.
    void on_readable(int fd);
    void read_all();

private:
    // Shared, because the sink may close a socket while it is read.
    using SocketPtr = std::shared_ptr<VrrpSocket>;

    SocketPtr find(int fd) const;
    SocketPtr find(std::string_view interface, Family family) const;
    Status open(const engine::Interface &interface, Family family,
                bool multicast);
    void close(const SocketPtr &socket);
    bool read_packet(VrrpSocket &socket);

    Watcher &watcher_;
    Sink &sink_;
    Log log_;
    std::vector<SocketPtr> sockets_;
    Buffer buffer_;
};

}  // namespace ngx_vrrp::net
