#include "core/net/neighbour_sockets.hpp"

#include <linux/if_packet.h>
#include <net/ethernet.h>
#include <netinet/icmp6.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <iterator>

#include "core/base/log.hpp"
#include "core/net/attach_filter.hpp"
#include "core/net/ip_message.hpp"
#include "core/os/clock.hpp"
#include "core/wire/arp.hpp"
#include "core/wire/ndisc.hpp"

namespace ngx_vrrp::net {

namespace {

constexpr unsigned kMaxMessagesPerWakeup = 64;

// Octets. Longer than any message of interest; a longer one is ignored.
constexpr std::size_t kMaxMessage = 1500;

// A flood of them is one sign: the excess may get lost.
constexpr int kReceiveBuffer = 16384;

// RFC 4861, 7.1.2: "The IP Hop Limit field has a value of 255, i.e., the
// packet could not possibly have been forwarded by a router."
constexpr std::uint8_t kHopLimit = 255;

using MessageBuffer = std::array<std::uint8_t, kMaxMessage>;

// Two instructions for each address; a filter also counts against optmem_max.
constexpr std::size_t kMaxFiltered = 500;

// A filter in the kernel (classic BPF), by the last word of each address, which
// differs between addresses of one subnet. offset: in octets, of that word. If
// there are more addresses than a filter has room for, it passes all messages:
// the reader checks again in any case.
Status filter_addresses(int fd, std::size_t offset,
                        const std::vector<IpAddress> &addresses) {
    const sock_filter yes = BPF_STMT(BPF_RET | BPF_K, 0xffff);
    const sock_filter no = BPF_STMT(BPF_RET | BPF_K, 0);
    if (addresses.size() > kMaxFiltered) {
        return attach_filter(fd, {yes});
    }
    std::vector<sock_filter> code{
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, static_cast<std::uint32_t>(offset))};
    for (const IpAddress &address : addresses) {
        std::uint32_t word = 0;
        for (const std::uint8_t octet : address.octets().last(sizeof(word))) {
            word = word << 8 | octet;
        }
        code.push_back(BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, word, 0, 1));
        code.push_back(yes);
    }
    code.push_back(no);
    return attach_filter(fd, std::move(code));
}

template <class T>
Status set_option(const os::Fd &fd, int level, int option, const T &value,
                  const char *text) {
    if (::setsockopt(fd.get(), level, option, &value, sizeof(value)) < 0) {
        return failure(std::string(text) + " for neighbours");
    }
    return success();
}

Status set_options(const os::Fd &fd, std::size_t offset,
                   const std::vector<IpAddress> &addresses) {
    const Status set = set_option(fd, SOL_SOCKET, SO_RCVBUF, kReceiveBuffer,
                                  "setsockopt(SO_RCVBUF)");
    return set ? filter_addresses(fd.get(), offset, addresses) : set;
}

