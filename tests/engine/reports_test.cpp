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

TEST_F(ReportsTest, FailedRemovalIsAnAlert) {
    become_active();
    machine.fail("remove", EPERM);
    engine->stop("nginx is terminating", false, now);
    EXPECT_EQ(log.lines.at(log.lines.size() - 2).level, LogLevel::alert);
    EXPECT_TRUE(engine->routers()[0].addresses()[0].present);
}

}  // namespace
}  // namespace ngx_vrrp::engine
