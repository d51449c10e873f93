// Pings from machine A to machine B, whose kernel answers or does not.

#include "core/probe/ping_prober.hpp"

#include <netinet/in.h>
#include <sys/socket.h>

#include <memory>
#include <optional>

#include "core/wire/icmp.hpp"
#include "tests/net/lab.hpp"
#include "tests/probe/prober_loop.hpp"
#include "tests/support/defaults.hpp"

namespace ngx_vrrp::probe {

using namespace net;
namespace {

check::Config ping(const std::string &address, unsigned loss_percent = 100,
                   unsigned window = 1) {
    check::Config config = test::default_check();
    config.probe = check::PingCheck{.address = *IpAddress::parse(address),
                                    .loss_percent = loss_percent,
                                    .window = window};
    return config;
}

int open_icmp(Family family) {
    return family == Family::ipv4
               ? ::socket(AF_INET, SOCK_RAW | SOCK_CLOEXEC, IPPROTO_ICMP)
               : ::socket(AF_INET6, SOCK_RAW | SOCK_CLOEXEC, IPPROTO_ICMPV6);
}

class PingProberTest : public Lab {
protected:
    void SetUp() override {
        Lab::SetUp();
        if (IsSkipped()) {
            return;
        }
        in_a("ip addr add fd00:9::1/64 dev vr0 nodad");
        in_b("ip addr add fd00:9::2/64 dev vr1 nodad");
        wait_until_local("fd00:9::1");
        enter_b();
        wait_until_local("fd00:9::2");
        enter_a();
        make(open_icmp(Family::ipv4), open_icmp(Family::ipv6));
    }

    void TearDown() override {
        prober.reset();
        Lab::TearDown();
    }

    void make(int icmp4, int icmp6) {
        prober.reset();
        prober = std::make_unique<PingProber>(loop, loop, icmp4, icmp6);
        loop.on_readable = [this](int fd) { return prober->on_readable(fd); };
    }

    void answers(bool yes) {
        in_b(std::string("echo ") + (yes ? "0" : "1") +
             " > /proc/sys/net/ipv4/icmp_echo_ignore_all");
    }

    // One run of the check, which is given up soon.
    check::Outcome run_once(const check::Config &config) {
        prober->start(1, config, os::now());
        loop.wait([&] { return !loop.results.empty(); },
                  answered ? kPatience : Duration{Milliseconds{30}});
        return loop.results.empty() ? prober->cancel(1) : loop.next();
    }

