// What the successor does with a frame: one test for each reason to forward it
// and for each reason not to.
#include <gmock/gmock.h>

#include "tests/net/drain_lab.hpp"

namespace ngx_vrrp::net::drain {
namespace {

// A socket of this node, on all addresses.
os::Fd listen_there(int family) {
    os::Fd fd(::socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0));
    const int on = 1;
    sockaddr_in any{};
    any.sin_family = AF_INET;
    any.sin_port = htons(kPort);
    sockaddr_in6 any6{};
    any6.sin6_family = AF_INET6;
    any6.sin6_port = htons(kPort);
    const bool v4 = family == AF_INET;
    if (!v4) {
        ::setsockopt(fd.get(), IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof(on));
    }
    EXPECT_EQ(0, ::bind(fd.get(),
                        v4 ? reinterpret_cast<const sockaddr *>(&any)
                           : reinterpret_cast<const sockaddr *>(&any6),
                        v4 ? sizeof(any) : sizeof(any6)));
    EXPECT_EQ(0, ::listen(fd.get(), 8));
    return fd;
}

// A connection from a client of this machine, with the client's address and
// port in frames.
os::Fd connect_from_client(int family) {
    os::Fd fd(::socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0));
    const int on = 1;
    ::setsockopt(fd.get(), IPPROTO_IP, IP_FREEBIND, &on, sizeof(on));
    sockaddr_in from{};
    from.sin_family = AF_INET;
    from.sin_port = htons(kClientPort);
    ::inet_pton(AF_INET, "10.9.0.9", &from.sin_addr);
    sockaddr_in to = from;
    to.sin_port = htons(kPort);
    ::inet_pton(AF_INET, "10.9.0.100", &to.sin_addr);
    sockaddr_in6 from6{};
    from6.sin6_family = AF_INET6;
    from6.sin6_port = htons(kClientPort);
    ::inet_pton(AF_INET6, "fd09::9", &from6.sin6_addr);
    sockaddr_in6 to6 = from6;
    to6.sin6_port = htons(kPort);
    ::inet_pton(AF_INET6, "fd09::100", &to6.sin6_addr);
    const bool v4 = family == AF_INET;
    const socklen_t size = v4 ? sizeof(from) : sizeof(from6);
    EXPECT_EQ(0, ::bind(fd.get(),
                        v4 ? reinterpret_cast<const sockaddr *>(&from)
                           : reinterpret_cast<const sockaddr *>(&from6),
                        size));
    EXPECT_EQ(0, ::connect(fd.get(),
                           v4 ? reinterpret_cast<const sockaddr *>(&to)
                              : reinterpret_cast<const sockaddr *>(&to6),
                           size))
        << std::strerror(errno);
    return fd;
}

class DrainIngress : public Node, public ::testing::WithParamInterface<Family> {
protected:
    bool v4() const { return GetParam() == Family::ipv4; }
    int domain() const { return v4() ? AF_INET : AF_INET6; }
    const IpAddress &vip() const { return v4() ? kVip : kVip6; }
    Segment segment() const { return v4() ? Segment{} : segment6(); }

    DrainCounts counts() const { return programs_.counts(interface_, vip()); }

    // The client is on this machine from now on.
    void move_client_here() {
        run("ip addr add 10.9.0.9/32 dev lo");
        run("ip addr add fd09::9/128 dev lo nodad");
    }
};

INSTANTIATE_TEST_SUITE_P(Both, DrainIngress,
                         ::testing::Values(Family::ipv4, Family::ipv6),
                         [](const auto &p) {
                             return p.param == Family::ipv4 ? "IPv4" : "IPv6";
                         });

TEST_P(DrainIngress, ForwardsWhatBelongsToNoSocket) {
    forward();

    const Verdict verdict = receive(frame_of(segment()));

    EXPECT_EQ(kRedirected, verdict.action);
    Segment forwarded = segment();
    forwarded.ttl--;
    forwarded.to_mac = kLeaverMac;
    forwarded.from_mac = kNodeMac;
    EXPECT_EQ(frame_of(forwarded), verdict.frame);
    EXPECT_EQ(1u, counts().forwarded);
    EXPECT_TRUE(counts().seen);
}

TEST_P(DrainIngress, LeavesConnectionsOfThisNode) {
    move_client_here();
    const os::Fd listening = listen_there(domain());
    const os::Fd client = connect_from_client(domain());
    const os::Fd server(::accept(listening.get(), nullptr, nullptr));
    forward();

    EXPECT_EQ(kNext, receive(segment()));

    Segment other = segment();
    other.from_port++;
    EXPECT_EQ(kRedirected, receive(other));
}

