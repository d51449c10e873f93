// Another program removes an address of ours: a restoration, or a fight.
#include <gtest/gtest.h>

#include "tests/engine/engine_fixture.hpp"

namespace ngx_vrrp::engine {
namespace {

class RemovalTest : public EngineTest {
protected:
    // Reported by netlink, which reads everything again.
    void remove_vip() { engine->handle_interfaces(interfaces(), now); }

    const Counters &counters() const { return engine->routers()[0].counters(); }
    const std::string &fault() const {
        return engine->routers()[0].faults().reason();
    }

    void lose_a_fight() {
        for (int i = 0; i < 6; ++i) {
            run(Seconds{1});
            remove_vip();
        }
    }
};

TEST_F(RemovalTest, FiveTimesInAMinuteAreRestored) {
    become_active();
    for (int i = 0; i < 5; ++i) {
        run(Milliseconds{150});
        machine.take();
        remove_vip();
        EXPECT_EQ(machine.take(), (Done{"add 10.0.1.5 1s", "garp"}));
    }
    EXPECT_EQ(state(), vrrp::StateName::active);
    EXPECT_EQ(counters().addresses_restored, 5u);
    EXPECT_EQ(log.count("another program removed 10.0.1.5 from"), 5u);
}

TEST_F(RemovalTest, TheSixthIsAFaultThatNamesTheCulprits) {
    become_active();
    for (int i = 0; i < 5; ++i) {
        run(Seconds{10});
        remove_vip();
    }
    run(Seconds{9});
    machine.take();
    remove_vip();

    EXPECT_EQ(machine.take(), (Done{"advert 0 224.0.0.18"}));
    EXPECT_EQ(state(), vrrp::StateName::fault);
    EXPECT_EQ(fault(),
              "another program removed addresses from eth0 6 times within 60 "
              "s (NetworkManager, systemd-networkd without "
              "KeepConfiguration=yes, netplan without critical: true?), "
              "staying in FAULT for 30 s");
    EXPECT_EQ(log.count("staying in FAULT for 30 s"),
              2u);  // why, and transition
    EXPECT_EQ(counters().stayed_out, 1u);
    EXPECT_EQ(counters().addresses_restored, 5u);
}

TEST_F(RemovalTest, ComesBackAndStaysOutForLongerTheNextTime) {
    become_active();
    lose_a_fight();
    run(Milliseconds{29'900});
    EXPECT_EQ(state(), vrrp::StateName::fault);
    run(Seconds{1});
    EXPECT_EQ(state(), vrrp::StateName::active);

    run(Seconds{60});
    lose_a_fight();
    EXPECT_NE(fault().find("staying in FAULT for 60 s"), std::string::npos);
}

// Otherwise every reload would restart the fight.
TEST_F(RemovalTest, ReloadDoesNotEndTheTime) {
    become_active();
    lose_a_fight();
    machine.successor = true;
    engine->handle_ownership(now);

    make(config());
    engine->start(interfaces(), now);
    machine.grant(machine.passed_on);
    engine->handle_ownership(now);
    EXPECT_EQ(state(), vrrp::StateName::fault);
    EXPECT_EQ(counters().stayed_out, 1u);
    EXPECT_GE(counters().adverts_sent, 60u);
    run(Milliseconds{29'900});
    EXPECT_EQ(state(), vrrp::StateName::fault);
    run(Seconds{1});
    EXPECT_EQ(state(), vrrp::StateName::active);
}

TEST_F(RemovalTest, NowAndThenIsNoFight) {
    become_active();
    for (int i = 0; i < 50; ++i) {
        run(Milliseconds{12'100});
        remove_vip();
    }
    EXPECT_EQ(state(), vrrp::StateName::active);
    EXPECT_EQ(counters().addresses_restored, 50u);
}

// ip addr flush goes ten rounds as long as it finds something.
TEST_F(RemovalTest, RoundsOfOneFlushAreOneRemoval) {
    become_active();
    for (int i = 0; i < 10; ++i) {
        now += Milliseconds{2};
        remove_vip();
    }
    EXPECT_EQ(state(), vrrp::StateName::active);
    EXPECT_EQ(counters().addresses_restored, 10u);
    EXPECT_EQ(log.count("(a network manager?)"), 1u);
}

TEST_F(RemovalTest, EveryAddressComesBackFromOneFlush) {
    vrrp::Config two = config();
    two.addresses.push_back({*IpAddress::parse("10.0.1.6"), 24, "eth0", ""});
    beat();
    start(two);
    run(Milliseconds{500});
    machine.take();

    remove_vip();
    EXPECT_EQ(machine.take(),
              (Done{"add 10.0.1.5 1s", "add 10.0.1.6 1s", "garp", "garp"}));
    EXPECT_EQ(log.count("(a network manager?)"), 1u);
}

// A program that does it a thousand times a second does not keep us busy.
TEST_F(RemovalTest, StormIsOverSoon) {
    become_active();
    const std::size_t lines = log.lines.size();
    for (int i = 0; i < 1000; ++i) {
        now += Milliseconds{1};
        remove_vip();
    }
    EXPECT_EQ(state(), vrrp::StateName::fault);
    EXPECT_LE(machine.take().size(), 1200u);
    EXPECT_LE(log.lines.size() - lines, 10u);
}

// The time of the RFC has passed: the addresses are not ours, and no other
// program removed them.
TEST_F(RemovalTest, LateWakeRestoresNothing) {
    become_active();
    now += Milliseconds{2500};
    beat();
    remove_vip();
    EXPECT_EQ(machine.take(), Done{});
    EXPECT_EQ(state(), vrrp::StateName::backup);
    EXPECT_EQ(counters().addresses_restored, 0u);
    EXPECT_EQ(log.count("(a network manager?)"), 0u);
}

// v2: our lease is shorter than a peer's patience.
TEST_F(RemovalTest, OwnLeaseThatEndedIsNotForeign) {
    vrrp::Config c = config();
    c.version = Version::v2;
    c.advert_interval = Seconds{1};
    beat();
    start(c);
    run(Seconds{5});
    ASSERT_EQ(state(), vrrp::StateName::active);
    machine.take();

    for (int i = 0; i < 10; ++i) {
        now += Milliseconds{2500};
        beat();
        remove_vip();
        EXPECT_EQ(machine.take(),
                  (Done{"advert 100 224.0.0.18", "add 10.0.1.5 2s", "garp"}));
    }
    EXPECT_EQ(state(), vrrp::StateName::active);
    EXPECT_EQ(counters().addresses_restored, 0u);
    EXPECT_EQ(log.count("(a network manager?)"), 0u);
    EXPECT_GE(log.count("the lease of 10.0.1.5 on eth0 expired"), 1u);
    EXPECT_LE(log.count("the lease of 10.0.1.5 on eth0 expired"), 4u);
}

TEST_F(RemovalTest, BackupRestoresNothing) {
    beat();
    start();
    run(Milliseconds{50});
    ASSERT_EQ(state(), vrrp::StateName::backup);
    machine.take();
    remove_vip();
    EXPECT_EQ(machine.take(), Done{});
}

}  // namespace
}  // namespace ngx_vrrp::engine
