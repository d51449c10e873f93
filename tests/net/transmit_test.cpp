// Adverts and frames from one machine to another.

#include <linux/if_packet.h>
#include <net/ethernet.h>
#include <net/if.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include "core/net/vrrp_sockets.hpp"
#include "core/vrrp/admission.hpp"
#include "core/wire/arp.hpp"
#include "tests/net/lab.hpp"
#include "tests/support/defaults.hpp"

namespace ngx_vrrp::net {
namespace {

constexpr Vrid kVrid{51};
constexpr Vrid kOther{52};

vrrp::Config router(Family family, bool multicast, Vrid vrid = kVrid) {
    vrrp::Config config = test::default_router();
    config.interface = "vr0";
    config.family = family;
    config.vrid = vrid;
    if (!multicast) {
        config.unicast_peers = {*IpAddress::parse("10.9.0.9")};
    }
    return config;
}

Buffer advert(const wire::Endpoints &endpoints, Vrid vrid = kVrid) {
    wire::Advertisement text;
    text.vrid = vrid;
    text.priority = Priority{100};
    text.interval = Seconds{1};
    text.addresses = {endpoints.source};
    return wire::serialize(text, endpoints, wire::ChecksumForm::pseudo_header);
}

// The descriptors that a station watches: netlink events, then two sockets.
constexpr std::size_t kWanted = 1;
constexpr std::size_t kOthers = 2;

class Transmit : public Lab {
protected:
    Status listen_a(Family family, bool multicast) {
        enter_a();
        return a().host->listen(a().look("vr0"), router(family, multicast));
    }

    Status listen_b(Family family, bool multicast) {
        enter_b();
        Status done =
            b().host->listen(b().look("vr1"), router(family, multicast));
        enter_a();
        return done;
    }

    // For kVrid, and some more.
    Status listen_on_many(Family family, Duration interval) {
        enter_b();
        Status done = success();
        for (std::uint8_t n = 0; n < 20 && done; n++) {
            vrrp::Config config =
                router(family, true,
                       Vrid{static_cast<std::uint8_t>(to_number(kVrid) + n)});
            config.advert_interval = interval;
            done = b().host->listen(b().look("vr1"), config);
        }
        enter_a();
        return done;
    }

    Status send(const wire::Endpoints &endpoints) {
        return a().send(a().look("vr0"), endpoints, advert(endpoints));
    }

    Status send_other(const wire::Endpoints &endpoints, int times) {
        const engine::Interface vr0 = a().look("vr0");
        for (int n = 0; n < times; n++) {
            if (Status sent =
                    a().send(vr0, endpoints, advert(endpoints, kOther));
                !sent) {
                return sent;
            }
        }
        return success();
    }

    std::size_t b_has_of(Vrid vrid) {
        return static_cast<std::size_t>(std::count_if(
            b().packets.begin(), b().packets.end(),
            [&](const auto &p) { return p.payload.at(1) == to_number(vrid); }));
    }

    bool b_receives(std::size_t count) {
        return b().wait([&] { return b().packets.size() >= count; });
    }

