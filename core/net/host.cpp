#include "core/net/host.hpp"

#include <cerrno>
#include <set>

#include "core/net/address_request.hpp"
#include "core/net/interface_table.hpp"
#include "core/net/neighbour_sockets.hpp"
#include "core/net/packet_socket.hpp"
#include "core/net/process_watch.hpp"
#include "core/net/socket_diag.hpp"
#include "core/net/unanswered.hpp"
#include "core/net/vrrp_sockets.hpp"

namespace ngx_vrrp::net {

namespace {

Status not_watched(const char *what) {
    return Unexpected(
        SystemError{format("adding %s to the event loop", what), EMFILE});
}

}  // namespace

class Host::Impl {
public:
    Impl(Watcher &watcher, Sink &sink, LogSink &log)
        : watcher_(watcher),
          sink_(sink),
          log_(log),
          processes_(watcher),
          sockets_(watcher, sink, log),
          neighbours_(watcher, sink, log) {}
    ~Impl();

    Status open();
    Result<engine::Interfaces, SystemError> interfaces();
    void catch_up();
    void on_readable(int fd);

    ProcessWatch &processes() { return processes_; }
    VrrpSockets &sockets() { return sockets_; }
    PacketSocket &frames() { return frames_; }
    NeighbourSockets &neighbours() { return neighbours_; }
    void forget_unanswered(const engine::Interface &interface);
    Status add(const engine::Interface &interface,
               const vrrp::VirtualAddress &address, Seconds lease);
    Status remove(const engine::Interface &interface,
                  const vrrp::VirtualAddress &address);

private:
    void read_events();
    void refresh();
    void promote_once(const engine::Interface &interface);

    Watcher &watcher_;
    Sink &sink_;
    Log log_;

    RequestSocket requests_;
    EventSocket events_;
    engine::Interfaces known_;  // as last read
    bool loss_reported_ = false;
    std::set<IfIndex> promoted_;

    ProcessWatch processes_;
    PacketSocket frames_;
    VrrpSockets sockets_;
    NeighbourSockets neighbours_;
};

Host::Impl::~Impl() {
    if (events_.is_open()) {
        watcher_.unwatch(events_.fd());
    }
}

Status Host::Impl::open() {
    if (Status opened = requests_.open(); !opened) {
        return opened;
    }
    if (Status opened = events_.open(); !opened) {
        return opened;
    }
    if (!watcher_.watch(events_.fd())) {
        events_.close();
        return not_watched("the netlink socket");
    }
    return success();
}

Result<engine::Interfaces, SystemError> Host::Impl::interfaces() {
    Result<engine::Interfaces, SystemError> read = read_interfaces(requests_);
    known_ = read ? *read : engine::Interfaces{};
    return read;
}

void Host::Impl::catch_up() {
    read_events();
    sockets_.read_all();
}

void Host::Impl::on_readable(int fd) {
    if (fd == events_.fd()) {
        read_events();
    } else if (const auto ended = processes_.take_ended(fd)) {
        sink_.process_ended(*ended);
    } else if (!neighbours_.on_readable(fd)) {
        sockets_.on_readable(fd);
    }
}

void Host::Impl::read_events() {
    bool news = false;
    const int error = events_.drain(
        [&](nlmsghdr *event) { news = news || is_news(known_, event); });

    if (error == ENOBUFS && !loss_reported_) {
        loss_reported_ = true;
        log_(LogLevel::warn,
             "netlink events were lost, reading all links and addresses "
             "anew, now and whenever it happens again");
    } else if (error != 0 && error != ENOBUFS) {
        log_(LogLevel::error, "%s, reading all links and addresses anew",
             SystemError{"recvfrom() of netlink events", error}
                 .to_string()
                 .c_str());
    }

    if (news || error != 0) {
        refresh();
    }
}

void Host::Impl::refresh() {
    const Result<engine::Interfaces, SystemError> read = interfaces();
    if (read) {
        // a master that was heard before is not to be taken for silent now
        sockets_.read_all();
        sink_.interfaces_changed(*read);
        return;
    }
    log_(LogLevel::error, "%s, trying again at the next netlink event",
         read.error().to_string().c_str());
}

void Host::Impl::promote_once(const engine::Interface &interface) {
    if (!promoted_.insert(interface.index).second) {
        return;
    }
    if (Status set = promote_secondaries(requests_, interface); !set) {
        log_(LogLevel::warn,
             "%s, removing a virtual address may remove others of its subnet",
             set.error().to_string().c_str());
    }
}

void Host::Impl::forget_unanswered(const engine::Interface &interface) {
    const Status done = net::forget_unanswered(requests_, interface);
    if (!done) {
        log_(LogLevel::warn, "%s, they may get nothing for up to 3 s",
             done.error().to_string().c_str());
    }
}

Status Host::Impl::add(const engine::Interface &interface,
                       const vrrp::VirtualAddress &address, Seconds lease) {
    Status added = add_address(requests_, interface, address, lease);
    const bool in_subnet =
        address.address.family() == Family::ipv4 &&
        address.prefix_length < host_prefix_length(Family::ipv4);
    if (added && in_subnet) {
        promote_once(interface);
    }
    return added;
}

Status Host::Impl::remove(const engine::Interface &interface,
                          const vrrp::VirtualAddress &address) {
    return remove_address(requests_, interface, address);
}

Host::Host(Watcher &watcher, Sink &sink, LogSink &log)
    : impl_(std::make_unique<Impl>(watcher, sink, log)) {}

Host::~Host() = default;

Status Host::open() {
    return impl_->open();
}

Result<engine::Interfaces, SystemError> Host::interfaces() {
    return impl_->interfaces();
}

Status Host::watch_process(int pid) {
    return impl_->processes().watch(pid);
}

void Host::catch_up() {
    impl_->catch_up();
}

void Host::on_readable(int fd) {
    impl_->on_readable(fd);
}

Status Host::listen(const engine::Interface &interface, Family family,
                    bool multicast) {
    return impl_->sockets().listen(interface, family, multicast);
}

void Host::forget(std::string_view interface) {
    impl_->sockets().forget(interface);
}

Status Host::send(const engine::Interface &interface,
                  const wire::Endpoints &endpoints, Bytes pdu) {
    return impl_->sockets().send(interface, endpoints, pdu);
}

Status Host::send_frame(const engine::Interface &interface, Bytes frame) {
    return impl_->frames().send(interface, frame);
}

void Host::forget_unanswered(const engine::Interface &interface) {
    impl_->forget_unanswered(interface);
}

Status Host::add(const engine::Interface &interface,
                 const vrrp::VirtualAddress &address, Seconds lease) {
    return impl_->add(interface, address, lease);
}

Status Host::remove(const engine::Interface &interface,
                    const vrrp::VirtualAddress &address) {
    return impl_->remove(interface, address);
}

Status Host::watch_neighbours(const std::vector<IpAddress> &addresses) {
    return impl_->neighbours().watch(addresses);
}

Result<engine::Closed, SystemError> Host::close_connections(
    const std::vector<IpAddress> &addresses,
    const std::vector<std::uint16_t> &ports) {
    return net::close_connections(addresses, ports);
}

}  // namespace ngx_vrrp::net
