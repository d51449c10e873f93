#include "core/probe/kernel_view.hpp"

#include "core/net/domain.hpp"

#include <linux/inet_diag.h>
#include <linux/rtnetlink.h>
#include <linux/sock_diag.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <cerrno>
#include <cstring>
#include <span>

namespace ngx_vrrp::probe {

namespace {

constexpr std::uint32_t kAnyState = 0xffffffff;

template <class T>
net::Message make_request(int type, const T &body) {
    net::Message message(nlmsg_alloc_simple(type, 0));
    if (message && nlmsg_append(message.get(), const_cast<T *>(&body),
                                sizeof(body), NLMSG_ALIGNTO) != 0) {
        message.reset();
    }
    return message;
}

net::Message route_request(const IpAddress &address) {
    rtmsg body{};
    body.rtm_family = net::domain_of(address.family());
    body.rtm_dst_len = host_prefix_length(address.family());
    net::Message request = make_request(RTM_GETROUTE, body);
    const std::span<const std::uint8_t> octets = address.octets();
    if (request &&
        nla_put(request.get(), RTA_DST, static_cast<int>(octets.size()),
                octets.data()) != 0) {
        request.reset();
    }
    return request;
}

void put_address(__be32 (&field)[4], const IpAddress &address) {
    std::memcpy(field, address.octets().data(), address.octets().size());
}

net::Message socket_request(const TcpEndpoint &local,
                            const TcpEndpoint &remote) {
    inet_diag_req_v2 body{};
    body.sdiag_family = net::domain_of(local.address.family());
    body.sdiag_protocol = IPPROTO_TCP;
    body.idiag_states = kAnyState;
    body.id.idiag_sport = htons(local.port);
    body.id.idiag_dport = htons(remote.port);
    put_address(body.id.idiag_src, local.address);
    put_address(body.id.idiag_dst, remote.address);
    body.id.idiag_cookie[0] = INET_DIAG_NOCOOKIE;
    body.id.idiag_cookie[1] = INET_DIAG_NOCOOKIE;
    return make_request(SOCK_DIAG_BY_FAMILY, body);
}

// Without a connection the kernel finds the listening socket.
TcpSocket judge(const inet_diag_msg &found, const TcpEndpoint &remote) {
    if (found.id.idiag_dport != htons(remote.port)) {
        return TcpSocket::none;
    }
    return found.idiag_inode == 0 ? TcpSocket::orphan : TcpSocket::owned;
}

}  // namespace

std::string TcpEndpoint::to_string() const {
    const std::string host = address.to_string();
    return (address.family() == Family::ipv4 ? host : '[' + host + ']') + ':' +
           std::to_string(port);
}

Status KernelView::open() {
    if (Status opened = routes_.open(NETLINK_ROUTE); !opened) {
        return opened;
    }
    return sockets_.open(NETLINK_SOCK_DIAG);
}

bool KernelView::is_local(const IpAddress &address) {
    const net::Message request = route_request(address);
    bool local = false;
    const auto take = [&](nlmsghdr *message) {
        if (nlmsg_valid_hdr(message, sizeof(rtmsg))) {
            local = static_cast<const rtmsg *>(nlmsg_data(message))->rtm_type ==
                    RTN_LOCAL;
        }
    };
    return request && routes_.exchange(request, take) == 0 && local;
}

Result<TcpSocket, SystemError> KernelView::find(const TcpEndpoint &local,
                                                const TcpEndpoint &remote) {
    const net::Message request = socket_request(local, remote);
    TcpSocket socket = TcpSocket::none;
    const auto take = [&](nlmsghdr *message) {
        if (nlmsg_valid_hdr(message, sizeof(inet_diag_msg))) {
            socket =
                judge(*static_cast<const inet_diag_msg *>(nlmsg_data(message)),
                      remote);
        }
    };
    const int error = request ? sockets_.exchange(request, take) : ENOMEM;
    if (error != 0 && error != ENOENT) {
        return Unexpected(SystemError{
            "sock_diag for the connection to " + local.to_string(), error});
    }
    return socket;
}

}  // namespace ngx_vrrp::probe
