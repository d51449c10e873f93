#include "core/net/bfd_sockets.hpp"

#include <net/if.h>
#include <netinet/in.h>
#include <sys/random.h>
#include <sys/socket.h>

#include <cerrno>
#include <utility>

#include "core/net/attach_filter.hpp"
#include "core/net/domain.hpp"
#include "core/net/ip_message.hpp"
#include "core/net/port_holder.hpp"
#include "core/net/socket_options.hpp"

namespace ngx_vrrp::net {

namespace {

constexpr std::uint16_t kSingleHopPort = 3784;
constexpr std::uint16_t kMultihopPort = 4784;

// RFC 5881, 4: from 49152 to 65535.
constexpr std::uint16_t kFirstSourcePort = 49152;
constexpr std::uint16_t kSourcePorts = 16384;
constexpr int kPortAttempts = 64;

// RFC 5881, 5.
constexpr int kBfdTtl = 255;

constexpr std::size_t kLargestPacket = 256;
// All that the queue of a socket has room for: before a session fails, what has
// arrived is read.
constexpr unsigned kMostPackets = 512;

constexpr bool is_multihop(std::size_t which) {
    return which >= 2;
}

constexpr Family family_of(std::size_t which) {
    return which % 2 == 0 ? Family::ipv4 : Family::ipv6;
}

constexpr std::uint16_t port_of(std::size_t which) {
    return is_multihop(which) ? kMultihopPort : kSingleHopPort;
}

// interface: of a link-local address, or empty.
SocketAddress scoped(const IpAddress &address, std::uint16_t port,
                     const std::string &interface) {
    SocketAddress result(address, port);
    if (!interface.empty()) {
        result.set_zone(IfIndex{::if_nametoindex(interface.c_str())});
    }
    return result;
}

Status bind_to(int fd, const IpAddress &address, std::uint16_t port,
               const std::string &interface = {}) {
    const SocketAddress local = scoped(address, port, interface);
    if (::bind(fd, local.data(), local.size()) != 0) {
        return failure("bind() to UDP port " + std::to_string(port) + " of " +
                       address.to_string());
    }
    return success();
}

bool ask_for_arrival(int fd, Family family) {
    if (family == Family::ipv4) {
        return set(fd, IPPROTO_IP, IP_PKTINFO, 1) &&
               set(fd, IPPROTO_IP, IP_RECVTTL, 1);
    }
    return set(fd, IPPROTO_IPV6, IPV6_RECVPKTINFO, 1) &&
           set(fd, IPPROTO_IPV6, IPV6_RECVHOPLIMIT, 1);
}

bool mark_as_control(int fd, Family family) {
    if (family == Family::ipv4) {
        return set(fd, IPPROTO_IP, IP_TTL, kBfdTtl) &&
               set(fd, IPPROTO_IP, IP_TOS, kTrafficClass);
    }
    return set(fd, IPPROTO_IPV6, IPV6_UNICAST_HOPS, kBfdTtl) &&
           set(fd, IPPROTO_IPV6, IPV6_TCLASS, kTrafficClass);
}

std::uint16_t random_port() {
    std::uint16_t number = 0;
    if (::getrandom(&number, sizeof(number), GRND_NONBLOCK) != sizeof(number)) {
        number = static_cast<std::uint16_t>(errno);
    }
    return static_cast<std::uint16_t>(kFirstSourcePort + number % kSourcePorts);
}

// The previous process may still have the port: both may be bound if both ask
// for it. A new port is first taken for this process alone.
Result<std::uint16_t, SystemError> bind_sender(int fd,
                                               const bfd::SessionConfig &config,
                                               std::uint16_t known) {
    const IpAddress local =
        config.local.value_or(unspecified(config.peer.family()));
    if (known >= kFirstSourcePort) {
        set(fd, SOL_SOCKET, SO_REUSEADDR, 1);
        if (bind_to(fd, local, known, config.interface)) {
            return known;
        }
        set(fd, SOL_SOCKET, SO_REUSEADDR, 0);
    }
    std::uint16_t port = random_port();
    Status bound = bind_to(fd, local, port, config.interface);
    for (int i = 0;
         i < kPortAttempts && !bound && bound.error().code == EADDRINUSE; ++i) {
        port = random_port();
        bound = bind_to(fd, local, port, config.interface);
    }
    if (!bound) {
        return Unexpected(bound.error());
    }
    set(fd, SOL_SOCKET, SO_REUSEADDR, 1);
    return port;
}

void take_ipv4(msghdr &message, bfd::Arrival &arrival) {
    const Ipv4Arrival ipv4 = ipv4_arrival(message);
    arrival.destination = ipv4.destination.value_or(IpAddress{});
    arrival.ttl = ipv4.ttl.value_or(0);
}

// Only a link-local source needs the name of the interface.
void take_ipv6(msghdr &message, bfd::Arrival &arrival) {
    const Ipv6Arrival ipv6 = ipv6_arrival(message);
    arrival.destination = ipv6.destination.value_or(IpAddress{});
    arrival.ttl = ipv6.hop_limit.value_or(0);
    if (arrival.source.is_link_local()) {
        std::array<char, IF_NAMESIZE> name{};
        if (::if_indextoname(to_number(ipv6.index), name.data()) != nullptr) {
            arrival.interface = name.data();
        }
    }
}

}  // namespace

os::Fd open_bfd_socket(std::size_t which) {
    os::Fd fd(::socket(domain_of(family_of(which)), SOCK_DGRAM | SOCK_NONBLOCK,
                       IPPROTO_UDP));
    if (fd && family_of(which) == Family::ipv6 &&
        !set(fd.get(), IPPROTO_IPV6, IPV6_V6ONLY, 1)) {
        fd.reset();
    }
    return fd;
}

bool is_bfd_socket(int fd, std::size_t which) {
    int protocol = 0;
    int domain = 0;
    socklen_t size = sizeof(int);
    if (::getsockopt(fd, SOL_SOCKET, SO_PROTOCOL, &protocol, &size) != 0 ||
        ::getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &domain, &size) != 0) {
        return false;
    }
    return protocol == IPPROTO_UDP && domain == domain_of(family_of(which)) &&
           SocketAddress::of_socket(fd).port() == port_of(which);
}

