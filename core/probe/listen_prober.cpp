#include "core/probe/listen_prober.hpp"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include <cerrno>
#include <utility>
#include <vector>

#include "core/net/domain.hpp"
#include "core/net/ip_message.hpp"
#include "core/os/clock.hpp"

namespace ngx_vrrp::probe {

namespace {

using check::Reason;

constexpr Duration kLookInterval = Milliseconds{2};

// 0.0.0.0 and :: accept on every address.
IpAddress to_connect(const IpAddress &address) {
    if (!address.is_unspecified()) {
        return address;
    }
    if (address.family() == Family::ipv4) {
        return IpAddress::v4({127, 0, 0, 1});
    }
    return IpAddress::v6({0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1});
}

// close() resets the connection.
os::Fd open_socket(Family family) {
    os::Fd fd(::socket(net::domain_of(family),
                       SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
    const linger reset{.l_onoff = 1, .l_linger = 0};
    ::setsockopt(fd.get(), SOL_SOCKET, SO_LINGER, &reset, sizeof(reset));
    return fd;
}

int state_of(int fd) {
    tcp_info info{};
    info.tcpi_state = TCP_CLOSE;
    socklen_t size = sizeof(info);
    ::getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &size);
    return info.tcpi_state;
}

int error_of(int fd) {
    int error = 0;
    socklen_t size = sizeof(error);
    return ::getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &size) == 0 ? error
                                                                      : errno;
}

check::Outcome system_failure(Reason reason, std::string what, int error) {
    return check::failed(reason,
                         SystemError{std::move(what), error}.to_string());
}

check::Outcome refused(const TcpEndpoint &listening) {
    return check::failed(Reason::l4con,
                         "nothing listens on " + listening.to_string());
}

}  // namespace

ListenProber::ListenProber(os::Watcher &watcher, check::Outcomes &outcomes)
    : watcher_(watcher), outcomes_(outcomes) {}

ListenProber::~ListenProber() {
    if (timer_) {
        watcher_.unwatch(timer_.get());
    }
}

Status ListenProber::open() {
    if (timer_) {
        return success();
    }
    if (Status opened = kernel_.open(); !opened) {
        return opened;
    }
    os::Fd timer(::timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC));
    if (!timer) {
        return Unexpected(SystemError{"timerfd_create()", errno});
    }
    if (!watcher_.watch(timer.get())) {
        return Unexpected(
            SystemError{"adding a timer to the event loop", EMFILE});
    }
    timer_ = std::move(timer);
    return success();
}

void ListenProber::start(check::CheckId id, const check::Config &config,
                         Instant now) {
    const auto &check = std::get<check::ListenCheck>(config.probe);
    if (const Status opened = open(); !opened) {
        outcomes_.finished(
            id, check::failed(Reason::sockerr, opened.error().to_string()),
            now);
        return;
    }

    Connection connection;
    connection.listening = {check.address, check.port};
    connection.server = {to_connect(check.address), check.port};
    std::optional<check::Outcome> outcome = connect(connection);
    if (!outcome) {
        outcome = look(connection);
    }
    if (outcome) {
        outcomes_.finished(id, *outcome, now);
        return;
    }
    connections_[id] = std::move(connection);
    if (connections_.size() == 1) {
        set_timer(kLookInterval);
    }
}

// The source is the address itself: another address may not be able to reach
// it.
std::optional<check::Outcome> ListenProber::connect(Connection &connection) {
    const IpAddress &address = connection.server.address;
    const bool specific = !connection.listening.address.is_unspecified();
    if (specific && !kernel_.is_local(address)) {
        return check::passed();
    }

    os::Fd fd = open_socket(address.family());
    if (!fd) {
        return system_failure(Reason::sockerr, "socket()", errno);
    }
    const net::SocketAddress source(address);
    if (::bind(fd.get(), source.data(), source.size()) != 0) {
        // An IPv6 address that is not usable yet, or not any more.
        return specific && errno == EADDRNOTAVAIL
                   ? check::passed()
                   : system_failure(Reason::sockerr,
                                    "bind() to " + address.to_string(), errno);
    }

    const net::SocketAddress server(address, connection.server.port);
    const bool failed =
        ::connect(fd.get(), server.data(), server.size()) != 0 &&
        errno != EINPROGRESS;
    if (failed) {
        return errno == ECONNREFUSED
                   ? refused(connection.listening)
                   : system_failure(
                         Reason::l4con,
                         "connect() to " + connection.server.to_string(),
                         errno);
    }
    connection.client = {address,
                         net::SocketAddress::of_socket(fd.get()).port()};
    connection.socket = std::move(fd);
    return std::nullopt;
}

