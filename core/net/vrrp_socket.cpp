#include "core/net/vrrp_socket.hpp"

#include <linux/pkt_sched.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <span>

#include "core/base/checksum.hpp"
#include "core/base/log.hpp"
#include "core/net/attach_filter.hpp"
#include "core/net/domain.hpp"
#include "core/net/ip_message.hpp"
#include "core/net/receive_buffer.hpp"

namespace ngx_vrrp::net {

namespace {

struct Option {
    int level;
    int name;
    int value;
    const char *text;
};

// RFC 9568, 5.1.1.3 and 5.1.2.3: TTL and hop limit 255. Class Selector 6,
// "internetwork control", is what routing protocols use.
constexpr int kTtl = 255;
constexpr int kControl = 0xc0;

constexpr Option kIpv4Options[] = {
    {IPPROTO_IP, IP_TTL, kTtl, "IP_TTL"},
    {IPPROTO_IP, IP_MULTICAST_TTL, kTtl, "IP_MULTICAST_TTL"},
    {IPPROTO_IP, IP_MULTICAST_LOOP, 0, "IP_MULTICAST_LOOP"},
    {IPPROTO_IP, IP_TOS, kControl, "IP_TOS"}};

constexpr Option kIpv6Options[] = {
    {IPPROTO_IPV6, IPV6_UNICAST_HOPS, kTtl, "IPV6_UNICAST_HOPS"},
    {IPPROTO_IPV6, IPV6_MULTICAST_HOPS, kTtl, "IPV6_MULTICAST_HOPS"},
    {IPPROTO_IPV6, IPV6_MULTICAST_LOOP, 0, "IPV6_MULTICAST_LOOP"},
    {IPPROTO_IPV6, IPV6_TCLASS, kControl, "IPV6_TCLASS"},
    {IPPROTO_IPV6, IPV6_RECVPKTINFO, 1, "IPV6_RECVPKTINFO"},
    {IPPROTO_IPV6, IPV6_RECVHOPLIMIT, 1, "IPV6_RECVHOPLIMIT"}};

// An advert does not wait behind nginx's traffic on a full link. After
// IP_TOS, which changes it.
constexpr Option kPriority = {SOL_SOCKET, SO_PRIORITY, TC_PRIO_CONTROL,
                              "SO_PRIORITY"};

constexpr Option kAnySource = {IPPROTO_IPV6, IPV6_FREEBIND, 1, "IPV6_FREEBIND"};

constexpr Option kCountLost = {SOL_SOCKET, SO_RXQ_OVFL, 1, "SO_RXQ_OVFL"};

// A sample of the packets for other virtual routers: the excess is lost.
constexpr Option kSmallQueue = {SOL_SOCKET, SO_RCVBUF, 8192, "SO_RCVBUF"};

// A burst of adverts of 255 virtual routers, in the buffers of any network
// card.
constexpr int kQueue = 1024 * 1024;

// The number of advertisements per call.
constexpr std::size_t kMaxAdverts = 64;

// More than the default receive buffer can hold.
constexpr unsigned kMaxQueued = 4096;

std::span<const Option> options_of(Family family) {
    return family == Family::ipv4 ? std::span<const Option>(kIpv4Options)
                                  : std::span<const Option>(kIpv6Options);
}

// From its creation until it was bound to its interface, the socket heard
// all of them.
void discard_queued(int fd) {
    std::uint8_t byte = 0;
    for (unsigned n = 0; n < kMaxQueued; n++) {
        if (::recv(fd, &byte, sizeof(byte), MSG_DONTWAIT) < 0 &&
            errno != EINTR) {
            return;
        }
    }
}

std::optional<IpPacket> parse_ipv6(Bytes payload, const SocketAddress &source,
                                   msghdr &message) {
    const Ipv6Arrival arrival = ipv6_arrival(message);
    if (!arrival.destination || !arrival.hop_limit) {
        return std::nullopt;
    }
    return IpPacket{
        {{source.address(), *arrival.destination}, *arrival.hop_limit},
        payload};
}

}  // namespace

Status VrrpSocket::open() {
    if (Status opened = open_bound(); !opened) {
        return opened;
    }
    if (Status nothing = take(vrrp_filter(family_, {}, Take::wanted));
        !nothing) {
        return nothing;
    }
    discard_queued(fd_.get());
    enlarge_receive_buffer(fd_.get(), kQueue);
    return set_options();
}

Status VrrpSocket::open_for_others() {
    if (Status opened = open_bound(); !opened) {
        return opened;
    }
    discard_queued(fd_.get());
    if (Status small = set_option(kSmallQueue); !small) {
        return small;
    }
    return set_options();
}

Status VrrpSocket::send_for_others() {
    return family_ == Family::ipv6 ? set_option(kAnySource) : success();
}

Status VrrpSocket::open_bound() {
    fd_ = os::Fd(::socket(domain_of(family_),
                          SOCK_RAW | SOCK_NONBLOCK | SOCK_CLOEXEC,
                          kProtocolVrrp));
    if (!fd_) {
        return failure("socket() for VRRP on \"" + name_ + "\"");
    }

    return set_option(SOL_SOCKET, SO_BINDTODEVICE, "SO_BINDTODEVICE",
                      name_.c_str(), name_.size() + 1);
}

Status VrrpSocket::take(std::vector<sock_filter> filter) {
    return attach_filter(fd_.get(), std::move(filter));
}

Status VrrpSocket::set_options() {
    for (const Option &o : options_of(family_)) {
        if (Status set = set_option(o); !set) {
            return set;
        }
    }
    if (Status set = set_option(kCountLost); !set) {
        return set;
    }
    return set_option(kPriority);
}

template <class T>
Status VrrpSocket::set_option(const T &option) {
    return set_option(option.level, option.name, option.text, &option.value,
                      sizeof(option.value));
}

Status VrrpSocket::join(const IpAddress &wanted) {
    if (std::ranges::find(joined_, wanted) != joined_.end()) {
        return success();
    }

    group_req request{};
    request.gr_interface = to_number(index_);
    SocketAddress group(wanted);
    msghdr message{};
    group.attach_to(message);
    std::memcpy(&request.gr_group, message.msg_name, message.msg_namelen);

    const int level = family_ == Family::ipv4 ? IPPROTO_IP : IPPROTO_IPV6;
    Status joined = set_option(level, MCAST_JOIN_GROUP, "MCAST_JOIN_GROUP",
                               &request, sizeof(request));
    if (joined) {
        joined_.push_back(wanted);
    }
    return joined;
}

Status VrrpSocket::set_option(int level, int option, const char *text,
                              const void *value, std::size_t size) {
    if (::setsockopt(fd_.get(), level, option, value,
                     static_cast<socklen_t>(size)) < 0) {
        return failure(
            format("setsockopt(%s) for VRRP on \"%s\"", text, name_.c_str()));
    }
    return success();
}

[[gnu::hot]] void VrrpSocket::send(
    std::span<const engine::OutgoingPacket> packets,
    std::vector<Status> &answers) {
    for (std::size_t i = 0; i < packets.size(); i += kMaxAdverts) {
        send_some(packets.subspan(i, std::min(kMaxAdverts, packets.size() - i)),
                  answers);
    }
}

// A group is on this link, whatever the routing table says: none of them is
// routed, or all are.
[[gnu::hot]] void VrrpSocket::send_some(
    std::span<const engine::OutgoingPacket> packets,
    std::vector<Status> &answers) {
    if (parts_.size() < packets.size()) {
        parts_.resize(packets.size());
        messages_.resize(packets.size());
    }
    for (std::size_t i = 0; i < packets.size(); ++i) {
        const engine::OutgoingPacket &packet = packets[i];
        Outgoing &part = parts_[i];
        msghdr &message = messages_[i].msg_hdr;
        message = {};
        part.to = SocketAddress(packet.endpoints.destination);
        part.data = {const_cast<std::uint8_t *>(packet.pdu.data()),
                     packet.pdu.size()};
        message.msg_iov = &part.data;
        message.msg_iovlen = 1;
        part.to.attach_to(message);
        part.ancillary.put_source(message, packet.endpoints.source, index_);
        if (packet.ttl != kTtl) {
            part.ancillary.put_ttl(message, family_, packet.ttl);
        }
    }

    const bool is_group = packets.front().endpoints.destination.is_multicast();
    const int flags = is_group ? MSG_DONTROUTE : 0;
    for (std::size_t done = 0; done < packets.size();) {
        const int n =
            ::sendmmsg(fd_.get(), &messages_[done],
                       static_cast<unsigned>(packets.size() - done), flags);
        if (n > 0) {
            for (int i = 0; i < n; ++i) {
                answers.push_back(success());
            }
            done += static_cast<std::size_t>(n);
        } else {
            answers.push_back(not_sent(packets[done].endpoints, errno));
            ++done;
        }
    }
}

Status VrrpSocket::not_sent(const wire::Endpoints &endpoints, int error) const {
    return failure(
        format("sendmmsg() from %s to %s on \"%s\"",
               endpoints.source.to_string().c_str(),
               endpoints.destination.to_string().c_str(), name_.c_str()),
        error);
}

[[gnu::hot]] int VrrpSocket::receive(PacketBatch &batch, unsigned most) {
    const int error = batch.receive(fd_.get(), most);
    for (unsigned i = 0; i < batch.size(); ++i) {
        if (const auto overflow_now = overflow(*batch[i].message)) {
            lost_ += *overflow_now - std::exchange(overflow_, *overflow_now);
        }
    }
    return error;
}

[[gnu::hot]] std::optional<IpPacket> VrrpSocket::parse(
    const PacketBatch::Packet &packet) const {
    const int flags = packet.message->msg_flags;
    if ((flags & MSG_CTRUNC) != 0) {
        return std::nullopt;
    }
    if (family_ == Family::ipv6) {
        return parse_ipv6(packet.bytes, *packet.from, *packet.message);
    }
    // Longer than any advert: its length is wrong, which is counted.
    return (flags & MSG_TRUNC) != 0 ? parse_beginning_of_ipv4(packet.bytes)
                                    : parse_ipv4(packet.bytes);
}

}  // namespace ngx_vrrp::net
