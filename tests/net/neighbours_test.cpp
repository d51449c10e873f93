// Hosts that announce an address, and hosts that are ignored.

#include <linux/if_packet.h>
#include <net/ethernet.h>
#include <netinet/icmp6.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include "core/wire/arp.hpp"
#include "core/wire/ndisc.hpp"
#include "tests/net/lab.hpp"

namespace ngx_vrrp::net {
namespace {

const IpAddress kVip4 = *IpAddress::parse("10.9.0.200");
const IpAddress kVip6 = *IpAddress::parse("fd09::200");
constexpr MacAddress kForeign{2, 0, 0, 0, 0, 0x0b};

class Neighbours : public Lab {
protected:
    void SetUp() override {
        Lab::SetUp();
        if (IsSkipped() || HasFatalFailure()) {
            return;
        }
        vr0_ = a().look("vr0");
        vr1_ = b().look("vr1");
        ASSERT_DONE(a().host->watch_neighbours({kVip4, kVip6}));
    }

    void a_sends(const Buffer &frame) {
        enter_a();
        ASSERT_DONE(a().host->send_frame(vr0_, frame));
    }

    // An address that was just added may be tentative for a moment.
    bool a_finds(const Buffer &question, const IpAddress &address) {
        const auto is_found = [&] {
            return std::any_of(a().claims.begin(), a().claims.end(),
                               [&](const engine::NeighbourClaim &claim) {
                                   return claim.neighbour.address == address;
                               });
        };
        for (unsigned n = 0; n < 100 && !is_found(); n++) {
            a_sends(question);
            a().wait(is_found, Milliseconds{100});
        }
        return is_found();
    }

    Buffer probe() const { return wire::arp_probe(vr0_.mac, kVip4); }
    Buffer solicitation() const {
        return wire::neighbour_solicitation(
            {*IpAddress::parse("fe80::1"), vr0_.mac}, kVip6);
    }

    void b_sends(const Buffer &frame) {
        enter_b();
        ASSERT_DONE(b().host->send_frame(vr1_, frame));
        enter_a();
    }

    bool a_hears(std::size_t count) {
        return a().wait([&] { return a().claims.size() >= count; });
    }

    // Neither of its two sockets, the last ones watched, wakes it for a while.
    bool a_sleeps() {
        std::vector<pollfd> fds;
        for (const int fd :
             {*(a().watched.end() - 1), *(a().watched.end() - 2)}) {
            fds.push_back({fd, POLLIN, 0});
        }
        return ::poll(fds.data(), fds.size(), 200) == 0;
    }

