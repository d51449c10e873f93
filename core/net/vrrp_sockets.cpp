#include "core/net/vrrp_sockets.hpp"

#include <algorithm>
#include <cerrno>

namespace ngx_vrrp::net {

namespace {

constexpr unsigned kMaxPacketsPerWakeup = 64;
constexpr std::size_t kMaxIpPacket = 65536;

// The interface went down or away, which netlink tells as well, and better.
bool is_interface_gone(int error) {
    return error == ENETDOWN || error == ENODEV || error == ENXIO;
}

}  // namespace

VrrpSockets::VrrpSockets(Watcher &watcher, Sink &sink, LogSink &log)
    : watcher_(watcher), sink_(sink), log_(log), buffer_(kMaxIpPacket) {}

VrrpSockets::~VrrpSockets() {
    for (const SocketPtr &socket : sockets_) {
        watcher_.unwatch(socket->fd());
    }
}

VrrpSockets::SocketPtr VrrpSockets::find(int fd) const {
    const auto it =
        std::find_if(sockets_.begin(), sockets_.end(),
                     [&](const SocketPtr &s) { return s->fd() == fd; });
    return it == sockets_.end() ? nullptr : *it;
}

VrrpSockets::SocketPtr VrrpSockets::find(std::string_view interface,
                                         Family family) const {
    const auto it =
        std::find_if(sockets_.begin(), sockets_.end(), [&](const SocketPtr &s) {
            return s->name() == interface && s->family() == family;
        });
    return it == sockets_.end() ? nullptr : *it;
}

Status VrrpSockets::listen(const engine::Interface &interface, Family family,
                           bool multicast) {
    const SocketPtr socket = find(interface.name, family);
    if (!socket) {
        return open(interface, family, multicast);
    }
    if (socket->index() == interface.index) {
        return multicast ? socket->join() : success();
    }
    close(socket);
    return open(interface, family, multicast);
}

Status VrrpSockets::open(const engine::Interface &interface, Family family,
                         bool multicast) {
    auto socket = std::make_shared<VrrpSocket>(interface, family);
    if (Status opened = socket->open(); !opened) {
        return opened;
    }
    if (multicast) {
        if (Status joined = socket->join(); !joined) {
            return joined;
        }
    }
    if (!watcher_.watch(socket->fd())) {
        return Unexpected(SystemError{"adding the VRRP socket of \"" +
                                          interface.name +
                                          "\" to the event loop",
                                      EMFILE});
    }
    sockets_.push_back(std::move(socket));
    return success();
}

void VrrpSockets::close(const SocketPtr &socket) {
    watcher_.unwatch(socket->fd());
    sockets_.erase(std::find(sockets_.begin(), sockets_.end(), socket));
}

void VrrpSockets::forget(std::string_view interface) {
    for (const Family family : {Family::ipv4, Family::ipv6}) {
        if (const SocketPtr socket = find(interface, family)) {
            close(socket);
        }
    }
}

Status VrrpSockets::send(const engine::Interface &interface,
                         const wire::Endpoints &endpoints, Bytes pdu) {
    const SocketPtr socket =
        find(interface.name, endpoints.destination.family());
    if (!socket || socket->index() != interface.index) {
        return Unexpected(SystemError{
            "sending on \"" + interface.name + "\" without listening",
            ENOTCONN});
    }
    return socket->send(endpoints, pdu);
}

void VrrpSockets::on_readable(int fd) {
    for (unsigned n = 0; n < kMaxPacketsPerWakeup; n++) {
        const SocketPtr socket = find(fd);
        if (!socket || !read_packet(*socket)) {
            return;
        }
    }
}

void VrrpSockets::read_all() {
    const std::vector<SocketPtr> sockets = sockets_;
    for (const SocketPtr &socket : sockets) {
        on_readable(socket->fd());
    }
}

// False when there is no more.
bool VrrpSockets::read_packet(VrrpSocket &socket) {
    std::optional<IpPacket> packet;
    const int error = socket.receive(buffer_, packet);

    if (error == 0) {
        if (packet) {
            sink_.packet_received(
                {socket.name(), packet->info, packet->payload});
        }
        return true;
    }

    if (error != EAGAIN && error != EINTR && !is_interface_gone(error)) {
        log_(LogLevel::error, "%s",
             SystemError{"recvmsg() on \"" + socket.name() + "\"", error}
                 .to_string()
                 .c_str());
    }
    return error == EINTR;
}

}  // namespace ngx_vrrp::net
