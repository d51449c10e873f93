// Log lines and counters, and their limits.
#include <gtest/gtest.h>

#include "tests/engine/engine_fixture.hpp"

namespace ngx_vrrp::engine {
namespace {

using ReportsTest = EngineTest;

TEST_F(ReportsTest, SendErrorIsCountedAndLoggedOnceInAWhile) {
    become_active();
    machine.fail("send", ENOBUFS);
    run(Seconds{1});
    EXPECT_GE(engine->routers()[0].counters().send_errors, 9u);
    EXPECT_EQ(log.count("send() failed"), 1u);
    EXPECT_EQ(state(), vrrp::StateName::active);
}

TEST_F(ReportsTest, DropsAreCountedByReasonAndLoggedOnce) {
    become_active();
    const Buffer garbage{0x31, 51, 100, 1};
    const wire::Endpoints ends{kPeer, vrrp::multicast_group(Family::ipv4)};
    for (int i = 0; i < 5; ++i) {
        engine->handle_packet({"eth0", {ends, 255}, garbage}, now);
    }
    const auto index = static_cast<std::size_t>(wire::DropReason::length);
    EXPECT_EQ(engine->routers()[0].counters().dropped[index], 5u);
    EXPECT_EQ(log.count("dropped an advertisement from 10.0.1.2"), 1u);
}

TEST_F(ReportsTest, TransitionIsOneNoticeWithItsNumbers) {
    become_active();
    const Instant since = engine->routers()[0].last_transition().at;
    log.lines.clear();
    receive(200);

    ASSERT_EQ(log.lines.size(), 1u);
    EXPECT_EQ(log.lines[0].level, LogLevel::notice);
    EXPECT_EQ(log.lines[0].text,
              "MASTER -> BACKUP: advertisement with higher priority 200 from "
              "10.0.1.2 (priority 100, base 100, MASTER for " +
                  std::to_string(to_ms(now - since)) +
                  " ms), instance \"VI_1\", vrid 51, interface eth0");
}

TEST_F(ReportsTest, DisagreementIsReportedOnceAMinute) {
    become_active();
    const auto hear_for = [&](int seconds) {
        for (int i = 0; i < seconds; ++i) {
            receive(50, kPeer, Seconds{1});
            run(Seconds{1});
        }
    };
    hear_for(60);
    EXPECT_EQ(log.count("advert_int here is 100 ms: set the same advert_int"),
              1u);
    hear_for(1);
    EXPECT_EQ(log.count("59 more since the last such line"), 1u);
}

TEST_F(ReportsTest, UnknownVridIsCountedAndNamedOnce) {
    become_active();
    const Buffer other{0x31, 52, 100, 1, 0, 10, 0, 0};
    const wire::Endpoints ends{kPeer, vrrp::multicast_group(Family::ipv4)};
    log.lines.clear();
    engine->handle_packet({"eth0", {ends, 255}, other}, now);
    engine->handle_packet({"eth0", {ends, 255}, other}, now);
    EXPECT_EQ(engine->unknown_vrid_packets(), 2u);
    ASSERT_EQ(log.lines.size(), 1u);
    EXPECT_EQ(log.lines[0].level, LogLevel::info);
    EXPECT_EQ(log.lines[0].text,
              "ignored a VRRP packet from 10.0.1.2 on eth0: no vrrp_instance "
              "on this interface has virtual_router_id 52 and this address "
              "family");
}

class UnknownRoutersTest : public EngineTest {
protected:
    void hear(std::uint8_t vrid, const char *sender = "10.0.1.9",
              const char *interface = "eth0") {
        const Buffer advert{0x31, vrid, 100, 1, 0, 10, 0, 0};
        const IpAddress source = *IpAddress::parse(sender);
        const wire::Endpoints ends{source,
                                   vrrp::multicast_group(source.family())};
        engine->handle_packet({interface, {ends, 255}, advert}, now);
    }

    const std::vector<UnknownRouter> &list() const {
        return engine->unknown_routers().list();
    }

    bool has(std::uint8_t vrid) const {
        return std::ranges::find(list(), Vrid{vrid}, &UnknownRouter::vrid) !=
               list().end();
    }
};

TEST_F(UnknownRoutersTest, AreListedByInterfaceFamilyAndVrid) {
    start();
    hear(52);
    hear(52, "fe80::9");
    hear(52, "10.0.1.9", "eth1");
    run(Seconds{1});
    hear(52, "10.0.1.8");
    ASSERT_EQ(list().size(), 3u);
    EXPECT_EQ(list()[0].sender.to_string(), "10.0.1.8");
    EXPECT_EQ(list()[0].packets, 2u);
    EXPECT_EQ(list()[0].heard_at, now);
    EXPECT_EQ(list()[1].sender.to_string(), "fe80::9");
    EXPECT_EQ(list()[2].interface, "eth1");
}

// An attacker sends every id from many addresses: it fills what is free, but
// takes the place of no router that advertises.
TEST_F(UnknownRoutersTest, FloodTakesNoPlaceOfOneThatIsHeard) {
    start();
    hear(52);
    for (unsigned n = 0; n < 300; ++n) {
        run(Seconds{1});
        hear(52);
        hear(static_cast<std::uint8_t>(n % 256),
             ("10.0.1." + std::to_string(n % 200 + 10)).c_str());
    }
    EXPECT_EQ(list().size(), UnknownRouters::kMost);
    EXPECT_TRUE(has(52));
    EXPECT_FALSE(has(51)) << "that is ours";
}

TEST_F(UnknownRoutersTest, SilentOneGivesItsPlaceAway) {
    start();
    for (std::uint8_t vrid = 100; vrid < 100 + UnknownRouters::kMost; ++vrid) {
        hear(vrid);
        run(Milliseconds{100});
    }
    hear(200);
    EXPECT_FALSE(has(200)) << "all places are taken";
    run(UnknownRouters::kKept - Seconds{1});
    hear(200);
    EXPECT_TRUE(has(200));
    EXPECT_FALSE(has(100)) << "the oldest one";
    EXPECT_TRUE(has(101));
}

TEST_F(UnknownRoutersTest, OtherPacketsAreOnlyCounted) {
    start();
    const wire::Endpoints ends{kPeer, vrrp::multicast_group(Family::ipv4)};
    const Buffer shorter{0x31, 52, 100, 1, 0, 10, 0};
    const Buffer no_advert{0x32, 52, 100, 1, 0, 10, 0, 0};
    for (const Buffer &packet : {shorter, no_advert, Buffer{}}) {
        engine->handle_packet({"eth0", {ends, 255}, packet}, now);
    }
    EXPECT_TRUE(list().empty());
    EXPECT_EQ(engine->unknown_vrid_packets(), 3u);
}

TEST_F(ReportsTest, FailedRemovalIsAnAlert) {
    become_active();
    machine.fail("remove", EPERM);
    engine->stop("nginx is terminating", false, now);
    EXPECT_EQ(log.lines.at(log.lines.size() - 2).level, LogLevel::alert);
    EXPECT_TRUE(engine->routers()[0].addresses()[0].present);
}

}  // namespace
}  // namespace ngx_vrrp::engine