    engine::Interface vr0_;
    engine::Interface vr1_;
};

TEST_F(Neighbours, WhoHasTheAddressAnswersAProbe) {
    in_b("ip addr add 10.9.0.200/32 dev vr1");

    ASSERT_TRUE(a_finds(probe(), kVip4));
    EXPECT_EQ(a().claims[0].index, vr0_.index);
    EXPECT_EQ(a().claims[0].neighbour, (wire::Neighbour{kVip4, vr1_.mac}));
}

TEST_F(Neighbours, WhoHasTheAddressAnswersASolicitation) {
    in_b("ip addr add fd09::200/128 dev vr1 nodad");

    ASSERT_TRUE(a_finds(solicitation(), kVip6));
    EXPECT_EQ(a().claims[0].index, vr0_.index);
    EXPECT_EQ(a().claims[0].neighbour, (wire::Neighbour{kVip6, vr1_.mac}));
}

// As on a router that is one of two, when both have the address.
TEST_F(Neighbours, AreHeardByWhoHasTheAddress) {
    in_a("ip addr add 10.9.0.200/24 dev vr0");
    in_a("ip addr add fd09::200/64 dev vr0 nodad");
    in_b("ip addr add 10.9.0.200/24 dev vr1");
    in_b("ip addr add fd09::200/64 dev vr1 nodad");

    ASSERT_TRUE(a_finds(probe(), kVip4));
    ASSERT_TRUE(a_finds(solicitation(), kVip6));
    for (const engine::NeighbourClaim &claim : a().claims) {
        EXPECT_EQ(claim.neighbour.mac, vr1_.mac);
    }
}

TEST_F(Neighbours, AreHeardUnasked) {
    b_sends(wire::gratuitous_arp(kForeign, kVip4));
    b_sends(wire::unsolicited_neighbour_advertisement(kForeign, kVip6, false));

    ASSERT_TRUE(a_hears(2));
    EXPECT_EQ(a().claims[0].neighbour.mac, kForeign);
    EXPECT_EQ(a().claims[1].neighbour.mac, kForeign);
}

TEST_F(Neighbours, WithOtherAddressesWakeNoProcess) {
    for (unsigned n = 0; n < 100; n++) {
        b_sends(wire::gratuitous_arp(kForeign, *IpAddress::parse("10.9.0.20")));
        b_sends(wire::arp_probe(kForeign, kVip4));
        b_sends(wire::unsolicited_neighbour_advertisement(
            kForeign, *IpAddress::parse("fd09::201"), false));
    }

    EXPECT_TRUE(a_sleeps());
    EXPECT_EQ(a().claims.size(), 0u);
}

TEST_F(Neighbours, AreNotOurselves) {
    a_sends(wire::gratuitous_arp(vr0_.mac, kVip4));
    a_sends(wire::unsolicited_neighbour_advertisement(vr0_.mac, kVip6, false));

    EXPECT_TRUE(a_sleeps());
}

// RFC 4861, 7.1.2: it could have come from afar.
TEST_F(Neighbours, AreOnThisLink) {
    Buffer message = {ND_NEIGHBOR_ADVERT, 0, 0, 0, 0x20, 0, 0, 0};
    const auto octets = kVip6.octets();
    message.insert(message.end(), octets.begin(), octets.end());
    message.insert(message.end(), {2, 1, 2, 0, 0, 0, 0, 0x0b});

    enter_b();
    const os::Fd raw(
        ::socket(AF_INET6, SOCK_RAW | SOCK_CLOEXEC, IPPROTO_ICMPV6));
    sockaddr_in6 to{};
    to.sin6_family = AF_INET6;
    to.sin6_scope_id = to_number(vr1_.index);
    const IpAddress link_local = *IpAddress::parse("fe80::1");
    std::ranges::copy(link_local.octets(), to.sin6_addr.s6_addr);
    for (const int hops : {64, 255}) {
        ASSERT_EQ(0, ::setsockopt(raw.get(), IPPROTO_IPV6, IPV6_UNICAST_HOPS,
                                  &hops, sizeof(hops)));
        ASSERT_EQ(
            static_cast<ssize_t>(message.size()),
            ::sendto(raw.get(), message.data(), message.size(), 0,
                     reinterpret_cast<const sockaddr *>(&to), sizeof(to)));
    }
    enter_a();

    ASSERT_TRUE(a_hears(1));
    a().settle();
    EXPECT_EQ(a().claims.size(), 1u);
}

TEST_F(Neighbours, OfVeryManyAddressesAreHeard) {
    std::vector<IpAddress> many;
    for (unsigned n = 0; n < 2000; n++) {
        many.push_back(IpAddress::v4({10, 9, static_cast<std::uint8_t>(n >> 8),
                                      static_cast<std::uint8_t>(n & 0xff)}));
    }
    for (const std::size_t count : {200u, 2000u}) {
        a().claims.clear();
        const std::vector<IpAddress> some(
            many.end() - static_cast<std::ptrdiff_t>(count), many.end());
        ASSERT_DONE(a().host->watch_neighbours(some));

        b_sends(wire::gratuitous_arp(kForeign, some.front()));
        b_sends(wire::gratuitous_arp(kForeign, some.back()));

        ASSERT_TRUE(a_hears(2)) << count;
        EXPECT_EQ(a().claims[1].neighbour.address, some.back());
    }
}

TEST_F(Neighbours, AreHeardAfterTheInterfaceWasAway) {
    in_b("ip link del vr1");
    lay_cable();
    ASSERT_TRUE(a().wait([&] { return a().look("vr0").up; }));
    vr1_ = b().look("vr1");

    b_sends(wire::gratuitous_arp(kForeign, kVip4));

    ASSERT_TRUE(a_hears(1));
    EXPECT_EQ(a().claims[0].index, a().look("vr0").index);
}

TEST_F(Neighbours, ErrorsAreReported) {
    EXPECT_TRUE(holds_without(CAP_NET_RAW, [&] {
        return failure_of(a().host->watch_neighbours({kVip4})) ==
                   "socket() for ARP failed (1: Operation not permitted)" &&
               failure_of(a().host->watch_neighbours({kVip6})) ==
                   "socket() for ICMPv6 failed (1: Operation not permitted)";
    }));

    a().full = true;
    EXPECT_EQ(
        "adding the socket for neighbours to the event loop failed "
        "(24: Too many open files)",
        failure_of(a().host->watch_neighbours({kVip4})));
    a().full = false;
}

}  // namespace
}  // namespace ngx_vrrp::net
