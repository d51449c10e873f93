// A node of the drain, in a network namespace of the test: a tap device, whose
// other end is the test, and the address that moves. The test is the LAN: it
// hands frames to the node, and reads those that the node sends.
#pragma once

#include <arpa/inet.h>
#include <fcntl.h>
#include <gtest/gtest.h>
#include <linux/bpf.h>
#include <linux/if_tun.h>
#include <net/if.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "core/base/checksum.hpp"
#include "core/net/drain_object.hpp"
#include "core/net/drain_programs.hpp"
#include "tests/net/lab.hpp"

namespace ngx_vrrp::net::drain {

inline const MacAddress kNodeMac{2, 0, 0, 0, 0, 0xb};
inline const MacAddress kLeaverMac{2, 0, 0, 0, 0, 0xa};
inline const MacAddress kClientMac{2, 0, 0, 0, 0, 0xc};
inline const MacAddress kStranger{2, 0, 0, 0, 0, 0xd};
inline const MacAddress kBroadcast{255, 255, 255, 255, 255, 255};

inline const IpAddress kVip = *IpAddress::parse("10.9.0.100");
inline const IpAddress kVip6 = *IpAddress::parse("fd09::100");
inline const IpAddress kClient = *IpAddress::parse("10.9.0.9");
inline const IpAddress kClient6 = *IpAddress::parse("fd09::9");
inline const IpAddress kOwn = *IpAddress::parse("10.9.0.2");

inline constexpr std::uint16_t kPort = 80;
inline constexpr std::uint16_t kClientPort = 5000;

inline constexpr std::uint8_t kFin = 1, kSyn = 2, kRst = 4, kAck = 16;

// Values of <linux/pkt_cls.h>.
inline constexpr std::uint32_t kNext = UINT32_MAX;
inline constexpr std::uint32_t kDropped = 2;
inline constexpr std::uint32_t kRedirected = 7;

// Frames

inline void append(Buffer &to, Bytes bytes) {
    to.insert(to.end(), bytes.begin(), bytes.end());
}

inline void append16(Buffer &to, unsigned value) {
    to.push_back(static_cast<std::uint8_t>(value >> 8));
    to.push_back(static_cast<std::uint8_t>(value));
}

inline void put16(Buffer &to, std::size_t at, unsigned value) {
    to[at] = static_cast<std::uint8_t>(value >> 8);
    to[at + 1] = static_cast<std::uint8_t>(value);
}

struct Segment {
    IpAddress from = kClient;
    IpAddress to = kVip;
    std::uint16_t from_port = kClientPort;
    std::uint16_t to_port = kPort;
    std::uint8_t flags = kAck;
    std::uint32_t seq = 1000;
    std::uint32_t ack = 2000;
    std::uint8_t ttl = 64;
    std::uint16_t fragment = 0;  // flags and offset
    MacAddress from_mac = kClientMac;
    MacAddress to_mac = kNodeMac;
    std::size_t payload = 0;  // octets
};

inline Segment segment6() {
    return {.from = kClient6, .to = kVip6};
}

inline void append32(Buffer &to, std::uint32_t value) {
    append16(to, value >> 16);
    append16(to, value & 0xffff);
}

// Of both families, with the checksum of the IPv4 header.
inline Buffer ip_packet(const IpAddress &from, const IpAddress &to,
                        std::uint8_t protocol, std::uint8_t ttl,
                        std::uint16_t fragment, const Buffer &payload) {
    Buffer ip;
    if (from.family() == Family::ipv4) {
        append(ip, std::array<std::uint8_t, 2>{0x45, 0});
        append16(ip, static_cast<unsigned>(20 + payload.size()));
        append16(ip, 77);
        append16(ip, fragment);
        ip.push_back(ttl);
        ip.push_back(protocol);
        append16(ip, 0);
    } else {
        append32(ip, 0x60000000);
        append16(ip, static_cast<unsigned>(payload.size()));
        ip.push_back(protocol);
        ip.push_back(ttl);
    }
    append(ip, from.octets());
    append(ip, to.octets());
    if (from.family() == Family::ipv4) {
        put16(ip, 10, Checksum().add(ip).value());
    }
    append(ip, payload);
    return ip;
}

inline Buffer tcp_packet(const Segment &s) {
    Buffer tcp;
    append16(tcp, s.from_port);
    append16(tcp, s.to_port);
    append32(tcp, s.seq);
    append32(tcp, s.ack);
    append(tcp,
           std::array<std::uint8_t, 8>{0x50, s.flags, 0x10, 0, 0, 0, 0, 0});
    tcp.resize(tcp.size() + s.payload);
    put16(tcp, 16,
          Checksum()
              .add_pseudo_header(s.from, s.to, IPPROTO_TCP, tcp.size())
              .add(tcp)
              .value());
    return ip_packet(s.from, s.to, IPPROTO_TCP, s.ttl, s.fragment, tcp);
}

inline Buffer framed(const MacAddress &to, const MacAddress &from,
                     std::uint16_t type, const Buffer &payload) {
    Buffer frame;
    append(frame, to);
    append(frame, from);
    append16(frame, type);
    append(frame, payload);
    return frame;
}

inline std::uint16_t type_of(const IpAddress &address) {
    return address.family() == Family::ipv4 ? 0x0800 : 0x86dd;
}

inline Buffer frame_of(const Segment &s) {
    return framed(s.to_mac, s.from_mac, type_of(s.to), tcp_packet(s));
}

// A router's error about a segment that a node has sent from `s.to`.
inline Buffer error_about(const Segment &s, std::uint8_t type) {
    const bool v4 = s.to.family() == Family::ipv4;
    Buffer icmp{type, 0, 0, 0, 0, 0, 5, 0};
    append(icmp, tcp_packet({.from = s.to,
                             .to = s.from,
                             .from_port = s.to_port,
                             .to_port = s.from_port}));
    const IpAddress router =
        v4 ? *IpAddress::parse("10.9.0.1") : *IpAddress::parse("fd09::1");
    const std::uint8_t protocol = v4 ? 1 : 58;
    return framed(s.to_mac, s.from_mac, type_of(s.to),
                  ip_packet(router, s.to, protocol, 64, 0, icmp));
}

struct Arp {
    std::uint16_t operation = 1;
    IpAddress sender = kClient;
    IpAddress target = kVip;
    MacAddress from_mac = kClientMac;
};

inline Buffer frame_of(const Arp &arp) {
    Buffer packet{0, 1, 8, 0, 6, 4};
    append16(packet, arp.operation);
    append(packet, arp.from_mac);
    append(packet, arp.sender.octets());
    append(packet, MacAddress{});
    append(packet, arp.target.octets());
    return framed(kBroadcast, arp.from_mac, 0x0806, packet);
}

inline IpAddress sender_of(const Buffer &arp) {
    return IpAddress::from_octets(Bytes(arp).subspan(28, 4));
}

inline MacAddress mac_at(const Buffer &frame, std::size_t offset) {
    MacAddress mac;
    std::copy_n(frame.begin() + static_cast<std::ptrdiff_t>(offset), mac.size(),
                mac.begin());
    return mac;
}

// What a program has made of a frame.
struct Verdict {
    std::uint32_t action = 0;
    Buffer frame;
};

// The descriptor of a program that this process has loaded.
inline int program_fd(const std::string &name) {
    for (const auto &entry :
         std::filesystem::directory_iterator("/proc/self/fd")) {
        const int fd = std::stoi(entry.path().filename());
        bpf_prog_info info{};
        bpf_attr request{};
        request.info.bpf_fd = static_cast<std::uint32_t>(fd);
        request.info.info_len = sizeof(info);
        request.info.info = reinterpret_cast<std::uintptr_t>(&info);
        if (::syscall(SYS_bpf, BPF_OBJ_GET_INFO_BY_FD, &request,
                      sizeof(request)) == 0 &&
            info.type == BPF_PROG_TYPE_SCHED_CLS && info.name == name) {
            return fd;
        }
    }
    ADD_FAILURE() << "no program " << name;
    return -1;
}

inline Verdict run_program(const std::string &name, const std::string &device,
                           const Buffer &frame) {
    __sk_buff context{};
    context.ifindex = ::if_nametoindex(device.c_str());
    Verdict verdict;
    verdict.frame.resize(2048);
    bpf_attr request{};
    request.test.prog_fd = static_cast<std::uint32_t>(program_fd(name));
    request.test.data_in = reinterpret_cast<std::uintptr_t>(frame.data());
    request.test.data_size_in = static_cast<std::uint32_t>(frame.size());
    request.test.data_out =
        reinterpret_cast<std::uintptr_t>(verdict.frame.data());
    request.test.data_size_out =
        static_cast<std::uint32_t>(verdict.frame.size());
    request.test.ctx_in = reinterpret_cast<std::uintptr_t>(&context);
    request.test.ctx_size_in = sizeof(context);
    EXPECT_EQ(0,
              ::syscall(SYS_bpf, BPF_PROG_TEST_RUN, &request, sizeof(request)))
        << std::strerror(errno);
    verdict.action = request.test.retval;
    verdict.frame.resize(request.test.data_size_out);
    return verdict;
}

class Tap {
public:
    void open(const std::string &name) {
        fd_ = os::Fd(::open("/dev/net/tun", O_RDWR | O_NONBLOCK | O_CLOEXEC));
        ASSERT_TRUE(fd_) << "/dev/net/tun";
        ifreq request{};
        std::strncpy(request.ifr_name, name.c_str(), IFNAMSIZ - 1);
        request.ifr_flags = IFF_TAP | IFF_NO_PI | IFF_VNET_HDR;
        ASSERT_EQ(0, ::ioctl(fd_.get(), TUNSETIFF, &request))
            << std::strerror(errno);
    }