    // Each family: the addresses of A and of B.
    static IpAddress address_a(Family family) {
        return *IpAddress::parse(family == Family::ipv4 ? "10.9.0.1"
                                                        : "fe80::1");
    }
    static IpAddress address_b(Family family) {
        return *IpAddress::parse(family == Family::ipv4 ? "10.9.0.2"
                                                        : "fe80::2");
    }
    static wire::Endpoints to_group(Family family) {
        return {address_a(family), vrrp::multicast_group(family)};
    }
    static wire::Endpoints to_b(Family family) {
        return {address_a(family), address_b(family)};
    }
};

class TransmitFamily : public Transmit,
                       public testing::WithParamInterface<Family> {};

INSTANTIATE_TEST_SUITE_P(Families, TransmitFamily,
                         testing::Values(Family::ipv4, Family::ipv6),
                         [](const auto &param) {
                             return "Ipv" +
                                    std::to_string(to_number(param.param));
                         });

TEST_P(TransmitFamily, MulticastArrivesAsItWasSent) {
    ASSERT_DONE(listen_a(GetParam(), true));
    ASSERT_DONE(listen_b(GetParam(), true));

    ASSERT_DONE(send(to_group(GetParam())));

    ASSERT_TRUE(b_receives(1));
    const Station::Packet &packet = b().packets[0];
    EXPECT_EQ("vr1", packet.interface);
    EXPECT_EQ(address_a(GetParam()), packet.info.endpoints.source);
    EXPECT_EQ(vrrp::multicast_group(GetParam()),
              packet.info.endpoints.destination);
    EXPECT_EQ(255, packet.info.ttl);
    EXPECT_EQ(advert(packet.info.endpoints), packet.payload);
}

TEST_P(TransmitFamily, UnicastArrivesAsItWasSent) {
    ASSERT_DONE(listen_a(GetParam(), false));
    ASSERT_DONE(listen_b(GetParam(), false));

    ASSERT_DONE(send(to_b(GetParam())));

    ASSERT_TRUE(b_receives(1));
    const Station::Packet &packet = b().packets[0];
    EXPECT_EQ(address_a(GetParam()), packet.info.endpoints.source);
    EXPECT_EQ(address_b(GetParam()), packet.info.endpoints.destination);
    EXPECT_EQ(255, packet.info.ttl);
    EXPECT_EQ(advert(packet.info.endpoints), packet.payload);
}

TEST_P(TransmitFamily, UnicastHasTheTtlOfItsPacket) {
    enter_b();
    vrrp::Config far = router(GetParam(), false);
    far.unicast_peers = {address_a(GetParam())};
    far.unicast_peers[0].min_ttl = 7;
    ASSERT_DONE(b().host->listen(b().look("vr1"), far));
    ASSERT_DONE(listen_a(GetParam(), false));

    const wire::Endpoints to = to_b(GetParam());
    for (const int ttl : {7, 255}) {
        ASSERT_DONE(a().send(a().look("vr0"), to, advert(to),
                             static_cast<std::uint8_t>(ttl)));
    }
    ASSERT_TRUE(b_receives(2));
    EXPECT_EQ(7, b().packets[0].info.ttl);
    EXPECT_EQ(255, b().packets[1].info.ttl);
}

TEST_P(TransmitFamily, EachRouterHasItsGroup) {
    vrrp::Config other = router(GetParam(), true, kOther);
    other.group = *IpAddress::parse(GetParam() == Family::ipv4 ? "224.0.0.100"
                                                               : "ff02::100");
    ASSERT_DONE(listen_b(GetParam(), true));
    enter_b();
    ASSERT_DONE(b().host->listen(b().look("vr1"), other));
    ASSERT_DONE(listen_a(GetParam(), true));

    const wire::Endpoints to{address_a(GetParam()), *other.group};
    ASSERT_DONE(a().send(a().look("vr0"), to, advert(to, kOther)));
    ASSERT_DONE(send(to_group(GetParam())));
    ASSERT_TRUE(b_receives(2));
    EXPECT_EQ(*other.group, b().packets[0].info.endpoints.destination);
}

TEST_P(TransmitFamily, OwnMulticastDoesNotComeBack) {
    ASSERT_DONE(listen_a(GetParam(), true));
    ASSERT_DONE(listen_b(GetParam(), true));

    ASSERT_DONE(send(to_group(GetParam())));

    ASSERT_TRUE(b_receives(1));
    a().settle();
    EXPECT_TRUE(a().packets.empty());
}

TEST_P(TransmitFamily, GroupIsJoinedWhenItIsWantedLater) {
    ASSERT_DONE(listen_a(GetParam(), true));
    ASSERT_DONE(listen_b(GetParam(), false));
    ASSERT_DONE(send(to_group(GetParam())));
    ASSERT_DONE(send(to_b(GetParam())));
    ASSERT_TRUE(b_receives(1));
    EXPECT_EQ(address_b(GetParam()), b().packets[0].info.endpoints.destination);

    const std::vector<int> watched = b().watched;
    ASSERT_DONE(listen_b(GetParam(), true));
    ASSERT_DONE(listen_b(GetParam(), true));
    EXPECT_EQ(watched, b().watched);

    ASSERT_DONE(send(to_group(GetParam())));
    ASSERT_TRUE(b_receives(2));
    EXPECT_EQ(vrrp::multicast_group(GetParam()),
              b().packets[1].info.endpoints.destination);
}

TEST_P(TransmitFamily, ContinuesAfterTheLinkWasDown) {
    ASSERT_DONE(listen_a(GetParam(), true));
    ASSERT_DONE(listen_b(GetParam(), true));

    in_b("ip link set vr1 down");
    ASSERT_TRUE(b().wait([&] { return !b().look("vr1").up; }));
    in_b("ip link set vr1 up");
    ASSERT_TRUE(a().wait([&] { return a().look("vr0").up; }));
    ASSERT_TRUE(b().wait([&] { return b().look("vr1").up; }));

    ASSERT_DONE(send(to_group(GetParam())));
    EXPECT_TRUE(b_receives(1));
    EXPECT_TRUE(b().log.empty());
}

TEST_P(TransmitFamily, ListensAgainOnAnInterfaceMadeAgain) {
    ASSERT_DONE(listen_a(GetParam(), true));
    ASSERT_DONE(listen_b(GetParam(), true));
    const engine::Interface old = a().look("vr0");

    in_a("ip link del vr0");
    // Another number, as on a machine where time passes.
    in_a("ip link add vr5 type veth peer name vr6");
    lay_cable();
    ASSERT_TRUE(a().wait([&] { return a().look("vr0").up; }));
    ASSERT_NE(old.index, a().look("vr0").index);
    const Status stale = send(to_group(GetParam()));
    EXPECT_EQ(ENOTCONN, stale ? 0 : stale.error().code);

    ASSERT_DONE(listen_a(GetParam(), true));
    ASSERT_DONE(listen_b(GetParam(), true));
    EXPECT_EQ(3u, a().watched.size());

    ASSERT_DONE(send(to_group(GetParam())));
    EXPECT_TRUE(b_receives(1));
}

TEST_P(TransmitFamily, ForgottenInterfaceIsClosed) {
    ASSERT_DONE(listen_a(GetParam(), true));
    EXPECT_EQ(3u, a().watched.size());

    a().host->forget("vr9");
    EXPECT_EQ(3u, a().watched.size());
    a().host->forget("vr0");

    EXPECT_EQ(1u, a().watched.size());
    EXPECT_EQ(
        "sending on \"vr0\" without listening failed "
        "(107: Transport endpoint is not connected)",
        failure_of(send(to_group(GetParam()))));
}

TEST_P(TransmitFamily, SinkMayForgetTheInterfaceOfThePacket) {
    ASSERT_DONE(listen_a(GetParam(), true));
    ASSERT_DONE(listen_b(GetParam(), true));
    b().on_packet = [&] { b().host->forget("vr1"); };

    ASSERT_DONE(send(to_group(GetParam())));
    ASSERT_DONE(send(to_group(GetParam())));

    ASSERT_TRUE(b_receives(1));
    b().settle();
    EXPECT_EQ(1u, b().packets.size());
}

TEST_P(TransmitFamily, OneWakeUpReadsABoundedNumberOfPackets) {
    ASSERT_DONE(listen_a(GetParam(), true));
    ASSERT_DONE(listen_b(GetParam(), true));
    for (int n = 0; n < 300; n++) {
        ASSERT_DONE(send(to_group(GetParam())));
    }

    b().host->on_readable(b().watched[kWanted]);
    EXPECT_EQ(256u, b().packets.size());
    b().host->on_readable(b().watched[kWanted]);
    EXPECT_EQ(300u, b().packets.size());
}

// Nothing that is so long is an advert, which its receiver counts.
TEST_P(TransmitFamily, AVeryLongPacketArrivesCut) {
    ASSERT_DONE(listen_a(GetParam(), true));
    ASSERT_DONE(listen_b(GetParam(), true));
    const auto to = to_group(GetParam());
    Buffer text = advert(to);
    text.resize(12'000);

    ASSERT_DONE(a().send(a().look("vr0"), to, text));
    ASSERT_DONE(send(to));

    ASSERT_TRUE(b_receives(2));
    const Buffer &payload = b().packets[0].payload;
    EXPECT_GE(payload.size(), 8192u);
    EXPECT_TRUE(std::equal(payload.begin(), payload.end(), text.begin()));
    EXPECT_EQ(b().packets[0].info.ttl, 255);
    EXPECT_EQ(b().packets[1].payload, advert(to));
}

// 3000 packets are more than the queue of a socket holds.
TEST_P(TransmitFamily, AFloodOfOthersTakesNoRoomAndIsSampled) {
    ASSERT_DONE(listen_a(GetParam(), true));
    ASSERT_DONE(listen_b(GetParam(), true));
    ASSERT_DONE(send_other(to_group(GetParam()), 3000));
    ASSERT_DONE(send(to_group(GetParam())));

    b().settle();
    EXPECT_EQ(1u, b_has_of(kVrid));
    EXPECT_GE(b_has_of(kOther), 1u);
    EXPECT_LE(b_has_of(kOther), kOthersPerSecond);
    EXPECT_EQ(0u, b().host->lost().wanted);

    // and does not wake the process until the second is over
    ASSERT_DONE(send_other(to_group(GetParam()), 100));
    b().settle();
    EXPECT_FALSE(b().turn(Milliseconds{50}));
    const auto deadline = b().host->deadline();
    ASSERT_TRUE(deadline);
    const std::size_t before = b_has_of(kOther);
    b().wait([&] { return os::now() >= *deadline; });
    b().host->handle_time(os::now());
    b().settle();
    ASSERT_DONE(send_other(to_group(GetParam()), 1));
    b().settle();
    EXPECT_GT(b_has_of(kOther), before);
    EXPECT_GT(b().host->lost().others, 2000u);
}

// The second socket of IPv6 gets the adverts of our routers, too.
TEST_P(TransmitFamily, WantedAdvertsTakeNoRoomOfOthers) {
    ASSERT_DONE(listen_a(GetParam(), true));
    ASSERT_DONE(listen_b(GetParam(), true));
    for (unsigned n = 0; n < 100; n++) {
        ASSERT_DONE(send(to_group(GetParam())));
        b().settle();
    }
    ASSERT_DONE(send_other(to_group(GetParam()), 1));
    b().settle();
    EXPECT_EQ(100u, b_has_of(kVrid));
    EXPECT_EQ(1u, b_has_of(kOther));
}

TEST_F(Transmit, WantedAdvertsAreReadTwiceUpToALimit) {
    ASSERT_DONE(listen_a(Family::ipv6, true));
    ASSERT_DONE(listen_b(Family::ipv6, true));
    const Instant end = os::now() + kPatience;
    while (!b().host->deadline() && os::now() < end) {
        ASSERT_DONE(send(to_group(Family::ipv6)));
        b().settle();
    }
    EXPECT_TRUE(b().host->deadline());
    EXPECT_GE(b_has_of(kVrid), kOwnPerSecond);

    const std::size_t before = b_has_of(kVrid);
    ASSERT_DONE(send(to_group(Family::ipv6)));
    b().settle();
    EXPECT_EQ(before + 1, b_has_of(kVrid));
}

TEST_P(TransmitFamily, OneMoreVirtualRouterIsHeard) {
    ASSERT_DONE(listen_a(GetParam(), true));
    ASSERT_DONE(listen_b(GetParam(), true));
    enter_b();
    for (unsigned vrid = 1; vrid < 256; vrid++) {
        ASSERT_DONE(b().host->listen(
            b().look("vr1"),
            router(GetParam(), true, Vrid{static_cast<std::uint8_t>(vrid)})));
    }
    enter_a();
    ASSERT_DONE(send_other(to_group(GetParam()), 100));

    EXPECT_TRUE(b_receives(100));
    EXPECT_EQ(100u, b_has_of(kOther));
}

// The first advertisement of a burst is read at once, the next ones later.
TEST_P(TransmitFamily, ABurstWaitsForHalfOfASkewTime) {
    ASSERT_DONE(listen_a(GetParam(), true));
    ASSERT_DONE(listen_on_many(GetParam(), Seconds{1}));
    constexpr Duration kHalf = Duration{Seconds{1}} / 256 / 2;
    ASSERT_DONE(send(to_group(GetParam())));
    const Instant before = os::now();
    b().settle();
    EXPECT_EQ(1u, b().packets.size());
    ASSERT_TRUE(b().host->deadline());
    EXPECT_GE(*b().host->deadline() - before, kHalf);
    EXPECT_LE(*b().host->deadline() - os::now(), kHalf);
}

TEST_P(TransmitFamily, ABurstOfFastRoutersWaitsShortly) {
    ASSERT_DONE(listen_a(GetParam(), true));
    ASSERT_DONE(listen_on_many(GetParam(), Milliseconds{100}));
    ASSERT_DONE(send(to_group(GetParam())));
    b().settle();
    ASSERT_TRUE(b().host->deadline());
    EXPECT_LE(*b().host->deadline() - os::now(), kShortestGather);
}

TEST_P(TransmitFamily, MoreThanAWakeUpReadsWaitsShortly) {
    ASSERT_DONE(listen_a(GetParam(), true));
    ASSERT_DONE(listen_on_many(GetParam(), Seconds{1}));
    for (int n = 0; n < 300; n++) {
        ASSERT_DONE(send(to_group(GetParam())));
    }
    b().settle();
    EXPECT_EQ(256u, b().packets.size());
    ASSERT_TRUE(b().host->deadline());
    EXPECT_LE(*b().host->deadline() - os::now(), kShortestGather);
}

// Adverts of many virtual routers: one wakes the process, those that follow it
// wait for each other. None is left when a deadline is served.
TEST_P(TransmitFamily, ABurstOfManyRoutersWakesOnce) {
    ASSERT_DONE(listen_a(GetParam(), true));
    ASSERT_DONE(listen_on_many(GetParam(), Seconds{1}));
    b().settle();

    ASSERT_DONE(send(to_group(GetParam())));
    b().settle();
    EXPECT_EQ(1u, b().packets.size());
    ASSERT_TRUE(b().host->deadline());

    for (int n = 0; n < 300; n++) {
        ASSERT_DONE(send(to_group(GetParam())));
    }
    b().settle();
    EXPECT_EQ(1u, b().packets.size());
    for (int n = 0; n < 10; n++) {
        // the deadline of a router is earlier than that of the socket
        ASSERT_TRUE(b().host->deadline());
        b().host->handle_time(*b().host->deadline() - Duration{1});
    }
    EXPECT_EQ(301u, b().packets.size());
    EXPECT_EQ(0u, b().host->lost().wanted);

    b().wait([] { return false; }, Milliseconds{20});
    ASSERT_DONE(send(to_group(GetParam())));
    b().settle();
    EXPECT_EQ(302u, b().packets.size());
}

// The kernel looks at checksums of IPv6 for a socket that has a filter, but
// believes a veth that has looked at them: then both sockets get the packet.
TEST_P(TransmitFamily, WrongChecksumIsSeen) {
    ASSERT_DONE(listen_a(GetParam(), true));
    ASSERT_DONE(listen_b(GetParam(), true));
    const wire::Endpoints ends = to_group(GetParam());
    Buffer pdu = advert(ends);
    pdu[6] ^= 0xff;

    ASSERT_DONE(a().send(a().look("vr0"), ends, pdu));
    ASSERT_DONE(send(ends));

    ASSERT_TRUE(b_receives(2));
    b().settle();
    const auto with = [&](const Buffer &payload) {
        return std::count_if(
            b().packets.begin(), b().packets.end(),
            [&](const auto &p) { return p.payload == payload; });
    };
    EXPECT_EQ(1, with(advert(ends)));
    EXPECT_GE(with(pdu), 1);
}

TEST_P(TransmitFamily, AnotherVersionIsSeen) {
    ASSERT_DONE(listen_a(GetParam(), true));
    ASSERT_DONE(listen_b(GetParam(), true));
    const wire::Endpoints ends = to_group(GetParam());
    Buffer pdu = advert(ends);
    pdu[0] = 0x21;
    ASSERT_DONE(a().send(a().look("vr0"), ends, pdu));

    ASSERT_TRUE(b_receives(1));
    EXPECT_EQ(pdu, b().packets[0].payload);
}

TEST_P(TransmitFamily, WithoutTheSecondSocketTheFirstOneHears) {
    ASSERT_DONE(listen_a(GetParam(), true));
    enter_b();
    b().most = kOthers;
    ASSERT_DONE(b().host->listen(b().look("vr1"), router(GetParam(), true)));
    enter_a();

    ASSERT_DONE(send(to_group(GetParam())));
    EXPECT_TRUE(b_receives(1));
    ASSERT_EQ(1u, b().log.size());
    EXPECT_NE(std::string::npos,
              b().log[0].second.find("packets for other virtual routers "
                                     "are ignored"));
}

TEST_P(TransmitFamily, WhatWasHeardComesBeforeAChange) {
    ASSERT_DONE(listen_a(GetParam(), true));
    ASSERT_DONE(listen_b(GetParam(), true));
    ASSERT_DONE(send(to_group(GetParam())));

    in_b("ip addr add 10.7.0.1/24 dev vr1");
    b().host->on_readable(b().watched.front());
    EXPECT_EQ(1, b().changes);
    EXPECT_EQ(1u, b().packets_before_change);
}

TEST_P(TransmitFamily, ForeignSourceIsAnError) {
    ASSERT_DONE(listen_a(GetParam(), true));

    const Status sent =
        send({address_b(GetParam()), vrrp::multicast_group(GetParam())});

    ASSERT_FALSE(sent);
    EXPECT_EQ("sendmmsg() from " + address_b(GetParam()).to_string() + " to " +
                  vrrp::multicast_group(GetParam()).to_string() + " on \"vr0\"",
              sent.error().what);
}

TEST_P(TransmitFamily, ListeningNeedsNetRaw) {
    const engine::Interface vr0 = a().look("vr0");

    EXPECT_TRUE(holds_without(CAP_NET_RAW, [&] {
        return failure_of(a().host->listen(vr0, router(GetParam(), true))) ==
               "socket() for VRRP on \"vr0\" failed "
               "(1: Operation not permitted)";
    }));
}

TEST_P(TransmitFamily, RefusedWatcherIsAnError) {
    a().full = true;

    EXPECT_EQ(
        "adding the VRRP socket of \"vr0\" to the event loop failed "
        "(24: Too many open files)",
        failure_of(listen_a(GetParam(), true)));

    a().full = false;
    EXPECT_DONE(listen_a(GetParam(), true));
}

TEST_P(TransmitFamily, ListeningOnNothingIsAnError) {
    engine::Interface ghost;
    ghost.name = "vr9";
    ghost.index = IfIndex{99};

    EXPECT_EQ(
        "setsockopt(SO_BINDTODEVICE) for VRRP on \"vr9\" failed "
        "(19: No such device)",
        failure_of(a().host->listen(ghost, router(GetParam(), true))));
}

TEST_F(Transmit, TtlIsWhatTheHeaderSays) {
    ASSERT_DONE(listen_b(Family::ipv4, false));
    const os::Fd raw(::socket(AF_INET, SOCK_RAW | SOCK_CLOEXEC, 112));
    const int ttl = 64;
    ASSERT_EQ(0,
              ::setsockopt(raw.get(), IPPROTO_IP, IP_TTL, &ttl, sizeof(ttl)));
    sockaddr_in to{};
    to.sin_family = AF_INET;
    to.sin_addr.s_addr = ::htonl(0x0a090002);

    const Buffer pdu = advert(to_b(Family::ipv4));
    const auto send_routed = [&] {
        ASSERT_EQ(
            static_cast<ssize_t>(pdu.size()),
            ::sendto(raw.get(), pdu.data(), pdu.size(), 0,
                     reinterpret_cast<const sockaddr *>(&to), sizeof(to)));
    };
    send_routed();
    ASSERT_TRUE(b_receives(1));
    EXPECT_EQ(64, b().packets[0].info.ttl);

    // They come in by the socket of which little is read.
    for (unsigned n = 0; n < 10 * kOthersPerSecond; ++n) {
        send_routed();
    }
    b().settle();
    EXPECT_LT(b().packets.size(), 5 * kOthersPerSecond);
}

// A socket that sees every frame that reaches vr1.
class Wire : public Transmit {
protected:
    void SetUp() override {
        Transmit::SetUp();
        if (IsSkipped() || HasFatalFailure()) {
            return;
        }
        enter_b();
        tap_ = os::Fd(
            ::socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, ::htons(ETH_P_ALL)));
        sockaddr_ll where{};
        where.sll_family = AF_PACKET;
        where.sll_protocol = ::htons(ETH_P_ALL);
        where.sll_ifindex = static_cast<int>(::if_nametoindex("vr1"));
        ASSERT_EQ(0,
                  ::bind(tap_.get(), reinterpret_cast<const sockaddr *>(&where),
                         sizeof(where)));
        enter_a();
    }

    // The first frame that fits, or nothing.
    Buffer capture(const std::function<bool(const Buffer &)> &fits) {
        const Instant end = os::now() + kPatience;
        while (os::now() < end) {
            pollfd p{tap_.get(), POLLIN, 0};
            Buffer frame(2048);
            if (::poll(&p, 1, 100) <= 0) {
                continue;
            }
            const ssize_t n = ::recv(tap_.get(), frame.data(), frame.size(), 0);
            frame.resize(n > 0 ? static_cast<std::size_t>(n) : 0);
            if (fits(frame)) {
                return frame;
            }
        }
        return {};
    }

private:
    os::Fd tap_;
};

TEST_F(Wire, Ipv4AdvertLooksAsTheRfcSays) {
    ASSERT_DONE(listen_a(Family::ipv4, true));
    const Buffer pdu = advert(to_group(Family::ipv4));
    ASSERT_DONE(send(to_group(Family::ipv4)));

    const Buffer frame = capture([](const Buffer &f) {
        return f.size() > 23 && f[12] == 0x08 && f[13] == 0 && f[23] == 112;
    });

    ASSERT_EQ(14u + 20u + pdu.size(), frame.size());
    EXPECT_EQ((Buffer{0x01, 0x00, 0x5e, 0x00, 0x00, 0x12}),
              Buffer(frame.begin(), frame.begin() + 6));
    EXPECT_EQ(0x45, frame[14]);
    EXPECT_EQ(0xc0, frame[15]);
    EXPECT_EQ(255, frame[22]);
    EXPECT_EQ(pdu, Buffer(frame.begin() + 34, frame.end()));
}

TEST_F(Wire, Ipv6AdvertLooksAsTheRfcSays) {
    ASSERT_DONE(listen_a(Family::ipv6, true));
    const Buffer pdu = advert(to_group(Family::ipv6));
    ASSERT_DONE(send(to_group(Family::ipv6)));

    const Buffer frame = capture([](const Buffer &f) {
        return f.size() > 20 && f[12] == 0x86 && f[13] == 0xdd && f[20] == 112;
    });

    ASSERT_EQ(14u + 40u + pdu.size(), frame.size());
    EXPECT_EQ((Buffer{0x33, 0x33, 0x00, 0x00, 0x00, 0x12}),
              Buffer(frame.begin(), frame.begin() + 6));
    EXPECT_EQ(0x6c, frame[14]);
    EXPECT_EQ(0x00, frame[15] & 0xf0);
    EXPECT_EQ(255, frame[21]);
    EXPECT_EQ(pdu, Buffer(frame.begin() + 54, frame.end()));
}

TEST_F(Wire, FrameArrivesUnchanged) {
    const engine::Interface vr0 = a().look("vr0");
    const Buffer arp =
        wire::gratuitous_arp(vr0.mac, *IpAddress::parse("10.9.0.200"));

    ASSERT_DONE(a().host->send_frame(vr0, arp));

    EXPECT_EQ(arp, capture([&](const Buffer &f) { return f == arp; }));
}

TEST_F(Wire, FrameErrorsAreReported) {
    const engine::Interface vr0 = a().look("vr0");
    const Buffer arp =
        wire::gratuitous_arp(vr0.mac, *IpAddress::parse("10.9.0.200"));

    EXPECT_EQ("sendto() of a frame on \"vr0\" failed (22: Invalid argument)",
              failure_of(a().host->send_frame(vr0, Bytes(arp).first(13))));

    EXPECT_TRUE(holds_without(CAP_NET_RAW, [&] {
        return failure_of(a().host->send_frame(vr0, arp)) ==
               "socket() for Ethernet frames failed "
               "(1: Operation not permitted)";
    }));

    in_a("ip link set vr0 down");
    EXPECT_EQ("sendto() of a frame on \"vr0\" failed (100: Network is down)",
              failure_of(a().host->send_frame(vr0, arp)));
}

}  // namespace
}  // namespace ngx_vrrp::net
