// Two questions to the kernel about this node: is an address local, and has a
// process accepted a connection to it?
#pragma once

#include <cstdint>

#include "core/base/ip.hpp"
#include "core/base/system_error.hpp"
#include "core/net/netlink_socket.hpp"

namespace ngx_vrrp::probe {

struct TcpEndpoint {
    IpAddress address;
    std::uint16_t port = 0;

    // 10.0.0.1:80, [::1]:80
    std::string to_string() const;

    friend bool operator==(const TcpEndpoint &, const TcpEndpoint &) = default;
};

// A TCP socket as sock_diag(7) shows it.
enum class TcpSocket : std::uint8_t {
    none,    // there is no such connection
    orphan,  // no process has it: not accepted yet, or closed
    owned    // a process has it
};

class KernelView {
public:
    Status open();

    // Packets to this address stay here: it is an address of any interface, or
    // a local route. A successful bind() does not prove this
    // (ip_nonlocal_bind).
    bool is_local(const IpAddress &address);

    // The end of a connection at `local`; both of one family.
    Result<TcpSocket, SystemError> find(const TcpEndpoint &local,
                                        const TcpEndpoint &remote);

private:
    net::RequestSocket routes_;
    net::RequestSocket sockets_;
};

}  // namespace ngx_vrrp::probe
