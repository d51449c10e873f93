#include "core/net/host.hpp"

#include <algorithm>
#include <cerrno>

#include "core/net/address_request.hpp"
#include "core/net/interface_table.hpp"
#include "core/net/route_request.hpp"
#include "core/net/socket_diag.hpp"
#include "core/net/unanswered.hpp"
#include "core/os/clock.hpp"

namespace ngx_vrrp::net {

namespace {

// The dump puts an address into its right place in the list; this is not
// urgent.
constexpr Duration kOrderDelay = Milliseconds{100};

// A dump of routes without an answer has blocked the process for a second.
constexpr Duration kRoutePause = Seconds{10};

Status not_watched(const char *what) {
    return failure(format("adding %s to the event loop", what), EMFILE);
}

// With an error of another kind, this kernel never shows our routes.
bool may_pass(int error) {
    return error == ENOBUFS || error == ENOMEM || error == EAGAIN ||
           error == EINTR || error == EBUSY || error == ETIMEDOUT;
}

[[gnu::hot]] bool has_ours(const engine::Interfaces &known, IfIndex interface,
                           const vrrp::VirtualAddress &address) {
    const engine::Interface *there =
        find_first(known.list, interface, &engine::Interface::index);
    return there && there->has_marked(address);
}

// Of any program.
bool has(const engine::Interfaces &known, IfIndex interface,
         const IpAddress &address) {
    const engine::Interface *there =
        find_first(known.list, interface, &engine::Interface::index);
    return there && find_first(there->addresses, address,
                               &engine::InterfaceAddress::address);
}

}  // namespace

Host::Host(os::Watcher &watcher, Sink &sink, LogSink &log)
    : watcher_(watcher),
      sink_(sink),
      log_(log),
      processes_(watcher, log),
      sockets_(watcher, sink, log),
      neighbours_(watcher, sink, log) {}

Host::~Host() {
    for (const EventSocket *events : {&events_, &route_events_}) {
        if (events->is_open()) {
            watcher_.unwatch(events->fd());
        }
    }
}

Status Host::open() {
    if (events_.is_open()) {
        return success();
    }
    if (Status opened = requests_.open(); !opened) {
        return opened;
    }
    if (Status opened = renewals_.open(); !opened) {
        return opened;
    }
    if (Status opened = events_.open(); !opened) {
        return opened;
    }
    if (Status set = events_.ignore(renewals_.port()); !set) {
        events_.close();
        return set;
    }
    if (!watcher_.watch(events_.fd())) {
        events_.close();
        return not_watched("the netlink socket");
    }
    return success();
}

Status Host::watch_routes(bool configured) {
    routes_configured_ = configured;
    if (route_events_.is_open()) {
        return success();
    }
    if (Status opened = routes_.open(); !opened) {
        return opened;
    }
    routes_.set_strict();
    if (Status opened = route_events_.open_for_routes(kRouteMark); !opened) {
        return opened;
    }
    if (!watcher_.watch(route_events_.fd())) {
        route_events_.close();
        return not_watched("the netlink socket for routes");
    }
    return success();
}

Result<engine::Interfaces, SystemError> Host::interfaces() {
    Result<InterfaceDump, SystemError> read = read_interfaces(requests_);
    if (!read) {
        return Unexpected(read.error());
    }
    dump_.succeeded();
    if (read->interrupted) {
        dump_.failed(os::now());
    }
    known_ = std::move(read.value().interfaces);
    routes_unknown_ = true;
    const Status routes = read_marked_routes();
    if (!routes && routes_configured_ && may_pass(routes.error().code)) {
        return Unexpected(routes.error());
    }
    note_routes(routes, os::now());
    return known_;
}

[[gnu::hot]] void Host::catch_up() {
    read_events();
    read_route_events();
    sockets_.read_all(os::now());
}

[[gnu::hot]] void Host::on_readable(int fd) {
    if (fd == events_.fd()) {
        read_events();
    } else if (fd == route_events_.fd()) {
        read_route_events();
    } else if (const auto ended = processes_.take_ended(fd)) {
        sink_.process_ended(*ended);
    } else if (!neighbours_.on_readable(fd)) {
        sockets_.on_readable(fd, os::now());
    }
}

[[gnu::hot]] std::optional<Instant> Host::deadline() const {
    std::optional<Instant> earliest = dump_.at();
    take_earlier(earliest, route_dump_.at());
    take_earlier(earliest, sockets_.deadline());
    return earliest;
}

[[gnu::hot]] void Host::handle_time(Instant now) {
    if (dump_.is_due(now)) {
        read_all_again(now, false);
    }
    if (route_dump_.is_due(now)) {
        report_interfaces();
    }
    sockets_.handle_time(now);
}

[[gnu::hot]] void Host::read_events() {
    if (!events_.is_open()) {
        return;
    }
    bool changed = false;
    bool unsure = false;
    bool went_down = false;
    const int error = events_.drain([&](nlmsghdr *event) {
        const Effect effect = apply(event, known_);
        changed = changed || effect != Effect::none;
        unsure = unsure || effect == Effect::unsure;
        went_down = went_down || effect == Effect::link_down;
    });

    const Instant at = os::now();
    if (unsure) {
        dump_.want(kOrderDelay, at);
    }
    if (error == ENOBUFS) {
        loss_line_.write(log_, LogLevel::warn,
                         "netlink events were lost, reading all links and "
                         "addresses again",
                         at);
    } else if (error != 0) {
        event_line_.write(
            log_, LogLevel::error,
            SystemError{"recvfrom() of netlink events", error}.to_string() +
                ", reading all links and addresses again",
            at);
    }

    // The kernel reports an IPv6 address later than it answers the request, and
    // the link that we have just set up may be reported before.
    std::erase_if(unreported_, [&](const auto &added) {
        return has_ours(known_, added.first, added.second);
    });
    const bool lacks_some = changed && !unreported_.empty();

    // After a link went down, ask the kernel whether the interface is gone,
    // too: it has this before there is an event.
    if (error != 0 || went_down || lacks_some) {
        read_all_again(at, changed);
    } else if (changed) {
        report_interfaces();
    }
}

// While other programs make changes without end, each dump is interrupted: then
// it adds the missing addresses, and the next dump follows. Meanwhile events
// report changes.
void Host::read_all_again(Instant now, bool changed) {
    unreported_.clear();
    Result<InterfaceDump, SystemError> read = read_interfaces(requests_);
    if (!read) {
        const Duration pause = dump_.failed(now);
        dump_line_.write(log_, LogLevel::error,
                         read.error().to_string() +
                             format(", retrying in %lld ms",
                                    static_cast<long long>(to_ms(pause))),
                         now);
    } else if (read->interrupted) {
        complete(read.value().interfaces, known_);
        dump_.failed(now);
    } else {
        dump_.succeeded();
    }
    if (read && read->interfaces.list != known_.list) {
        known_.list = std::move(read.value().interfaces.list);
        known_.keeps_marks = read->interfaces.keeps_marks;
        changed = true;
    }
    if (changed) {
        report_interfaces();
    }
}

// Adverts that arrived before this event must be counted, so that the master is
// not treated as silent.
void Host::report_interfaces() {
    sockets_.read_all(os::now());
    note_routes(read_marked_routes(), os::now());
    sink_.interfaces_changed(known_);
}

// Each event, or the loss of some, has the same effect: the kernel does not
// report every route that it removes.
[[gnu::hot]] void Host::read_route_events() {
    if (!route_events_.is_open()) {
        return;
    }
    bool any = false;
    const int error = route_events_.drain([&](nlmsghdr *) { any = true; });
    if (any || error != 0) {
        routes_unknown_ = true;
        report_interfaces();
    }
}

// Without routes in the configuration, only those of an earlier process matter.
bool Host::needs_routes() const {
    return route_events_.is_open() &&
           (routes_configured_ || routes_unknown_ || !known_.routes.empty() ||
            !known_.rules.empty());
}

Status Host::read_marked_routes() {
    return needs_routes() ? read_routes(routes_, known_) : success();
}

void Host::note_routes(const Status &read, Instant now) {
    if (read || (!routes_configured_ && !may_pass(read.error().code))) {
        route_dump_.succeeded();
        routes_unknown_ = false;
        return;
    }
    const bool is_slow = !routes_configured_ || read.error().code == ETIMEDOUT;
    const Duration pause =
        route_dump_.failed(now, is_slow ? kRoutePause : os::Retry::kFirstPause);
    routes_line_.write(
        log_, LogLevel::error,
        read.error().to_string() + format(", retrying in %lld ms",
                                          static_cast<long long>(to_ms(pause))),
        now);
}

void Host::promote_once(const engine::Interface &interface) {
    if (!promoted_.insert(interface.index).second) {
        return;
    }
    if (Status set = promote_secondaries(requests_, interface); !set) {
        log_(LogLevel::warn,
             "%s, removing a virtual address may also remove others of its "
             "subnet",
             set.error().to_string().c_str());
    }
}

void Host::forget_unanswered(const engine::Interface &interface) {
    const Status done = net::forget_unanswered(requests_, interface);
    if (!done) {
        neighbour_line_.write(log_, LogLevel::warn,
                              done.error().to_string() +
                                  ", they may receive no packets for up "
                                  "to 3 s",
                              os::now());
    }
}

// The kernel may never mark an address that was there before.
void Host::expect_report(IfIndex interface,
                         const vrrp::VirtualAddress &address) {
    const std::pair added{interface, address};
    if (known_.keeps_marks && !has(known_, interface, address.address) &&
        std::ranges::find(unreported_, added) == unreported_.end()) {
        unreported_.push_back(added);
    }
}

// A new address causes an event, like that of any program: then it is known.
// Its renewals cause none.
[[gnu::hot]] void Host::add(std::span<const engine::LeaseRequest> requests,
                            std::vector<Status> &answers) {
    const bool all_known =
        std::ranges::all_of(requests, [&](const engine::LeaseRequest &r) {
            return has_ours(known_, r.interface->index, *r.address);
        });
    const std::size_t before = answers.size();
    add_addresses(all_known ? renewals_ : requests_, batch_, requests, known_,
                  answers);
    const auto added = std::span(answers).subspan(before);
    for (std::size_t i = 0; i < requests.size(); ++i) {
        const vrrp::VirtualAddress &address = *requests[i].address;
        const bool in_subnet =
            address.address.family() == Family::ipv4 &&
            address.prefix_length < host_prefix_length(Family::ipv4);
        if (added[i] && in_subnet) {
            promote_once(*requests[i].interface);
        }
        if (added[i] && !all_known) {
            expect_report(requests[i].interface->index, address);
        }
    }
}

Status Host::remove(const engine::Interface &interface,
                    const vrrp::VirtualAddress &address) {
    return remove_address(requests_, interface, address);
}

Status Host::add(const vrrp::Route &route, const engine::Interfaces &known,
                 Seconds lease) {
    return add_route(requests_, route, known, lease);
}

Status Host::add(const vrrp::Rule &rule) {
    return add_rule(requests_, rule);
}

Status Host::prolong(const vrrp::Route &route, const engine::Interfaces &known,
                     Seconds lease) {
    return prolong_route(requests_, route, known, lease);
}

Status Host::remove(const vrrp::Route &route, const engine::Interfaces &known) {
    return remove_route(requests_, route, known);
}

Status Host::remove(const vrrp::Rule &rule) {
    return remove_rule(requests_, rule);
}

Status Host::make_vmac(const engine::Interface &base,
                       const vrrp::Config &router) {
    Status made = vmacs_.make(base, router);
    if (made) {
        // The event of the new device is older than its mark, and the mark
        // causes none while the device is down.
        events_.drain([&](nlmsghdr *event) { apply(event, known_); });
        dump_.want(Duration{0}, os::now());
    }
    return made;
}

Status Host::set_up(const engine::Interface &device, bool up) {
    return vmacs_.set_up(device, up);
}

Status Host::remove_vmac(const engine::Interface &device) {
    return vmacs_.remove(device);
}

[[gnu::hot]] Status Host::watch_process(int pid) {
    return processes_.watch(pid);
}

Status Host::listen(const engine::Interface &interface,
                    const vrrp::Config &router) {
    return sockets_.listen(interface, router);
}

void Host::forget(std::string_view interface) {
    sockets_.forget(interface);
}

[[gnu::hot]] void Host::send(std::span<const engine::OutgoingPacket> packets,
                             std::vector<Status> &answers) {
    sockets_.send(packets, answers);
}

Status Host::send_frame(const engine::Interface &interface, Bytes frame) {
    return frames_.send(interface, frame);
}

Status Host::watch_neighbours(const std::vector<IpAddress> &addresses) {
    return neighbours_.watch(addresses);
}

Result<engine::Closed, SystemError> Host::close_connections(
    const std::vector<IpAddress> &addresses,
    const std::vector<std::uint16_t> &ports) {
    return net::close_connections(addresses, ports);
}

Result<std::vector<unsigned>, SystemError> Host::count_connections(
    const std::vector<IpAddress> &addresses) {
    return net::count_connections(addresses);
}

}  // namespace ngx_vrrp::net
