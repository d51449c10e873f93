#include "core/net/link_sockets.hpp"

#include <linux/errqueue.h>
#include <net/if.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/random.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <stdexcept>

#include "core/net/domain.hpp"
#include "core/net/ip_message.hpp"
#include "core/net/socket_options.hpp"

namespace ngx_vrrp::net {

namespace {

// Only hosts of the LAN can send it (RFC 5082).
constexpr int kLinkTtl = 255;

// All peers connect at once when this process has been replaced.
constexpr int kLinkBacklog = 512;

constexpr unsigned kMostAccepted = 16;
// All peers, several times: more connections wait for the next second.
constexpr unsigned kMostUntilNextListen = 256;
constexpr std::size_t kMostEvents = 32;
constexpr std::size_t kReadSize = 8192;
// A peer that does not read has this much until its connection ends.
constexpr std::size_t kMostPending = 32768;

constexpr std::uint64_t kListens = std::uint64_t{1} << 63;

int option_of(int fd, int option) {
    int value = 0;
    socklen_t size = sizeof(value);
    return ::getsockopt(fd, SOL_SOCKET, option, &value, &size) == 0 ? value
                                                                    : -1;
}

bool set_min_ttl(int fd, Family family, int ttl) {
    return family == Family::ipv4
               ? set(fd, IPPROTO_IP, IP_MINTTL, ttl)
               : set(fd, IPPROTO_IPV6, IPV6_MINHOPCOUNT, ttl);
}

bool set_options(int fd, Family family) {
    const bool done =
        family == Family::ipv4
            ? set(fd, IPPROTO_IP, IP_TTL, kLinkTtl) &&
                  set(fd, IPPROTO_IP, IP_TOS, kTrafficClass)
            : set(fd, IPPROTO_IPV6, IPV6_UNICAST_HOPS, kLinkTtl) &&
                  set(fd, IPPROTO_IPV6, IPV6_TCLASS, kTrafficClass);
    return done && set(fd, IPPROTO_TCP, TCP_NODELAY, 1);
}

// Otherwise the kernel treats what a firewall answers like the answer of the
// peer.
bool ask_for_icmp(int fd, Family family) {
    return family == Family::ipv4 ? set(fd, IPPROTO_IP, IP_RECVERR, 1)
                                  : set(fd, IPPROTO_IPV6, IPV6_RECVERR, 1);
}

bool bind_to_device(int fd, const std::string &interface) {
    return ::setsockopt(fd, SOL_SOCKET, SO_BINDTODEVICE, interface.c_str(),
                        static_cast<socklen_t>(interface.size() + 1)) == 0;
}

std::string device_of(int fd) {
    std::array<char, IF_NAMESIZE> name{};
    socklen_t size = name.size();
    return ::getsockopt(fd, SOL_SOCKET, SO_BINDTODEVICE, name.data(), &size) ==
                   0
               ? std::string(name.data(), ::strnlen(name.data(), size))
               : std::string{};
}

std::string text_of(const char *what, int error) {
    return failure(what, error).error().to_string();
}

// Whether an ICMP message is the reason of an error; reads all of the queue.
bool has_icmp(int fd) {
    bool found = false;
    for (;;) {
        alignas(cmsghdr) std::array<std::uint8_t, 512> control;
        std::array<std::uint8_t, 64> data;
        iovec part{data.data(), data.size()};
        msghdr message{};
        message.msg_iov = &part;
        message.msg_iovlen = 1;
        message.msg_control = control.data();
        message.msg_controllen = control.size();
        if (::recvmsg(fd, &message, MSG_ERRQUEUE | MSG_DONTWAIT) < 0) {
            return found;
        }
        for (cmsghdr *c = CMSG_FIRSTHDR(&message); c != nullptr;
             c = CMSG_NXTHDR(&message, c)) {
            sock_extended_err error{};
            if (c->cmsg_len >= CMSG_LEN(sizeof(error))) {
                std::memcpy(&error, CMSG_DATA(c), sizeof(error));
                found = found || error.ee_origin == SO_EE_ORIGIN_ICMP ||
                        error.ee_origin == SO_EE_ORIGIN_ICMP6;
            }
        }
    }
}

peer::Ended ended_by(int error, bool icmp) {
    if (icmp) {
        return peer::Ended::icmp;
    }
    switch (error) {
        case ECONNREFUSED:
            return peer::Ended::refused;
        case ECONNRESET:
        case EPIPE:  // after FIN
            return peer::Ended::reset;
        case ETIMEDOUT:
            return peer::Ended::timeout;
        default:
            return peer::Ended::here;
    }
}

std::string reason_of(const char *what, int error, bool icmp) {
    return text_of(what, error) + (icmp ? ", by an ICMP message" : "");
}

}  // namespace

os::Fd open_link_socket(Family family) {
    os::Fd fd(
        ::socket(domain_of(family), SOCK_STREAM | SOCK_NONBLOCK, IPPROTO_TCP));
    if (fd && family == Family::ipv6 &&
        !set(fd.get(), IPPROTO_IPV6, IPV6_V6ONLY, 1)) {
        fd.reset();
    }
    return fd;
}

bool is_link_socket(int fd, const LinkSocket &socket) {
    return option_of(fd, SO_PROTOCOL) == IPPROTO_TCP &&
           option_of(fd, SO_DOMAIN) == domain_of(socket.family) &&
           option_of(fd, SO_ACCEPTCONN) == 1 &&
           SocketAddress::of_socket(fd).port() == socket.port &&
           device_of(fd) == socket.interface;
}

LinkSockets::LinkSockets(std::vector<LinkSocket> sockets, os::Watcher &watcher,
                         SharedWord *id)
    : watcher_(watcher), id_(id) {
    for (LinkSocket &socket : sockets) {
        const IpAddress source = unspecified(socket.family);
        listeners_.push_back({std::move(socket), source});
    }
}

LinkSockets::~LinkSockets() {
    stop_listening();
    if (epoll_) {
        watcher_.unwatch(epoll_.get());
    }
}

Status LinkSockets::open_epoll() {
    if (epoll_) {
        return success();
    }
    os::Fd fd(::epoll_create1(EPOLL_CLOEXEC));
    if (!fd) {
        return failure("epoll_create1() for peer links");
    }
    if (!watcher_.watch(fd.get())) {
        return failure("adding peer links to the event loop", EMFILE);
    }
    epoll_ = std::move(fd);
    return success();
}

bool LinkSockets::watch(int fd, std::uint64_t name, std::uint32_t events,
                        int operation) {
    epoll_event event{};
    event.events = events;
    event.data.u64 = name;
    return ::epoll_ctl(epoll_.get(), operation, fd, &event) == 0;
}

Status LinkSockets::listen(std::size_t link) {
    Listener &listener = listeners_[link];
    listener.accepted = 0;
    const int fd = listener.socket.fd;
    if (fd < 0) {
        return failure("socket() for peer links", EAFNOSUPPORT);
    }
    const unsigned index = ::if_nametoindex(listener.socket.interface.c_str());
    if (listener.watched && listener.index == index) {
        return success();
    }
    if (index == 0) {
        listener.index = 0;
        return success();
    }
    if (const Status opened = open_epoll(); !opened) {
        return opened;
    }
    if (const Status bound = bind(listener.socket); !bound) {
        return bound;
    }
    if (!listener.watched &&
        !watch(fd, kListens | link, EPOLLIN, EPOLL_CTL_ADD)) {
        return failure("epoll_ctl() for peer links");
    }
    listener.index = index;
    listener.watched = true;
    return success();
}

// Another process of this node may have done it; the interface may be a new one
// with the old name.
Status LinkSockets::bind(const LinkSocket &socket) {
    const std::string what = " for peer links at TCP port " +
                             std::to_string(socket.port) + " of " +
                             socket.interface;
    int ttl = kLinkTtl;
    for (const auto &[peer, min_ttl] : socket.min_ttls) {
        ttl = std::min<int>(ttl, min_ttl);
    }
    if (!bind_to_device(socket.fd, socket.interface)) {
        return failure("setsockopt(SO_BINDTODEVICE)" + what);
    }
    if (!set(socket.fd, SOL_SOCKET, SO_REUSEADDR, 1) ||
        !set_options(socket.fd, socket.family) ||
        !set_min_ttl(socket.fd, socket.family, ttl)) {
        return failure("setsockopt()" + what);
    }
    if (SocketAddress::of_socket(socket.fd).port() != socket.port) {
        const SocketAddress any(unspecified(socket.family), socket.port);
        if (::bind(socket.fd, any.data(), any.size()) != 0) {
            return failure("bind()" + what);
        }
    }
    if (::listen(socket.fd, kLinkBacklog) != 0) {
        return failure("listen()" + what);
    }
    return success();
}

void LinkSockets::stop_listening() {
    for (Listener &listener : listeners_) {
        pause(listener);
    }
}

// Until the next listen().
void LinkSockets::pause(Listener &listener) {
    if (std::exchange(listener.watched, false)) {
        watch(listener.socket.fd, 0, 0, EPOLL_CTL_DEL);
    }
}

void LinkSockets::set_source(std::size_t link, const IpAddress &source) {
    listeners_[link].source = source;
}

std::uint8_t LinkSockets::min_ttl(std::size_t link,
                                  const IpAddress &peer) const {
    for (const auto &[address, ttl] : listeners_[link].socket.min_ttls) {
        if (address == peer) {
            return ttl;
        }
    }
    return kLinkTtl;
}

std::uint64_t LinkSockets::name_of(peer::ConnectionId id) const {
    return std::uint64_t{connections_[id].number} << 32 | id;
}

bool LinkSockets::add(peer::ConnectionId id, os::Fd fd, std::size_t link,
                      const IpAddress &peer, bool connecting) {
    Connection &c = connections_[id];
    const std::uint32_t number = (c.number + 1) & 0x7fffffff;
    c = {std::move(fd), link, peer, connecting, {}, number};
    const std::uint32_t events = connecting ? EPOLLIN | EPOLLOUT : EPOLLIN;
    if (!watch(c.fd.get(), name_of(id), events, EPOLL_CTL_ADD)) {
        c.fd.reset();
        return false;
    }
    return true;
}

// To be reported when more can be sent.
void LinkSockets::want(peer::ConnectionId id) {
    const Connection &c = connections_[id];
    const bool out = c.connecting || !c.pending.empty();
    watch(c.fd.get(), name_of(id), out ? EPOLLIN | EPOLLOUT : EPOLLIN,
          EPOLL_CTL_MOD);
}

std::string LinkSockets::connect(peer::ConnectionId id, std::size_t link,
                                 const IpAddress &address) {
    const Listener &listener = listeners_[link];
    const Family family = listener.socket.family;
    if (const Status opened = open_epoll(); !opened) {
        return opened.error().to_string();
    }
    os::Fd fd(::socket(domain_of(family),
                       SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC,
                       IPPROTO_TCP));
    if (!fd) {
        return text_of("socket()", errno);
    }
    if (!bind_to_device(fd.get(), listener.socket.interface) ||
        !set_options(fd.get(), family) || !ask_for_icmp(fd.get(), family) ||
        !set(fd.get(), IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, 1)) {
        return text_of("setsockopt()", errno);
    }
    const SocketAddress from(listener.source);
    const SocketAddress to(address, listener.socket.port);
    if (::bind(fd.get(), from.data(), from.size()) != 0) {
        return text_of("bind()", errno);
    }
    if (::connect(fd.get(), to.data(), to.size()) != 0 &&
        errno != EINPROGRESS) {
        return text_of("connect()", errno);
    }
    if (!add(id, std::move(fd), link, address, true)) {
        return text_of("epoll_ctl()", errno);
    }
    return {};
}

// An error of the connection is reported by the next read().
bool LinkSockets::send(peer::ConnectionId id, Bytes octets) {
    Connection &c = connections_[id];
    if (!c.fd || octets.empty()) {
        return true;
    }
    if (c.pending.size() + octets.size() > kMostPending) {
        return false;
    }
    c.pending.insert(c.pending.end(), octets.begin(), octets.end());
    if (!c.connecting) {
        flush(c);
        if (!c.pending.empty()) {
            want(id);
        }
    }
    return true;
}

void LinkSockets::flush(Connection &c) {
    const ssize_t sent = ::send(c.fd.get(), c.pending.data(), c.pending.size(),
                                MSG_NOSIGNAL | MSG_DONTWAIT);
    if (sent > 0) {
        c.pending.erase(c.pending.begin(), c.pending.begin() + sent);
    }
}

// The answer of a host without such a port has another TTL, and must not be
// missed: so the TTL is checked from now on only.
void LinkSockets::set_greeted(peer::ConnectionId id) {
    const Connection &c = connections_[id];
    set_min_ttl(c.fd.get(), listeners_[c.link].socket.family,
                min_ttl(c.link, c.peer));
}

// Octets that were not read would make the kernel discard what was sent.
void LinkSockets::close(peer::ConnectionId id) {
    Connection &c = connections_[id];
    if (c.fd) {
        std::array<std::uint8_t, kReadSize> rest;
        static_cast<void>(
            ::recv(c.fd.get(), rest.data(), rest.size(), MSG_DONTWAIT));
        c.fd.reset();
        c.pending.clear();
    }
}

peer::Nonce LinkSockets::nonce() {
    peer::Nonce nonce;
    if (::getrandom(nonce.data(), nonce.size(), 0) !=
        static_cast<ssize_t>(nonce.size())) {
        throw std::runtime_error("getrandom() failed");
    }
    return nonce;
}

peer::NodeId LinkSockets::node_id() {
    const peer::Nonce octets = nonce();
    peer::NodeId id = 0;
    std::memcpy(&id, octets.data(), sizeof(id));
    id = std::max<peer::NodeId>(id, 1);
    std::uint64_t kept = 0;
    return !id_ || id_->compare_exchange_strong(kept, id) ? id : kept;
}

void LinkSockets::read(peer::Links &links, Instant now) {
    std::array<epoll_event, kMostEvents> events;
    const int n = ::epoll_wait(epoll_.get(), events.data(), kMostEvents, 0);
    for (int i = 0; i < n; ++i) {
        const std::uint64_t name = events[static_cast<std::size_t>(i)].data.u64;
        const auto low = static_cast<std::uint32_t>(name);
        if ((name & kListens) != 0) {
            accept(low, links, now);
        } else if (connections_[low].fd && name_of(low) == name) {
            handle(low, events[static_cast<std::size_t>(i)].events, links, now);
        }
    }
}

void LinkSockets::accept(std::size_t link, peer::Links &links, Instant now) {
    const LinkSocket &socket = listeners_[link].socket;
    for (unsigned i = 0; listeners_[link].watched && i < kMostAccepted; ++i) {
        SocketAddress from;
        msghdr message{};
        from.attach_to(message);
        os::Fd fd(
            ::accept4(socket.fd, static_cast<sockaddr *>(message.msg_name),
                      &message.msg_namelen, SOCK_NONBLOCK | SOCK_CLOEXEC));
        if (!fd && (errno == EMFILE || errno == ENFILE || errno == ENOMEM)) {
            pause(listeners_[link]);
        }
        if (!fd) {
            return;
        }
        if (++listeners_[link].accepted >= kMostUntilNextListen) {
            pause(listeners_[link]);
        }
        const IpAddress peer = from.address();
        const IpAddress local = SocketAddress::of_socket(fd.get()).address();
        const auto id = links.accept(link, peer, local, now);
        if (!id) {
            continue;
        }
        set_min_ttl(fd.get(), socket.family, min_ttl(link, peer));
        if (!add(*id, std::move(fd), link, peer, false)) {
            links.handle_end(*id, peer::Ended::here,
                             text_of("epoll_ctl()", errno), now);
            return;
        }
        links.begin(*id, now);
    }
}

void LinkSockets::handle(peer::ConnectionId id, std::uint32_t events,
                         peer::Links &links, Instant now) {
    Connection &c = connections_[id];
    const bool failed = (events & EPOLLERR) != 0;
    const int error =
        failed && c.connecting ? option_of(c.fd.get(), SO_ERROR) : 0;
    const bool icmp = failed && has_icmp(c.fd.get());
    if (error != 0) {
        links.handle_end(id, ended_by(error, icmp),
                         reason_of("connect()", error, icmp), now);
        return;
    }
    if ((events & EPOLLOUT) != 0) {
        c.connecting = false;
        flush(c);
        want(id);
    }
    if ((events & (EPOLLIN | EPOLLHUP | EPOLLERR)) != 0) {
        receive(id, icmp, links, now);
    }
}

// The last message may have arrived before the RST.
void LinkSockets::receive(peer::ConnectionId id, bool icmp, peer::Links &links,
                          Instant now) {
    std::array<std::uint8_t, kReadSize> buffer;
    const ssize_t size = ::recv(connections_[id].fd.get(), buffer.data(),
                                buffer.size(), MSG_DONTWAIT);
    if (size > 0) {
        links.receive(id, {buffer.data(), static_cast<std::size_t>(size)}, now);
    } else if (size == 0) {
        links.handle_end(id, peer::Ended::closed,
                         "it has closed the connection", now);
    } else if (errno != EAGAIN && errno != EINTR) {
        const int error = errno;
        links.handle_end(id, ended_by(error, icmp),
                         reason_of("recv()", error, icmp), now);
    }
}

}  // namespace ngx_vrrp::net