TEST_P(DrainIngress, AListeningSocketHasNoConnections) {
    const os::Fd listening = listen_there(domain());
    forward();

    EXPECT_EQ(kRedirected, receive(segment()));
}

TEST_P(DrainIngress, LeavesNewConnections) {
    forward();
    Segment s = segment();

    s.flags = kSyn;
    EXPECT_EQ(kNext, receive(s));

    s.flags = kSyn | kAck;
    EXPECT_EQ(kRedirected, receive(s));
    s.flags = kRst;
    EXPECT_EQ(kRedirected, receive(s));
}

// The kernel keeps nothing of a connection whose SYN it answers with a cookie.
TEST_P(DrainIngress, LeavesConnectionsWithACookie) {
    run("sysctl -qw net.ipv4.tcp_syncookies=2");
    const os::Fd listening = listen_there(domain());
    forward();
    Segment s = segment();
    s.flags = kSyn;
    tap_.hand_over(frame_of(s));
    const auto answer = tap_.read([](const Buffer &frame) {
        return frame.size() >= 54 && is_to(frame, kClientMac) &&
               (frame[frame[12] == 8 ? 47 : 67] & kSyn) != 0;
    });
    ASSERT_TRUE(answer);
    const std::size_t tcp = v4() ? 34 : 54;

    s.flags = kAck;
    s.seq++;
    s.ack = ByteReader(Bytes(*answer).subspan(tcp + 4)).u32() + 1;
    EXPECT_EQ(kNext, receive(s));

    s.ack += 0x1000000;
    EXPECT_EQ(kRedirected, receive(s));
}

TEST_P(DrainIngress, DropsWhatIsAtItsEnd) {
    forward();
    Segment s = segment();

    s.ttl = 1;
    EXPECT_EQ(kDropped, receive(s));
    s.ttl = 2;
    EXPECT_EQ(kRedirected, receive(s));

    EXPECT_EQ(1u, counts().expired);
    EXPECT_EQ(1u, counts().forwarded);
}

// Otherwise two nodes that forward would send it to each other for ever.
TEST_P(DrainIngress, SendsNothingBack) {
    forward();
    Segment s = segment();

    s.from_mac = kLeaverMac;
    EXPECT_EQ(kNext, receive(s));

    EXPECT_EQ(1u, counts().returned);
    EXPECT_EQ(0u, counts().forwarded);
}

TEST_P(DrainIngress, SendsNothingToItself) {
    ASSERT_DONE(programs_.forward(interface_, {vip()}, kNodeMac, kNodeMac,
                                  Seconds{60}));

    EXPECT_EQ(kNext, receive(segment()));
}

// In a chain of three, the node in the middle gets them from the owner.
TEST_P(DrainIngress, ForwardsWhatAThirdNodeForwards) {
    forward();
    Segment s = segment();

    s.from_mac = kStranger;
    EXPECT_EQ(kRedirected, receive(s));
}

TEST_P(DrainIngress, ErrorsGoWhereTheSegmentsGo) {
    move_client_here();
    const os::Fd listening = listen_there(domain());
    const os::Fd client = connect_from_client(domain());
    const os::Fd server(::accept(listening.get(), nullptr, nullptr));
    forward();
    Segment elsewhere = segment();
    elsewhere.from_port++;

    const auto errors = v4() ? std::vector<std::uint8_t>{3, 11, 12}
                             : std::vector<std::uint8_t>{1, 2, 3, 4};
    for (const std::uint8_t type : errors) {
        EXPECT_EQ(kNext, receive(error_about(segment(), type)).action);
        EXPECT_EQ(kRedirected, receive(error_about(elsewhere, type)).action);
    }

    const std::uint8_t echo = v4() ? 8 : 128;
    EXPECT_EQ(kNext, receive(error_about(elsewhere, echo)).action);
}

// The packet that the error is about was sent from another address.
TEST_P(DrainIngress, LeavesErrorsAboutOthers) {
    forward();
    Buffer frame = error_about(segment(), v4() ? 3 : 2);
    const std::size_t last = v4() ? 14 + 20 + 8 + 15 : 14 + 40 + 8 + 23;

    frame[last] ^= 1;

    EXPECT_EQ(kNext, receive(frame).action);
}

TEST_P(DrainIngress, LeavesOtherAddressesAndOtherPackets) {
    forward();
    Segment s = segment();
    s.to = v4() ? kOwn : *IpAddress::parse("fd09::2");
    EXPECT_EQ(kNext, receive(s));

    const Buffer udp =
        ip_packet(segment().from, vip(), IPPROTO_UDP, 64, 0, Buffer(40));
    EXPECT_EQ(
        kNext,
        receive(framed(kNodeMac, kClientMac, type_of(vip()), udp)).action);

    const Buffer ip = tcp_packet(segment());
    EXPECT_EQ(kNext, receive(framed(kNodeMac, kClientMac, type_of(vip()),
                                    Buffer(ip.begin(), ip.end() - 1)))
                         .action);
}