// Bound after the filter is set, so that it receives nothing else.
Status open_arp(os::Fd &fd, const std::vector<IpAddress> &addresses) {
    fd = os::Fd(
        ::socket(AF_PACKET, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
    if (!fd) {
        return failure("socket() for ARP");
    }
    if (Status set = set_options(fd, wire::kArpSenderOffset, addresses); !set) {
        return set;
    }
    sockaddr_ll everywhere{};
    everywhere.sll_family = AF_PACKET;
    everywhere.sll_protocol = htons(ETHERTYPE_ARP);
    if (::bind(fd.get(), reinterpret_cast<const sockaddr *>(&everywhere),
               sizeof(everywhere)) < 0) {
        return failure("bind() for ARP");
    }
    return success();
}

Status select_advertisements(const os::Fd &fd) {
    icmp6_filter filter;
    ICMP6_FILTER_SETBLOCKALL(&filter);
    ICMP6_FILTER_SETPASS(ND_NEIGHBOR_ADVERT, &filter);
    return set_option(fd, IPPROTO_ICMPV6, ICMP6_FILTER, filter,
                      "setsockopt(ICMP6_FILTER)");
}

Status open_icmpv6(os::Fd &fd, const std::vector<IpAddress> &addresses) {
    constexpr std::size_t kLastWord = wire::kNdiscTargetOffset + 12;
    fd = os::Fd(::socket(AF_INET6, SOCK_RAW | SOCK_NONBLOCK | SOCK_CLOEXEC,
                         IPPROTO_ICMPV6));
    if (!fd) {
        return failure("socket() for ICMPv6");
    }
    if (Status set = select_advertisements(fd); !set) {
        return set;
    }
    if (Status set = set_options(fd, kLastWord, addresses); !set) {
        return set;
    }
    if (Status set = set_option(fd, IPPROTO_IPV6, IPV6_RECVPKTINFO, 1,
                                "setsockopt(IPV6_RECVPKTINFO)");
        !set) {
        return set;
    }
    return set_option(fd, IPPROTO_IPV6, IPV6_RECVHOPLIMIT, 1,
                      "setsockopt(IPV6_RECVHOPLIMIT)");
}

std::vector<IpAddress> of_family(const std::vector<IpAddress> &addresses,
                                 Family family) {
    std::vector<IpAddress> those;
    std::copy_if(addresses.begin(), addresses.end(), std::back_inserter(those),
                 [&](const IpAddress &a) { return a.family() == family; });
    return those;
}

}  // namespace

NeighbourSockets::NeighbourSockets(os::Watcher &watcher, Sink &sink,
                                   LogSink &log)
    : watcher_(watcher), sink_(sink), log_(log) {}

NeighbourSockets::~NeighbourSockets() {
    close(arp_);
    close(icmpv6_);
}

void NeighbourSockets::close(os::Fd &fd) {
    if (fd) {
        watcher_.unwatch(fd.get());
        fd.reset();
    }
}

Status NeighbourSockets::watch(const std::vector<IpAddress> &addresses) {
    Status all = success();
    for (const Family family : {Family::ipv4, Family::ipv6}) {
        const std::vector<IpAddress> those = of_family(addresses, family);
        close(family == Family::ipv4 ? arp_ : icmpv6_);
        if (Status opened = those.empty() ? success() : open(family, those);
            !opened) {
            all = opened;
        }
    }
    return all;
}

Status NeighbourSockets::open(Family family,
                              const std::vector<IpAddress> &addresses) {
    os::Fd fd;
    const Status opened = family == Family::ipv4 ? open_arp(fd, addresses)
                                                 : open_icmpv6(fd, addresses);
    if (!opened) {
        return opened;
    }
    if (!watcher_.watch(fd.get())) {
        return failure("adding the socket for neighbours to the event loop",
                       EMFILE);
    }
    (family == Family::ipv4 ? arp_ : icmpv6_) = std::move(fd);
    return success();
}

[[gnu::hot]] bool NeighbourSockets::on_readable(int fd) {
    if (fd != arp_.get() && fd != icmpv6_.get()) {
        return false;
    }
    bool more = true;
    for (unsigned n = 0; n < kMaxMessagesPerWakeup && more; n++) {
        more = fd == arp_.get() ? read_arp() : read_advertisement();
    }
    return true;
}

// Both: false when there is no more.

bool NeighbourSockets::read_arp() {
    MessageBuffer buffer;
    sockaddr_ll from{};
    socklen_t size = sizeof(from);
    const ssize_t n = ::recvfrom(arp_.get(), buffer.data(), buffer.size(), 0,
                                 reinterpret_cast<sockaddr *>(&from), &size);
    if (n < 0) {
        return take(errno, std::nullopt);
    }

    const auto said =
        wire::parse_arp(Bytes(buffer.data(), static_cast<std::size_t>(n)));
    const IfIndex index{static_cast<std::uint32_t>(from.sll_ifindex)};
    return take(0, said ? std::optional{engine::NeighbourClaim{index, *said}}
                        : std::nullopt);
}

bool NeighbourSockets::read_advertisement() {
    MessageBuffer buffer;
    Ancillary ancillary;
    iovec data{buffer.data(), buffer.size()};
    msghdr message{};
    message.msg_iov = &data;
    message.msg_iovlen = 1;
    ancillary.attach_to(message);
    const ssize_t n = ::recvmsg(icmpv6_.get(), &message, 0);
    if (n < 0) {
        return take(errno, std::nullopt);
    }

    const Ipv6Arrival arrival = ipv6_arrival(message);
    const auto said = wire::parse_neighbour_advertisement(
        Bytes(buffer.data(), static_cast<std::size_t>(n)));
    const bool valid = said && arrival.hop_limit == kHopLimit;
    return take(
        0, valid ? std::optional{engine::NeighbourClaim{arrival.index, *said}}
                 : std::nullopt);
}

bool NeighbourSockets::take(
    int error, const std::optional<engine::NeighbourClaim> &claim) {
    if (claim) {
        sink_.neighbour_claimed(*claim);
    }
    if (error != 0 && error != EAGAIN && error != EINTR && error != ENETDOWN) {
        error_line_.write(
            log_, LogLevel::error,
            SystemError{"receiving from neighbours", error}.to_string(),
            os::now());
    }
    return error == 0 || error == EINTR;
}

}  // namespace ngx_vrrp::net