std::string find_bfd_holder(int fd, std::size_t which, Instant give_up) {
    return fd < 0 || is_bfd_socket(fd, which)
               ? ""
               : find_udp_holder(port_of(which), give_up);
}

BfdSockets::BfdSockets(const Descriptors &descriptors, std::size_t sessions,
                       os::Watcher &watcher)
    : descriptors_(descriptors), senders_(sessions), watcher_(watcher) {}

BfdSockets::~BfdSockets() {
    stop_listening();
}

Status BfdSockets::listen(std::size_t which) {
    const int fd = descriptors_[which];
    if (listening_[which]) {
        return success();
    }
    if (fd < 0) {
        return failure("socket() for BFD", EAFNOSUPPORT);
    }
    const Family family = family_of(which);
    if (!is_bfd_socket(fd, which)) {
        if (const Status bound =
                bind_to(fd, unspecified(family), port_of(which));
            !bound) {
            return bound;
        }
    }
    if (!ask_for_arrival(fd, family)) {
        return failure("setsockopt() for BFD");
    }
    if (!watcher_.watch(fd)) {
        return failure("adding a BFD socket to the event loop", EMFILE);
    }
    listening_[which] = true;
    return success();
}

void BfdSockets::stop_listening() {
    for (std::size_t i = 0; i < kBfdSockets; ++i) {
        if (std::exchange(listening_[i], false)) {
            watcher_.unwatch(descriptors_[i]);
        }
    }
}

Status BfdSockets::open_session(std::size_t session,
                                const bfd::SessionConfig &config,
                                std::uint16_t port) {
    const Family family = config.peer.family();
    os::Fd fd(::socket(domain_of(family),
                       SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, IPPROTO_UDP));
    if (!fd || !mark_as_control(fd.get(), family)) {
        return failure("socket() for BFD to " + config.peer.to_string());
    }
    // Peers send to the port of BFD: what arrives here is dropped.
    const sock_filter nothing = BPF_STMT(BPF_RET | BPF_K, 0);
    static_cast<void>(attach_filter(fd.get(), {nothing}));
    if (family == Family::ipv6) {
        set(fd.get(), IPPROTO_IPV6, IPV6_V6ONLY, 1);
    }
    const auto bound = bind_sender(fd.get(), config, port);
    if (!bound) {
        return Unexpected(bound.error());
    }
    senders_[session] = {std::move(fd), *bound};
    return success();
}

void BfdSockets::close_session(std::size_t session) {
    senders_[session] = {};
}

Status BfdSockets::send(std::size_t session, const bfd::SessionConfig &config,
                        Bytes payload) const {
    const std::size_t which =
        bfd_socket_of(config.peer.family(), config.multihop);
    const SocketAddress to =
        scoped(config.peer, port_of(which), config.interface);
    if (::sendto(senders_[session].fd.get(), payload.data(), payload.size(),
                 MSG_DONTWAIT, to.data(), to.size()) < 0) {
        return failure("sending BFD to " + bfd::to_string(config));
    }
    return success();
}

[[gnu::hot]] bool BfdSockets::is_listening(int fd) const {
    for (std::size_t i = 0; i < kBfdSockets; ++i) {
        if (listening_[i] && descriptors_[i] == fd) {
            return true;
        }
    }
    return false;
}

void BfdSockets::read(int fd, const Receive &receive) const {
    for (std::size_t i = 0; i < kBfdSockets; ++i) {
        if (listening_[i] && descriptors_[i] == fd) {
            read_socket(i, receive);
        }
    }
}

void BfdSockets::read_all(const Receive &receive) const {
    for (std::size_t i = 0; i < kBfdSockets; ++i) {
        if (listening_[i]) {
            read_socket(i, receive);
        }
    }
}

void BfdSockets::read_socket(std::size_t which, const Receive &receive) const {
    for (unsigned n = 0; n < kMostPackets; ++n) {
        std::array<std::uint8_t, kLargestPacket> buffer;
        iovec data{buffer.data(), buffer.size()};
        SocketAddress from;
        Ancillary ancillary;
        msghdr message{};
        message.msg_iov = &data;
        message.msg_iovlen = 1;
        from.attach_to(message);
        ancillary.attach_to(message);

        const ssize_t size =
            ::recvmsg(descriptors_[which], &message, MSG_DONTWAIT);
        if (size < 0 && errno != EINTR) {
            return;
        }
        if (size < 0) {
            continue;
        }
        bfd::Arrival arrival;
        arrival.source = from.address();
        arrival.multihop = is_multihop(which);
        arrival.payload = Bytes(buffer.data(), static_cast<std::size_t>(size));
        if (family_of(which) == Family::ipv4) {
            take_ipv4(message, arrival);
        } else {
            take_ipv6(message, arrival);
        }
        receive(arrival);
    }
}

}  // namespace ngx_vrrp::net
