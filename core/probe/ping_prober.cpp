#include "core/probe/ping_prober.hpp"

#include <linux/icmp.h>
#include <netinet/icmp6.h>
#include <netinet/in.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <optional>
#include <utility>

#include "core/base/log.hpp"
#include "core/base/system_error.hpp"
#include "core/net/ip_message.hpp"
#include "core/net/ipv4_packet.hpp"
#include "core/os/clock.hpp"
#include "core/wire/icmp.hpp"

namespace ngx_vrrp::probe {

namespace {

// Replies to the pings of any program arrive here: longer ones are not ours.
constexpr std::size_t kLargestReply = 256;
constexpr unsigned kMaxRepliesPerWakeup = 64;

// The kernel drops the rest before it wakes us. Without the filter only this
// saving is lost: parse_echo_reply() checks everything.
void want_echo_replies(int icmp4, int icmp6) {
    icmp_filter ipv4{};
    ipv4.data = ~(1U << wire::kIcmpv4EchoReply);
    ::setsockopt(icmp4, SOL_RAW, ICMP_FILTER, &ipv4, sizeof(ipv4));

    icmp6_filter ipv6;
    ICMP6_FILTER_SETBLOCKALL(&ipv6);
    ICMP6_FILTER_SETPASS(wire::kIcmpv6EchoReply, &ipv6);
    ::setsockopt(icmp6, IPPROTO_ICMPV6, ICMP6_FILTER, &ipv6, sizeof(ipv6));
}

std::uint64_t random_cookie() {
    std::uint64_t cookie = 0;
    if (::getrandom(&cookie, sizeof(cookie), GRND_NONBLOCK) != sizeof(cookie)) {
        cookie = static_cast<std::uint64_t>(to_ns(os::now()));
    }
    return cookie;
}

std::string loss_of(const check::LossWindow &window) {
    return format("%u %% lost (%zu of %zu)", window.percent(), window.lost(),
                  window.count());
}

// A new result; what: how the last ping went.
check::Outcome judge(const check::PingCheck &check, check::LossWindow &window,
                     bool lost, const std::string &what) {
    window.add(lost, check.window);
    if (window.percent() < check.loss_percent) {
        return check::passed(window.percent());
    }
    return check::failed(check::Reason::l3tout, loss_of(window) + ", " + what,
                         window.percent());
}

}  // namespace

PingProber::PingProber(os::Watcher &watcher, check::Outcomes &outcomes,
                       int icmp4, int icmp6)
    : watcher_(watcher),
      outcomes_(outcomes),
      icmp4_(icmp4),
      icmp6_(icmp6),
      identifier_(static_cast<std::uint16_t>(::getpid())) {
    want_echo_replies(icmp4, icmp6);
    watch(icmp4_);
    watch(icmp6_);
}

PingProber::~PingProber() {
    for (const os::Fd *socket : {&icmp4_, &icmp6_}) {
        if (*socket) {
            watcher_.unwatch(socket->get());
        }
    }
}

// A socket that is not read is useless.
void PingProber::watch(os::Fd &socket) {
    if (socket && !watcher_.watch(socket.get())) {
        socket.reset();
    }
}

void PingProber::resume(check::CheckId id, const check::Config &config,
                        std::int64_t value) {
    const auto &check = std::get<check::PingCheck>(config.probe);
    const auto percent =
        static_cast<unsigned>(std::clamp<std::int64_t>(value, 0, 100));
    targets_[id].window.resume(percent, check.window);
}

void PingProber::start(check::CheckId id, const check::Config &config,
                       Instant now) {
    Target &target = targets_[id];
    target.check = std::get<check::PingCheck>(config.probe);
    if (!resolve(target, now)) {
        outcomes_.finished(
            id,
            judge(target.check, target.window, true,
                  format("there is no IPv%d default route with a gateway",
                         to_number(target.check.address.family()))),
            now);
        return;
    }
    const std::string address = target.address.to_string();

    const int error = send(target);
    if (error == 0) {
        target.waiting = true;
    } else if (error == EBADF) {
        outcomes_.finished(
            id,
            check::failed(check::Reason::sockerr,
                          "no ICMP socket: CAP_NET_RAW is missing"),
            now);
    } else {
        const SystemError failure{"sendmsg() to " + address, error};
        outcomes_.finished(
            id, judge(target.check, target.window, true, failure.to_string()),
            now);
    }
}

check::Outcome PingProber::cancel(check::CheckId id) {
    Target &target = targets_[id];
    target.waiting = false;
    return judge(target.check, target.window, true,
                 "no answer from " + target.address.to_string());
}

void PingProber::forget(check::CheckId id) {
    targets_.erase(id);
}

// False: there is no gateway.
bool PingProber::resolve(Target &target, Instant now) {
    target.address = target.check.address;
    if (!target.check.gateway) {
        return true;
    }
    const auto gateway = gateways_.find(target.check.address.family(), now);
    if (gateway) {
        target.address = gateway->address;
        target.interface = gateway->interface;
    }
    return gateway.has_value();
}

// Returns 0 or errno; EBADF: there is no socket.
int PingProber::send(Target &target) {
    const IpAddress &address = target.address;
    const Family family = address.family();
    target.sequence++;
    target.cookie = random_cookie();

    std::array<std::uint8_t, sizeof(target.cookie)> payload;
    std::memcpy(payload.data(), &target.cookie, payload.size());
    Buffer request = wire::echo_request(family, {.identifier = identifier_,
                                                 .sequence = target.sequence,
                                                 .payload = payload});

    net::SocketAddress to(address);
    if (address.is_link_local()) {
        to.set_zone(target.interface);
    }
    iovec data{request.data(), request.size()};
    msghdr message{};
    message.msg_iov = &data;
    message.msg_iovlen = 1;
    to.attach_to(message);

    const int fd = family == Family::ipv4 ? icmp4_.get() : icmp6_.get();
    return ::sendmsg(fd, &message, MSG_DONTWAIT) < 0 ? errno : 0;
}

bool PingProber::on_readable(int fd) {
    if (fd < 0) {
        return false;
    }
    if (fd == icmp4_.get()) {
        read(Family::ipv4, fd);
        return true;
    }
    if (fd == icmp6_.get()) {
        read(Family::ipv6, fd);
        return true;
    }
    return false;
}

void PingProber::read(Family family, int fd) {
    for (unsigned n = 0; n < kMaxRepliesPerWakeup; n++) {
        std::array<std::uint8_t, kLargestReply> buffer;
        iovec data{buffer.data(), buffer.size()};
        net::SocketAddress from;
        msghdr message{};
        message.msg_iov = &data;
        message.msg_iovlen = 1;
        from.attach_to(message);

        const ssize_t size = ::recvmsg(fd, &message, MSG_DONTWAIT);
        if (size < 0 && errno != EINTR) {
            return;
        }
        if (size < 0 || (message.msg_flags & MSG_TRUNC) != 0) {
            continue;
        }
        const Bytes bytes(buffer.data(), static_cast<std::size_t>(size));
        if (const auto reply = parse(family, bytes, from.address())) {
            take(*reply);
        }
    }
}

// An IPv4 packet comes with its header, an IPv6 packet without.
std::optional<PingProber::Reply> PingProber::parse(
    Family family, Bytes bytes, const IpAddress &source) const {
    Reply reply{source, 0, 0};
    if (family == Family::ipv4) {
        const std::optional<net::IpPacket> packet = net::parse_ipv4(bytes);
        if (!packet) {
            return std::nullopt;
        }
        reply.source = packet->info.endpoints.source;
        bytes = packet->payload;
    }

    const std::optional<wire::Echo> echo =
        wire::parse_echo_reply(family, bytes);
    if (!echo || echo->identifier != identifier_ ||
        echo->payload.size() != sizeof(reply.cookie)) {
        return std::nullopt;
    }
    reply.sequence = echo->sequence;
    std::memcpy(&reply.cookie, echo->payload.data(), sizeof(reply.cookie));
    return reply;
}

void PingProber::take(const Reply &reply) {
    const auto it =
        std::find_if(targets_.begin(), targets_.end(), [&](const auto &entry) {
            const Target &target = entry.second;
            return target.waiting && target.address == reply.source &&
                   target.sequence == reply.sequence &&
                   target.cookie == reply.cookie;
        });
    if (it == targets_.end()) {
        return;
    }
    Target &target = it->second;
    target.waiting = false;
    outcomes_.finished(it->first,
                       judge(target.check, target.window, false,
                             reply.source.to_string() + " has answered again"),
                       os::now());
}

}  // namespace ngx_vrrp::probe
