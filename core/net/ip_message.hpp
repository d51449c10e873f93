// Addresses and ancillary data of sendmsg() and recvmsg(), for both families.
#pragma once

#include <netinet/in.h>
#include <sys/socket.h>

#include <array>
#include <optional>

#include "core/base/ip.hpp"
#include "core/base/types.hpp"

namespace ngx_vrrp::net {

class SocketAddress {
public:
    // Empty, to receive into.
    SocketAddress() = default;

    // Link-local addresses need no zone: the socket is bound to its interface.
    explicit SocketAddress(const IpAddress &address, std::uint16_t port = 0);

    // Of a link-local address, for a socket that is bound to no interface.
    void set_zone(IfIndex interface);

    // Of this end of a socket; empty if there is none.
    static SocketAddress of_socket(int fd);

    void attach_to(msghdr &message);

    // To receive into once more.
    void clear() { size_ = sizeof(storage_); }

    const sockaddr *data() const;
    socklen_t size() const { return size_; }
    std::uint16_t port() const;

    IpAddress address() const;

private:
    sockaddr_storage storage_{};
    socklen_t size_ = sizeof(storage_);
};

// Room for a packet information (IP_PKTINFO, IPV6_PKTINFO) and a hop limit.
class Ancillary {
public:
    void attach_to(msghdr &message);

    // Sends from this address out of this interface.
    void put_source(msghdr &message, const IpAddress &source, IfIndex index);

    // After that: with this TTL or hop limit instead of that of the socket.
    void put_ttl(msghdr &message, Family family, std::uint8_t ttl);

private:
    alignas(cmsghdr) std::array<std::uint8_t, 128> storage_{};
};

// The values of IP_PKTINFO and IP_RECVTTL for a received packet.
struct Ipv4Arrival {
    std::optional<IpAddress> destination;
    std::optional<std::uint8_t> ttl;
};

Ipv4Arrival ipv4_arrival(msghdr &message);

// The values of IPV6_RECVPKTINFO and IPV6_RECVHOPLIMIT for a received packet.
struct Ipv6Arrival {
    std::optional<IpAddress> destination;
    IfIndex index{};
    std::optional<std::uint8_t> hop_limit;
};

Ipv6Arrival ipv6_arrival(msghdr &message);

// The value of SO_RXQ_OVFL: the number of packets so far for which the socket
// had no room.
std::optional<std::uint32_t> overflow(msghdr &message);

}  // namespace ngx_vrrp::net