// A bridge floods them, and tcpdump makes an interface promiscuous.
TEST_P(DrainIngress, LeavesFramesToOtherHosts) {
    forward();
    Segment s = segment();

    s.to_mac = kStranger;
    EXPECT_EQ(kNext, receive(s));
    s.to_mac = kBroadcast;
    EXPECT_EQ(kNext, receive(s));
    EXPECT_FALSE(counts().seen);
}

TEST_P(DrainIngress, DoesNothingAfterTheLease) {
    forward(Duration{0});

    EXPECT_EQ(kNext, receive(segment()));
}

TEST_P(DrainIngress, CountsContinueWhenTheLeaseIsRenewed) {
    forward(Duration{0});
    EXPECT_EQ(kNext, receive(segment()));
    forward();
    EXPECT_EQ(kRedirected, receive(segment()));
    forward();
    EXPECT_EQ(kRedirected, receive(segment()));

    EXPECT_EQ(2u, counts().forwarded);
}

TEST_P(DrainIngress, StopsForwarding) {
    const int other = ::dup(program_fd("ingress"));  // stays when detached
    forward();
    ASSERT_DONE(programs_.stop_forwarding(interface_, {vip()}));

    EXPECT_EQ(kNext, receive(segment()));
    EXPECT_EQ(0u, counts().forwarded);
    ::close(other);
}

// As the node that left: compared with what the successor says.
TEST_P(DrainIngress, CountsWhatTheSuccessorForwards) {
    hide();
    Segment s = segment();

    EXPECT_EQ(kNext, receive(s));
    EXPECT_EQ(0u, counts().received);

    s.from_mac = kLeaverMac;
    EXPECT_EQ(kNext, receive(s));
    EXPECT_EQ(1u, counts().received);
}

// It left, and another node had left before.
TEST_P(DrainIngress, ForwardsWhileHidden) {
    ASSERT_DONE(programs_.hide(interface_, {vip()}, kStranger, Seconds{60}));
    forward();
    Segment s = segment();
    s.from_mac = kStranger;

    EXPECT_EQ(kRedirected, receive(s));

    EXPECT_EQ(1u, counts().received);
    EXPECT_EQ(1u, counts().forwarded);

    ASSERT_DONE(programs_.show(interface_, {vip()}));
    EXPECT_EQ(kRedirected, receive(s));
}

class DrainFrames : public Node {};

TEST_F(DrainFrames, LeavesFragments) {
    forward();

    EXPECT_EQ(kNext, receive(Segment{.fragment = 0x2000}));
    EXPECT_EQ(kNext, receive(Segment{.fragment = 3}));
    EXPECT_EQ(kRedirected, receive(Segment{.fragment = 0x4000}));
}

TEST_F(DrainFrames, FindsPortsAfterIpOptions) {
    forward();
    Buffer ip = tcp_packet({.flags = kSyn});
    const std::array<std::uint8_t, 4> nop{1, 1, 1, 1};
    ip.insert(ip.begin() + 20, nop.begin(), nop.end());
    ip[0] = 0x46;

    EXPECT_EQ(kNext, receive(framed(kNodeMac, kClientMac, 0x0800, ip)).action);

    ip[24 + 13] = kAck;
    EXPECT_EQ(kRedirected,
              receive(framed(kNodeMac, kClientMac, 0x0800, ip)).action);
}

TEST_F(DrainFrames, LeavesIpv6ExtensionHeaders) {
    forward();
    const Buffer tcp = tcp_packet(segment6());
    Buffer payload{IPPROTO_TCP, 0, 1, 4, 0, 0, 0, 0};
    payload.insert(payload.end(), tcp.begin() + 40, tcp.end());

    const Buffer ip = ip_packet(kClient6, kVip6, 0, 64, 0, payload);

    EXPECT_EQ(kNext, receive(framed(kNodeMac, kClientMac, 0x86dd, ip)).action);
}

TEST_F(DrainFrames, EachAddressHasItsOwnNode) {
    const IpAddress second = kOwn;
    forward();
    ASSERT_DONE(programs_.forward(interface_, {second}, kStranger, kNodeMac,
                                  Seconds{60}));

    EXPECT_EQ(kLeaverMac, mac_at(receive(frame_of(Segment{})).frame, 0));
    EXPECT_EQ(kStranger,
              mac_at(receive(frame_of(Segment{.to = second})).frame, 0));
}

