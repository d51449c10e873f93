#include "core/net/vrrp_sockets.hpp"

#include <algorithm>
#include <cerrno>

#include "core/base/find.hpp"
#include "core/base/time.hpp"
#include "core/os/clock.hpp"
#include "core/wire/advertisement.hpp"

namespace ngx_vrrp::net {

namespace {

// An interface has 255 virtual routers at most.
constexpr unsigned kMaxBatchesPerWakeup = 16;
constexpr unsigned kMostPerWakeup =
    kMaxBatchesPerWakeup * PacketBatch::kMostPackets;

// The advertisements of this number of virtual routers arrive in bursts. After
// the first one, those of the next moment wait in the queue and are read
// together.
constexpr std::size_t kManyRouters = 16;

// The interface went down or was removed, which netlink reports as well, and
// better.
bool is_interface_gone(int error) {
    return error == ENETDOWN || error == ENODEV || error == ENXIO;
}

// Half of the time that is between the takeovers of backups with priorities one
// apart: a better one that reads the last advertisement later is still the
// first.
Duration gather_time(const vrrp::Config &router) {
    const Duration apart =
        vrrp::skew_time(router.version, kPriorityOwner, router.advert_interval);
    return std::clamp(apart / 2, kShortestGather, kLongestGather);
}

engine::ReceivedPacket received(const VrrpSocket &socket,
                                const IpPacket &packet) {
    return {socket.name(), packet.info, packet.payload};
}

bool go_together(const engine::OutgoingPacket &a,
                 const engine::OutgoingPacket &b) {
    const IpAddress &to_a = a.endpoints.destination;
    const IpAddress &to_b = b.endpoints.destination;
    return a.interface == b.interface && to_a.family() == to_b.family() &&
           to_a.is_multicast() == to_b.is_multicast();
}

// An IPv6 socket with a filter does not get packets with a wrong checksum. So
// the second socket has no filter, and gets all packets.
bool is_other(const IpPacket &packet,
              const std::vector<WantedAdverts> &adverts) {
    const Family family = packet.info.endpoints.source.family();
    return family == Family::ipv4 ||
           !is_wanted(packet.payload, packet.info.ttl, adverts) ||
           !wire::parse_advertisement(packet.payload, packet.info.endpoints, 0);
}

}  // namespace

VrrpSockets::VrrpSockets(os::Watcher &watcher, Sink &sink, LogSink &log)
    : watcher_(watcher), sink_(sink), log_(log) {}

VrrpSockets::~VrrpSockets() {
    for (const auto &listener : listeners_) {
        close(*listener);
    }
}

[[gnu::hot]] VrrpSockets::Listener *VrrpSockets::find(int fd) const {
    const auto *found = find_first(listeners_, [&](const auto &l) {
        return l->wanted.fd() == fd || l->others.fd() == fd;
    });
    return fd < 0 || !found ? nullptr : found->get();
}

[[gnu::hot]] VrrpSockets::Listener *VrrpSockets::find(
    std::string_view interface, Family family) const {
    const auto *found = find_first(listeners_, [&](const auto &l) {
        return l->is_open && l->wanted.name() == interface &&
               l->wanted.family() == family;
    });
    return found ? found->get() : nullptr;
}

Status VrrpSockets::listen(const engine::Interface &interface,
                           const vrrp::Config &router) {
    Listener *listener = find(interface.name, router.family);
    if (listener && listener->wanted.index() == interface.index) {
        return extend(*listener, router);
    }
    if (listener) {
        close(*listener);
    }
    return open(interface, router);
}

Status VrrpSockets::open(const engine::Interface &interface,
                         const vrrp::Config &router) {
    auto made = std::make_unique<Listener>(interface, router.family);
    Listener *listener = made.get();
    if (Status opened = listener->wanted.open(); !opened) {
        return opened;
    }
    if (interface.name == router.vmac) {
        if (Status set = listener->wanted.send_for_others(); !set) {
            return set;
        }
    }
    if (!watcher_.watch(listener->wanted.fd())) {
        return failure("adding the VRRP socket of \"" + interface.name +
                           "\" to the event loop",
                       EMFILE);
    }
    listeners_.push_back(std::move(made));
    if (interface.name == router.vmac) {
        listener->sender = vrrp::virtual_mac(router);
    } else if (const Status opened = open_others(*listener); !opened) {
        others_error_.write(log_, LogLevel::warn,
                            opened.error().to_string() +
                                ", packets for other virtual routers are "
                                "ignored",
                            os::now());
    }
    Status extended = extend(*listener, router);
    if (!extended) {
        close(*listener);
    }
    return extended;
}

Status VrrpSockets::open_others(Listener &listener) {
    if (Status opened = listener.others.open_for_others(); !opened) {
        listener.others.close();
        return opened;
    }
    listener.is_watched = watcher_.watch(listener.others.fd());
    if (!listener.is_watched) {
        listener.others.close();
        return failure("adding the second VRRP socket of \"" +
                           listener.others.name() + "\" to the event loop",
                       EMFILE);
    }
    return success();
}

// For one more virtual router, or for one that has it already.
Status VrrpSockets::extend(Listener &listener, const vrrp::Config &router) {
    const WantedAdverts adverts = wanted_adverts(router);
    auto &all = listener.adverts;
    listener.gather = std::min(listener.gather, gather_time(router));
    if (std::find(all.begin(), all.end(), adverts) == all.end()) {
        all.push_back(adverts);
        if (const Status set = set_filters(listener); !set) {
            all.pop_back();
            return set;
        }
    }
    return router.is_unicast()
               ? success()
               : listener.wanted.join(vrrp::multicast_group(router));
}

Status VrrpSockets::set_filters(Listener &listener) {
    const Family family = listener.wanted.family();
    std::vector<sock_filter> filter =
        vrrp_filter(family, listener.adverts, Take::wanted);
    if (listener.sender) {
        filter = sent_from(*listener.sender, std::move(filter));
    }
    const Status set = listener.wanted.take(std::move(filter));
    if (!set || family == Family::ipv6 || listener.others.fd() < 0) {
        return set;
    }
    return listener.others.take(
        vrrp_filter(family, listener.adverts, Take::others));
}

// It stays in the list for now, because it may be the one that is read.
void VrrpSockets::close(Listener &listener) {
    if (!listener.is_open) {
        return;
    }
    if (!listener.gathers) {
        watcher_.unwatch(listener.wanted.fd());
    }
    if (listener.is_watched) {
        watcher_.unwatch(listener.others.fd());
    }
    listener.wanted.close();
    listener.others.close();
    listener.is_watched = false;
    listener.gathers = false;
    listener.is_open = false;
    any_closed_ = true;
}

// While none of them is read.
[[gnu::hot]] void VrrpSockets::remove_closed() {
    if (std::exchange(any_closed_, false)) {
        std::erase_if(listeners_, [](const auto &l) { return !l->is_open; });
    }
}

void VrrpSockets::forget(std::string_view interface) {
    for (const Family family : {Family::ipv4, Family::ipv6}) {
        if (Listener *listener = find(interface, family)) {
            close(*listener);
        }
    }
}

// Consecutive packets for the same socket are sent together.
[[gnu::hot]] void VrrpSockets::send(
    std::span<const engine::OutgoingPacket> packets,
    std::vector<Status> &answers) {
    while (!packets.empty()) {
        const auto end =
            std::ranges::find_if_not(packets, [&](const auto &packet) {
                return go_together(packet, packets.front());
            });
        const auto count = static_cast<std::size_t>(end - packets.begin());
        send_some(packets.first(count), answers);
        packets = packets.subspan(count);
    }
}

[[gnu::hot]] void VrrpSockets::send_some(
    std::span<const engine::OutgoingPacket> packets,
    std::vector<Status> &answers) {
    const engine::Interface &interface = *packets.front().interface;
    Listener *listener =
        find(interface.name, packets.front().endpoints.destination.family());
    if (!listener || listener->wanted.index() != interface.index) {
        answers.insert(
            answers.end(), packets.size(),
            failure("sending on \"" + interface.name + "\" without listening",
                    ENOTCONN));
    } else {
        listener->wanted.send(packets, answers);
    }
}

[[gnu::hot]] void VrrpSockets::on_readable(int fd, Instant now) {
    remove_closed();
    Listener *listener = find(fd);
    if (!listener) {
        return;
    }
    if (fd == listener->others.fd()) {
        read_others(*listener, now);
    } else if (const unsigned read = read_wanted(*listener, now); read != 0) {
        gather(*listener, read, now);
    }
}

[[gnu::hot]] void VrrpSockets::gather(Listener &listener, unsigned read,
                                      Instant now) {
    if (listener.is_open && !listener.gathers &&
        listener.adverts.size() >= kManyRouters) {
        watcher_.unwatch(listener.wanted.fd());
        listener.gathers = true;
        wait_for_more(listener, read, now);
    }
}

// If more packets wait, not for long: the queue must not become full.
[[gnu::hot]] void VrrpSockets::wait_for_more(Listener &listener, unsigned read,
                                             Instant now) {
    listener.gathers_until =
        now + (read < kMostPerWakeup ? listener.gather : kShortestGather);
}

// Before a deadline is served, and again until there are no more packets.
[[gnu::hot]] void VrrpSockets::read_gathered(Listener &listener, Instant now) {
    const unsigned read = read_wanted(listener, now);
    if (!listener.is_open || (read == 0 && now < listener.gathers_until)) {
        return;
    }
    listener.gathers = read != 0 || !watcher_.watch(listener.wanted.fd());
    wait_for_more(listener, read, now);
}

// Others may be added meanwhile, at the end.
void VrrpSockets::read_all(Instant now) {
    for (std::size_t i = 0; i < listeners_.size(); ++i) {
        Listener &listener = *listeners_[i];
        if (listener.is_open) {
            read_wanted(listener, now);
        }
    }
}

// A batch that is not full has emptied the queue. Returns the number of
// packets.
[[gnu::hot]] unsigned VrrpSockets::read_wanted(Listener &listener,
                                               Instant now) {
    unsigned read = 0;
    bool more = true;
    for (unsigned n = 0; n < kMaxBatchesPerWakeup && more; n++) {
        more = receive(listener.wanted, PacketBatch::kMostPackets, lost_.wanted,
                       now) &&
               batch_.size() == PacketBatch::kMostPackets;
        read += batch_.size();
        for (unsigned i = 0; i < batch_.size() && listener.is_open; ++i) {
            if (const auto packet = listener.wanted.parse(batch_[i])) {
                sink_.packet_received(received(listener.wanted, *packet));
            }
        }
        more = more && listener.is_open;
    }
    return read;
}

// The rest waits unread, and does not wake this process until the second is
// over.
void VrrpSockets::read_others(Listener &l, Instant now) {
    while (l.is_open) {
        if (now >= l.reads_end) {
            l.reads_left = kOthersPerSecond;
            l.own_left = kOwnPerSecond;
            l.reads_end = now + Seconds{1};
        }
        if (l.reads_left == 0 || l.own_left == 0) {
            watcher_.unwatch(l.others.fd());
            l.is_watched = false;
            return;
        }
        if (!receive(l.others, 1, lost_.others, now)) {
            return;
        }
        const auto packet =
            batch_.size() == 1 ? l.others.parse(batch_[0]) : std::nullopt;
        if (packet && !is_other(*packet, l.adverts)) {
            --l.own_left;
            continue;
        }
        --l.reads_left;
        if (packet) {
            sink_.packet_received(received(l.others, *packet));
        }
    }
}

[[gnu::hot]] std::optional<Instant> VrrpSockets::deadline() const {
    std::optional<Instant> earliest;
    for (const auto &listener : listeners_) {
        if (listener->others.fd() >= 0 && !listener->is_watched) {
            take_earlier(earliest, {listener->reads_end});
        }
        if (listener->gathers) {
            take_earlier(earliest, {listener->gathers_until});
        }
    }
    return earliest;
}

[[gnu::hot]] void VrrpSockets::handle_time(Instant now) {
    remove_closed();
    for (std::size_t i = 0; i < listeners_.size(); ++i) {
        if (listeners_[i]->gathers) {
            read_gathered(*listeners_[i], now);
        }
    }
    for (const auto &listener : listeners_) {
        Listener &l = *listener;
        if (l.others.fd() >= 0 && !l.is_watched && now >= l.reads_end) {
            l.is_watched = watcher_.watch(l.others.fd());
            l.reads_end = l.is_watched ? l.reads_end : now + Seconds{1};
        }
    }
}

// False when there is no more.
[[gnu::hot]] bool VrrpSockets::receive(VrrpSocket &socket, unsigned most,
                                       std::uint64_t &lost, Instant now) {
    const int error = socket.receive(batch_, most);
    lost += socket.take_lost();
    if (error != 0 && error != EAGAIN && error != EINTR &&
        !is_interface_gone(error)) {
        read_error_.write(
            log_, LogLevel::error,
            SystemError{"recvmmsg() on \"" + socket.name() + "\"", error}
                .to_string(),
            now);
    }
    return error == 0 || error == EINTR;
}

}  // namespace ngx_vrrp::net