    ProberLoop loop;
    std::unique_ptr<PingProber> prober;
    bool answered = true;
};

TEST_F(PingProberTest, IsAnswered) {
    EXPECT_EQ(text_of(run_once(ping("10.9.0.2"))), "passed 0");
    EXPECT_EQ(text_of(run_once(ping("10.9.0.2"))), "passed 0");
}

TEST_F(PingProberTest, IsAnsweredOverIpv6) {
    EXPECT_EQ(text_of(run_once(ping("fd00:9::2"))), "passed 0");
    EXPECT_EQ(text_of(run_once(ping("::1"))), "passed 0");
}

TEST_F(PingProberTest, ManyAtOnceGetTheirOwnAnswers) {
    answers(true);
    prober->start(1, ping("10.9.0.2"), os::now());
    prober->start(2, ping("10.9.0.3"), os::now());  // no such host
    prober->start(3, ping("10.9.0.2"), os::now());
    prober->start(4, ping("10.9.0.1"), os::now());

    ASSERT_TRUE(loop.wait([&] { return loop.results.size() == 3; }));
    for (const ProberLoop::Result &result : loop.results) {
        EXPECT_NE(result.id, 2u);
        EXPECT_EQ(text_of(result.outcome), "passed 0");
    }
    EXPECT_EQ(text_of(prober->cancel(2)),
              "L3TOUT 100: 100 % lost (1 of 1), no answer from 10.9.0.3");
}

TEST_F(PingProberTest, LostPingsPassUnderTheThreshold) {
    const check::Config config = ping("10.9.0.2", 80, 10);
    for (int n = 0; n < 10; n++) {
        ASSERT_EQ(text_of(run_once(config)), "passed 0");
    }

    answers(false);
    answered = false;
    for (int lost = 1; lost < 8; lost++) {
        EXPECT_EQ(text_of(run_once(config)),
                  "passed " + std::to_string(lost * 10));
    }
    EXPECT_EQ(text_of(run_once(config)),
              "L3TOUT 80: 80 % lost (8 of 10), no answer from 10.9.0.2");
    EXPECT_EQ(text_of(run_once(config)),
              "L3TOUT 90: 90 % lost (9 of 10), no answer from 10.9.0.2");

    answers(true);
    answered = true;
    EXPECT_EQ(text_of(run_once(config)),
              "L3TOUT 90: 90 % lost (9 of 10), 10.9.0.2 has answered again");
}

TEST_F(PingProberTest, ForgetsWithTheCheck) {
    answered = false;
    EXPECT_FALSE(run_once(ping("10.9.0.3", 50, 10)).passed());
    prober->forget(1);

    answered = true;
    EXPECT_EQ(text_of(run_once(ping("10.9.0.2", 50, 10))), "passed 0");
}

TEST_F(PingProberTest, ContinuesWhereAnotherProcessWas) {
    const check::Config config = ping("10.9.0.3", 80, 10);  // no such host
    answered = false;
    prober->resume(1, config, 10);
    EXPECT_EQ(text_of(run_once(config)), "passed 10") << "the oldest is gone";
    EXPECT_EQ(text_of(run_once(config)), "passed 20");

    prober->resume(1, config, INT64_MAX);
    EXPECT_FALSE(run_once(config).passed());
}

TEST_F(PingProberTest, WhatCannotBeSentIsLost) {
    EXPECT_EQ(text_of(run_once(ping("10.10.0.1"))),
              "L3TOUT 100: 100 % lost (1 of 1), sendmsg() to 10.10.0.1 failed "
              "(101: Network is unreachable)");
    EXPECT_EQ(text_of(run_once(ping("10.10.0.1", 100, 4))),
              "L3TOUT 100: 100 % lost (2 of 2), sendmsg() to 10.10.0.1 failed "
              "(101: Network is unreachable)");
}

TEST_F(PingProberTest, SaysThatItHasNoSocket) {
    make(-1, -1);
    for (const char *address : {"10.9.0.2", "fd00:9::2"}) {
        EXPECT_EQ(text_of(run_once(ping(address))),
                  "SOCKERR 0: no ICMP socket: CAP_NET_RAW is missing");
    }
    EXPECT_FALSE(prober->on_readable(-1));
}

// A late answer counts for no check, and not for the next one.
TEST_F(PingProberTest, LateAnswersCountNoMore) {
    prober->start(1, ping("10.9.0.2"), os::now());
    EXPECT_FALSE(prober->cancel(1).passed());
    loop.run(Milliseconds{50});
    EXPECT_TRUE(loop.results.empty());

    EXPECT_EQ(text_of(run_once(ping("10.9.0.2"))), "passed 0");
}

// B sees our identifier and sequence but does not know the cookie.
TEST_F(PingProberTest, ForgedAnswersDoNotCount) {
    answers(false);
    prober->start(1, ping("10.9.0.2"), os::now());

    enter_b();
    const os::Fd forger(open_icmp(Family::ipv4));
    enter_a();
    const Buffer cookie(8, 0x55);
    for (std::uint16_t sequence = 0; sequence < 4; sequence++) {
        Buffer reply = wire::echo_request(
            Family::ipv4, {.identifier = static_cast<std::uint16_t>(::getpid()),
                           .sequence = sequence,
                           .payload = cookie});
        // A request made a reply: 8 less in the type, so 8 more in the sum.
        reply[0] = 0;
        const unsigned sum = reply[2] * 256U + reply[3] + 0x0800U;
        const unsigned folded = (sum & 0xffff) + (sum >> 16);
        reply[2] = static_cast<std::uint8_t>(folded >> 8);
        reply[3] = static_cast<std::uint8_t>(folded & 0xff);
        ASSERT_TRUE(wire::parse_echo_reply(Family::ipv4, reply));

        sockaddr_in to{};
        to.sin_family = AF_INET;
        to.sin_addr.s_addr = htonl(0x0a090001);
        ASSERT_EQ(::sendto(forger.get(), reply.data(), reply.size(), 0,
                           reinterpret_cast<sockaddr *>(&to), sizeof(to)),
                  static_cast<ssize_t>(reply.size()));
    }

    loop.run(Milliseconds{100});
    EXPECT_TRUE(loop.results.empty());
    EXPECT_FALSE(prober->cancel(1).passed());
}

// The sockets were opened before the process dropped its privileges.
TEST_F(PingProberTest, NeedsNoCapability) {
    prober.reset();
    const int icmp4 = open_icmp(Family::ipv4);
    const int icmp6 = open_icmp(Family::ipv6);

    EXPECT_TRUE(holds_without(CAP_NET_RAW, [&] {
        make(icmp4, icmp6);
        return open_icmp(Family::ipv4) < 0 &&
               run_once(ping("10.9.0.2")).passed() &&
               run_once(ping("fd00:9::2")).passed();
    }));
    ::close(icmp4);
    ::close(icmp6);
}

TEST_F(PingProberTest, EveryTenMilliseconds) {
    const check::Config config = ping("10.9.0.2");
    for (int n = 0; n < 20; n++) {
        EXPECT_EQ(text_of(run_once(config)), "passed 0");
        loop.run(Milliseconds{10});
    }
}

TEST_F(PingProberTest, AFullEventLoopIsAsNoSocket) {
    loop.full = true;
    make(open_icmp(Family::ipv4), -1);
    EXPECT_EQ(run_once(ping("10.9.0.2")).failure.reason,
              check::Reason::sockerr);
}

check::Config gateway(Family family) {
    check::Config config = ping(family == Family::ipv4 ? "0.0.0.0" : "::");
    std::get<check::PingCheck>(config.probe).gateway = true;
    return config;
}

TEST_F(PingProberTest, FindsTheGatewayAndFollowsIt) {
    EXPECT_EQ(text_of(run_once(gateway(Family::ipv4))),
              "L3TOUT 100: 100 % lost (1 of 1), there is no IPv4 default route "
              "with a gateway");
    in_a("ip route add 10.77.0.0/16 via 10.9.0.2");
    EXPECT_FALSE(run_once(gateway(Family::ipv4)).passed()) << "another route";

    in_a("ip route add default via 10.9.0.2 metric 100");
    EXPECT_EQ(text_of(run_once(gateway(Family::ipv4))), "passed 0");

    in_a("ip route add default via 10.9.0.3 metric 50");  // no such host
    answered = false;
    EXPECT_EQ(text_of(run_once(gateway(Family::ipv4))),
              "L3TOUT 100: 100 % lost (1 of 1), no answer from 10.9.0.3");
    in_a("ip route del default via 10.9.0.3 metric 50");
    answered = true;
    EXPECT_EQ(text_of(run_once(gateway(Family::ipv4))), "passed 0");

    in_a(
        "ip route replace default metric 100 nexthop via 10.9.0.2 weight 1 "
        "nexthop via 10.9.0.3 weight 1");
    EXPECT_EQ(text_of(run_once(gateway(Family::ipv4))), "passed 0");
}

// It is usually a link-local address, on an interface.
TEST_F(PingProberTest, FindsTheIpv6Gateway) {
    EXPECT_FALSE(run_once(gateway(Family::ipv6)).passed());
    enter_b();
    in_b("ip addr add fe80::b2/64 dev vr1 nodad");
    wait_until_local("fe80::b2");
    enter_a();
    in_a("ip -6 route add default via fe80::b2 dev vr0");
    EXPECT_EQ(text_of(run_once(gateway(Family::ipv6))), "passed 0");
    in_a("ip -6 route del default");
    EXPECT_EQ(text_of(run_once(gateway(Family::ipv6))),
              "L3TOUT 100: 100 % lost (1 of 1), there is no IPv6 default route "
              "with a gateway");
}

}  // namespace
}  // namespace ngx_vrrp::probe