TEST_F(DrainFrames, EachInterfaceHasItsOwnAddresses) {
    run("ip link add vr1 type veth peer name vr2");
    ASSERT_DONE(programs_.forward(look("vr1"), {kVip}, kStranger, kNodeMac,
                                  Seconds{60}));
    ASSERT_DONE(programs_.forward(interface_, {kVip6}, kLeaverMac, kNodeMac,
                                  Seconds{60}));

    EXPECT_EQ(kNext, receive(Segment{}));
}

TEST_F(DrainFrames, HasRoomForANetworkOfAddresses) {
    std::vector<IpAddress> addresses;
    for (std::uint8_t last = 1; last < 255; last++) {
        addresses.push_back(IpAddress::v4({10, 9, 0, last}));
    }
    ASSERT_DONE(programs_.forward(interface_, addresses, kLeaverMac, kNodeMac,
                                  Seconds{60}));
    for (const IpAddress &address : addresses) {
        EXPECT_EQ(kRedirected, receive(Segment{.to = address}));
    }
    EXPECT_DONE(programs_.stop_forwarding(interface_, addresses));
    EXPECT_EQ(kNext, receive(Segment{}));
}

TEST_F(DrainFrames, ReportsAFullTable) {
    std::vector<IpAddress> addresses;
    for (unsigned n = 0; n < 1100; n++) {
        addresses.push_back(
            IpAddress::v4({10, 9, static_cast<std::uint8_t>(n >> 8),
                           static_cast<std::uint8_t>(n)}));
    }
    EXPECT_THAT(failure_of(programs_.forward(interface_, addresses, kLeaverMac,
                                             kNodeMac, Seconds{60})),
                ::testing::MatchesRegex(
                    "forwarding of 10.9.*No space left on device\\)"));
}

// ARP

TEST_F(DrainFrames, DropsArpRequestsForAHiddenAddress) {
    hide();

    EXPECT_EQ(kDropped, receive(frame_of(Arp{})).action);
    EXPECT_EQ(
        kDropped,
        receive(frame_of(Arp{.sender = IpAddress::v4({0, 0, 0, 0})})).action);
    EXPECT_EQ(kNext, receive(frame_of(Arp{.target = kOwn})).action);
}

// The kernel does not answer it, and VRRP needs it to detect a second owner.
TEST_F(DrainFrames, LetsAnnouncementsIn) {
    hide();

    EXPECT_EQ(kNext, receive(frame_of(Arp{.sender = kVip})).action);
    EXPECT_EQ(kNext,
              receive(frame_of(Arp{.operation = 2, .sender = kVip})).action);
}

TEST_F(DrainFrames, LeavesArpToASuccessor) {
    forward();

    EXPECT_EQ(kNext, receive(frame_of(Arp{})).action);
}

TEST_F(DrainFrames, ArpEndsWithTheLease) {
    hide(Duration{0});

    EXPECT_EQ(kNext, receive(frame_of(Arp{})).action);
    const Arp request{.sender = kVip, .target = kClient};
    EXPECT_EQ(kVip, sender_of(send(frame_of(request)).frame));
}

TEST_F(DrainFrames, ArpRequestsHaveAnotherSender) {
    hide();
    const Arp request{.sender = kVip, .target = kClient};

    const Verdict verdict = send(frame_of(request));

    EXPECT_EQ(kNext, verdict.action);
    EXPECT_EQ(frame_of(Arp{.sender = kOwn, .target = kClient}), verdict.frame);
}

// From the same network, if there is one; none: as in a probe.
TEST_F(DrainFrames, ChoosesTheSenderOfArpRequests) {
    const Arp request{.sender = kVip, .target = kClient};
    const IpAddress far = *IpAddress::parse("192.0.2.1");
    interface_.addresses.insert(interface_.addresses.begin(),
                                {.address = far, .prefix_length = 25});
    hide();
    EXPECT_EQ(kOwn, sender_of(send(frame_of(request)).frame));

    interface_.addresses.resize(2);
    hide();
    EXPECT_EQ(far, sender_of(send(frame_of(request)).frame));

    interface_.addresses.clear();
    hide();
    EXPECT_TRUE(sender_of(send(frame_of(request)).frame).is_unspecified());
}

TEST_F(DrainFrames, OtherArpPacketsKeepTheirSender) {
    hide();

    const Arp announcement{.sender = kVip, .target = kVip};
    EXPECT_EQ(kVip, sender_of(send(frame_of(announcement)).frame));
    const Arp reply{.operation = 2, .sender = kVip, .target = kClient};
    EXPECT_EQ(kVip, sender_of(send(frame_of(reply)).frame));
    const Arp other{.sender = kOwn, .target = kClient};
    EXPECT_EQ(kOwn, sender_of(send(frame_of(other)).frame));
}

}  // namespace
}  // namespace ngx_vrrp::net::drain
