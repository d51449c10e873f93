// The sockets of BFD: packets arrive at UDP port 3784 (RFC 5881) and, over
// several hops, 4784 (RFC 5883), one socket for each port and address family.
// Each session sends from a separate socket with a separate port; that socket
// receives nothing.
//
// The receiving sockets are made by the master, like those of router_names.hpp,
// and inherited by all vrrp processes: only the process that has the sessions
// reads them, and a packet that arrives between two processes waits there. They
// are bound without SO_REUSEADDR, so that another program with BFD on this
// machine is noticed.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "core/base/system_error.hpp"
#include "core/base/types.hpp"
#include "core/bfd/speaker.hpp"
#include "core/os/fd.hpp"
#include "core/os/watcher.hpp"

namespace ngx_vrrp::net {

// IPv4, IPv6, IPv4 multihop, IPv6 multihop.
inline constexpr std::size_t kBfdSockets = 4;

constexpr std::size_t bfd_socket_of(Family family, bool multihop) {
    return (family == Family::ipv6 ? 1U : 0U) + (multihop ? 2U : 0U);
}

// Not bound yet, and not closed by execve().
os::Fd open_bfd_socket(std::size_t which);

// It is the one that is bound to the port of `which`.
bool is_bfd_socket(int fd, std::size_t which);

// The program that has its port, if it is not bound and root asks: see
// port_holder.hpp.
std::string find_bfd_holder(int fd, std::size_t which, Instant give_up);

class BfdSockets {
public:
    using Descriptors = std::array<int, kBfdSockets>;

    // The descriptors remain the caller's; -1: none. watcher outlives it.
    BfdSockets(const Descriptors &descriptors, std::size_t sessions,
               os::Watcher &watcher);
    ~BfdSockets();
    BfdSockets(const BfdSockets &) = delete;
    BfdSockets &operator=(const BfdSockets &) = delete;

    // Binds the socket unless it is bound already, and reads it from now on.
    Status listen(std::size_t which);
    void stop_listening();

    // port: of a previous process, or 0 for a new one.
    Status open_session(std::size_t session, const bfd::SessionConfig &config,
                        std::uint16_t port);
    void close_session(std::size_t session);
    bool is_open(std::size_t session) const {
        return static_cast<bool>(senders_[session].fd);
    }
    std::uint16_t port(std::size_t session) const {
        return senders_[session].port;
    }
    Status send(std::size_t session, const bfd::SessionConfig &config,
                Bytes payload) const;

    using Receive = std::function<void(const bfd::Arrival &)>;

    bool is_listening(int fd) const;
    bool listens(std::size_t which) const { return listening_[which]; }

    // A bounded number of packets, of this socket or of all.
    void read(int fd, const Receive &receive) const;
    void read_all(const Receive &receive) const;

private:
    struct Sender {
        os::Fd fd;
        std::uint16_t port = 0;
    };

    void read_socket(std::size_t which, const Receive &receive) const;

    Descriptors descriptors_;
    std::array<bool, kBfdSockets> listening_{};
    std::vector<Sender> senders_;
    os::Watcher &watcher_;
};

}  // namespace ngx_vrrp::net