    void hand_over(const Buffer &frame) { hand_over(frame, 0); }

    // Programs can read only its Ethernet header in place; the kernel does so
    // for packets of more than a page.
    void hand_over_in_pieces(const Buffer &frame) {
        ASSERT_LT(4096u, frame.size());
        hand_over(frame, 14);
    }

    // The next frame from the node that this is true of.
    std::optional<Buffer> read(
        const std::function<bool(const Buffer &)> &wanted,
        Duration patience = kPatience) {
        const Instant end = os::now() + patience;
        do {
            Buffer frame(16384);
            const ssize_t n = ::read(fd_.get(), frame.data(), frame.size());
            if (n < 0) {
                pollfd readable{fd_.get(), POLLIN, 0};
                ::poll(&readable, 1, 10);
                continue;
            }
            frame.resize(static_cast<std::size_t>(n));
            frame.erase(frame.begin(), frame.begin() + kPrefix);
            if (wanted(frame)) {
                return frame;
            }
        } while (os::now() < end);
        return std::nullopt;
    }

private:
    // struct virtio_net_hdr
    static constexpr std::ptrdiff_t kPrefix = 10;

    void hand_over(const Buffer &frame, std::uint16_t linear) {
        Buffer with(kPrefix);
        std::memcpy(with.data() + 2, &linear, sizeof(linear));
        append(with, frame);
        ASSERT_EQ(static_cast<ssize_t>(with.size()),
                  ::write(fd_.get(), with.data(), with.size()));
    }