// Nothing: it may still be accepted.
std::optional<check::Outcome> ListenProber::look(const Connection &connection) {
    const int fd = connection.socket.get();
    const int error = error_of(fd);
    // Without a listener TCP may connect a socket to itself.
    if (error == ECONNREFUSED || connection.client == connection.server) {
        return refused(connection.listening);
    }
    if (error != 0) {
        return system_failure(Reason::l4con,
                              "connection to " + connection.server.to_string(),
                              error);
    }

    const int state = state_of(fd);
    if (state == TCP_CLOSE_WAIT) {
        return check::passed();  // accepted, and closed already
    }
    if (state != TCP_ESTABLISHED) {
        return std::nullopt;
    }
    const Result<TcpSocket, SystemError> other_end =
        kernel_.find(connection.server, connection.client);
    if (!other_end) {
        return check::failed(Reason::sockerr, other_end.error().to_string());
    }
    return *other_end == TcpSocket::owned ? std::optional(check::passed())
                                          : std::nullopt;
}

check::Outcome ListenProber::give_up(const Connection &connection) {
    if (state_of(connection.socket.get()) != TCP_ESTABLISHED) {
        return check::failed(Reason::l4tout,
                             "no connection to " +
                                 connection.listening.to_string() +
                                 ", its queue may be full");
    }
    // Our own end is there for sure.
    const Result<TcpSocket, SystemError> own_end =
        kernel_.find(connection.client, connection.server);
    if (own_end && *own_end == TcpSocket::none) {
        return check::failed(Reason::sockerr,
                             "the kernel has no tcp_diag and does not report "
                             "whether nginx accepts connections");
    }
    return check::failed(Reason::l4tout, "connected to " +
                                             connection.listening.to_string() +
                                             ", but nginx did not accept");
}

check::Outcome ListenProber::cancel(check::CheckId id) {
    const auto it = connections_.find(id);
    if (it == connections_.end()) {
        return check::passed();
    }
    const std::optional<check::Outcome> outcome = look(it->second);
    const check::Outcome last = outcome ? *outcome : give_up(it->second);
    forget(id);
    return last;
}

void ListenProber::forget(check::CheckId id) {
    if (connections_.erase(id) != 0 && connections_.empty()) {
        set_timer(Duration{0});
    }
}

bool ListenProber::on_readable(int fd) {
    if (!timer_ || fd != timer_.get()) {
        return false;
    }
    std::uint64_t expirations = 0;
    if (::read(fd, &expirations, sizeof(expirations)) > 0) {
        look_at_all();
    }
    return true;
}

// A result may cause the next start() at once.
void ListenProber::look_at_all() {
    std::vector<std::pair<check::CheckId, check::Outcome>> done;
    for (const auto &[id, connection] : connections_) {
        if (std::optional<check::Outcome> outcome = look(connection)) {
            done.emplace_back(id, std::move(*outcome));
        }
    }
    for (const auto &[id, outcome] : done) {
        forget(id);
    }
    const Instant time = os::now();
    for (const auto &[id, outcome] : done) {
        outcomes_.finished(id, outcome, time);
    }
}

// The timer runs while there is a check to look at; 0 stops it.
void ListenProber::set_timer(Duration interval) {
    const timespec time{.tv_sec = 0, .tv_nsec = interval.count()};
    const itimerspec timer{.it_interval = time, .it_value = time};
    ::timerfd_settime(timer_.get(), 0, &timer, nullptr);
}

}  // namespace ngx_vrrp::probe
