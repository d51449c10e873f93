#include "core/net/packet_socket.hpp"

#include <linux/if_packet.h>
#include <net/ethernet.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

namespace ngx_vrrp::net {

namespace {

Unexpected<SystemError> not_sent(const engine::Interface &interface,
                                 int error) {
    return failure("sendto() of a frame on \"" + interface.name + "\"", error);
}

sockaddr_ll link_address(const engine::Interface &interface, Bytes frame) {
    ether_header header;
    std::memcpy(&header, frame.data(), sizeof(header));

    sockaddr_ll to{};
    to.sll_family = AF_PACKET;
    to.sll_protocol = header.ether_type;
    to.sll_ifindex = static_cast<int>(to_number(interface.index));
    to.sll_halen = ETH_ALEN;
    std::copy_n(header.ether_dhost, ETH_ALEN, to.sll_addr);
    return to;
}

}  // namespace

Status PacketSocket::send(const engine::Interface &interface, Bytes frame) {
    if (frame.size() < sizeof(ether_header)) {
        return not_sent(interface, EINVAL);
    }
    if (!fd_) {
        // Protocol 0: the socket is not bound to a protocol and receives
        // nothing.
        fd_ = os::Fd(
            ::socket(AF_PACKET, SOCK_RAW | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
        if (!fd_) {
            return failure("socket() for Ethernet frames");
        }
    }

    const sockaddr_ll to = link_address(interface, frame);
    if (::sendto(fd_.get(), frame.data(), frame.size(), 0,
                 reinterpret_cast<const sockaddr *>(&to), sizeof(to)) < 0) {
        return not_sent(interface, errno);
    }
    return success();
}

}  // namespace ngx_vrrp::net