    os::Fd fd_;
};

inline bool is_to(const Buffer &frame, const MacAddress &mac) {
    return frame.size() >= 14 && mac_at(frame, 0) == mac;
}

class Node : public OwnNamespace {
protected:
    void SetUp() override {
        OwnNamespace::SetUp();
        if (IsSkipped()) {
            return;
        }
        if (kDrainObjectSize == 0) {
            GTEST_SKIP() << "built without clang";
        }
        tap_.open("vr0");
        run("ip link set vr0 addrgenmode none address 02:00:00:00:00:0b mtu "
            "9000 up");
        run("ip addr add 10.9.0.2/24 dev vr0");
        run("ip addr add 10.9.0.100/24 dev vr0");
        run("ip addr add fd09::2/64 dev vr0 nodad");
        run("ip addr add fd09::100/64 dev vr0 nodad");
        run("ip neigh add 10.9.0.9 lladdr 02:00:00:00:00:0c dev vr0");
        run("ip neigh add fd09::9 lladdr 02:00:00:00:00:0c dev vr0");
        programs_ = DrainPrograms::load();
        ASSERT_EQ("", programs_.why_unavailable());
        interface_ = look("vr0");
    }

    static engine::Interface look(const std::string &name) {
        engine::Interface interface;
        interface.name = name;
        interface.index = IfIndex{::if_nametoindex(name.c_str())};
        interface.mac = kNodeMac;
        interface.addresses = {{.address = kVip, .prefix_length = 24},
                               {.address = kOwn, .prefix_length = 24}};
        return interface;
    }

    void forward(Duration lease = Seconds{60}) {
        ASSERT_DONE(programs_.forward(interface_, {kVip, kVip6}, kLeaverMac,
                                      kNodeMac, lease));
    }

    void hide(Duration lease = Seconds{60}) {
        ASSERT_DONE(
            programs_.hide(interface_, {kVip, kVip6}, kLeaverMac, lease));
    }

    Verdict receive(const Buffer &frame) {
        return run_program("ingress", "vr0", frame);
    }

    Verdict send(const Buffer &frame) {
        return run_program("egress", "vr0", frame);
    }

    std::uint32_t receive(const Segment &segment) {
        return receive(frame_of(segment)).action;
    }

    Tap tap_;
    DrainPrograms programs_;
    engine::Interface interface_;
};

}  // namespace ngx_vrrp::net::drain
