// Invariants of a LAN of virtual routers after any events: one active router,
// one holder of the addresses, and clients with the right link-layer address.
#include <gtest/gtest.h>

#include <algorithm>
#include <ostream>
#include <string>

#include "core/vrrp/timing.hpp"
#include "tests/support/routers.hpp"
#include "tests/support/simulated_lan.hpp"

namespace ngx_vrrp::test {
namespace {

using namespace vrrp;
using Node = SimulatedLan::Node;
using Nodes = std::vector<Node>;

struct Speed {
    Version version;
    Duration interval;
};

std::string name_of(const testing::TestParamInfo<Speed> &info) {
    return "v" + std::to_string(to_number(info.param.version)) + "_" +
           std::to_string(to_ms(info.param.interval)) + "ms";
}

void PrintTo(const Speed &speed, std::ostream *out) {
    *out << "version " << int{to_number(speed.version)} << ", "
         << to_ms(speed.interval) << " ms";
}

// As generous as the slowest: takeover by a router of priority 1, twice.
constexpr Duration kMargin = Seconds{3};

class Lan : public testing::TestWithParam<Speed> {
protected:
    Config config(unsigned priority) const {
        Config config = classic_config(priority);
        config.version = GetParam().version;
        config.advert_interval = GetParam().interval;
        return config;
    }

    Duration interval() const { return GetParam().interval; }
    Duration settling_time() const { return 10 * interval() + kMargin; }
    void settle(SimulatedLan &lan) const { lan.run_for(settling_time()); }

    Duration down_interval(unsigned priority) const {
        return active_down_interval(
            GetParam().version, Priority{static_cast<std::uint8_t>(priority)},
            interval());
    }
    Duration skew(unsigned priority) const {
        return skew_time(GetParam().version,
                         Priority{static_cast<std::uint8_t>(priority)},
                         interval());
    }

    // When an active router was never heard, no router contradicts its
    // announcement; only the refresh corrects it.
    Config refreshing_config(unsigned priority) const {
        Config c = config(priority);
        c.announce.refresh = Seconds{1};
        return c;
    }

    // The time that the engine gives the successor.
    Shutdown graceful() const {
        return {"nginx quits", true, skew(1) + Milliseconds{200}};
    }

    // Three routers that have found an order: 0 is active, then 1, then 2.
    SimulatedLan settled_trio() const {
        SimulatedLan lan{1};
        for (const unsigned priority : {110u, 100u, 90u}) {
            lan.add(config(priority));
        }
        lan.start_all();
        settle(lan);
        return lan;
    }
};

// Delays and jitter of the simulation, and then some.
constexpr Duration kNoise = Milliseconds{2};

void expect_only(const SimulatedLan &lan, Node node) {
    EXPECT_EQ(lan.active(), Nodes{node});
    EXPECT_EQ(lan.holders(), Nodes{node});
    EXPECT_EQ(lan.announcer(), node);
}

TEST_P(Lan, HighestPriorityBecomesActive) {
    expect_only(settled_trio(), 0);
}

TEST_P(Lan, HighestAddressOfEqualPrioritiesBecomesActive) {
    for (std::uint32_t seed = 1; seed <= 20; ++seed) {
        SimulatedLan lan{seed};
        lan.set_jitter(Duration{0});
        lan.set_delay(kNoise);
        for (int i = 0; i < 3; ++i) {
            lan.add(config(100));
        }
        lan.start_all();
        settle(lan);

        expect_only(lan, 2);
    }
}

TEST_P(Lan, AddressesHaveOneHolderAllTheTimeOnceSettled) {
    SimulatedLan lan = settled_trio();
    lan.start_measuring();

    lan.run_for(Seconds{120});

    EXPECT_EQ(lan.unheld(), Duration{0});
    EXPECT_EQ(lan.shared(), Duration{0});
}

TEST_P(Lan, NextInOrderTakesOverFromADeadRouter) {
    SimulatedLan lan = settled_trio();
    lan.start_measuring();

    lan.cut_power(0);
    settle(lan);

    EXPECT_EQ(lan.holders(), Nodes{1});
    EXPECT_EQ(lan.announcer(), Node{1});
    EXPECT_LE(lan.unheld(), down_interval(100) + kNoise);
    EXPECT_EQ(lan.shared(), Duration{0});
}

TEST_P(Lan, GracefulLeaveLosesNothing) {
    SimulatedLan lan = settled_trio();
    lan.start_measuring();

    lan.put(0, graceful());
    settle(lan);

    expect_only(lan, 1);
    EXPECT_EQ(lan.unheld(), Duration{0});
    EXPECT_LE(lan.shared(), kSuccessorSettles + kNoise);
}

TEST_P(Lan, ReleaseLosesNothingAndResumeNeither) {
    SimulatedLan lan = settled_trio();
    lan.start_measuring();

    lan.put(0, Release{"released by the operator", graceful().grace});
    settle(lan);
    expect_only(lan, 1);
    EXPECT_EQ(lan.unheld(), Duration{0});
    EXPECT_LE(lan.shared(), kSuccessorSettles + kNoise);

    lan.put(0, Resume{"resumed by the operator"});
    settle(lan);
    expect_only(lan, 0);
    EXPECT_EQ(lan.unheld(), Duration{0});
    EXPECT_LE(lan.shared(), kSuccessorSettles + 2 * kNoise);
}

TEST_P(Lan, ReleasedRouterStaysOutWhenTheOthersDie) {
    SimulatedLan lan = settled_trio();
    lan.put(0, Release{"released by the operator", graceful().grace});
    settle(lan);

    lan.cut_power(1);
    lan.cut_power(2);
    settle(lan);

    EXPECT_EQ(lan.holders(), Nodes{});
    EXPECT_EQ(lan.router(0).state(), StateName::fault);
}

// Whenever the resumption comes.
TEST_P(Lan, ReleaseThatIsTakenBackSettles) {
    for (std::uint32_t seed = 1; seed <= 40 && !HasFailure(); ++seed) {
        SCOPED_TRACE("seed " + std::to_string(seed));
        Dice dice{seed};
        SimulatedLan lan = settled_trio();
        lan.start_measuring();

        lan.put(0, Release{"released by the operator", graceful().grace});
        lan.run_for(dice.up_to(skew(1)));
        lan.put(0, Resume{"resumed by the operator"});
        settle(lan);

        expect_only(lan, 0);
        EXPECT_EQ(lan.unheld(), Duration{0});
    }
}

TEST_P(Lan, FailbackMovesTheAddressesWithoutPreemption) {
    SimulatedLan lan{1};
    for (const unsigned priority : {110u, 100u}) {
        Config c = config(priority);
        c.preempt = false;
        lan.add(c);
    }
    lan.start_all();
    settle(lan);
    lan.put(0, FaultChanged{"interface eth0 is down"});
    settle(lan);
    lan.put(0, FaultChanged{""});
    settle(lan);
    expect_only(lan, 1);
    lan.start_measuring();

    lan.put(0, Preempt{"failback by the operator"});
    lan.run_for(kNoise);

    expect_only(lan, 0);
    EXPECT_EQ(lan.unheld(), Duration{0});
    EXPECT_LE(lan.shared(), kNoise);
}

TEST_P(Lan, WindowThatOpensMovesTheAddressesToTheBest) {
    SimulatedLan lan{1};
    for (const unsigned priority : {110u, 100u, 90u}) {
        Config c = config(priority);
        c.preempt_windows = {{Minutes{120}, Minutes{240}}};
        lan.add(c);
    }
    for (const Node late : {2u, 1u, 0u}) {
        lan.put(late, Startup{});
        settle(lan);
    }
    expect_only(lan, 2);
    lan.start_measuring();

    for (Node node = 0; node < lan.size(); ++node) {
        lan.put(node, WindowChanged{"02:00-04:00"});
    }
    settle(lan);

    expect_only(lan, 0);
    EXPECT_EQ(lan.unheld(), Duration{0});
    EXPECT_LE(lan.shared(), 2 * kNoise);
}

TEST_P(Lan, GracefulLeaveWithoutSuccessorEndsToo) {
    SimulatedLan lan{1};
    lan.add(config(100));
    lan.start_all();
    settle(lan);

    lan.put(0, graceful());
    settle(lan);

    EXPECT_EQ(lan.holders(), Nodes{});
    EXPECT_EQ(lan.router(0).state(), StateName::initialize);
}

TEST_P(Lan, FaultCostsNoMoreThanTheSkew) {
    SimulatedLan lan = settled_trio();
    lan.start_measuring();

    lan.put(0, FaultChanged{"0 of 1 nginx workers alive"});
    settle(lan);

    expect_only(lan, 1);
    EXPECT_LE(lan.unheld(), skew(100) + kNoise);
    EXPECT_EQ(lan.shared(), Duration{0});
}

TEST_P(Lan, SoleBackupTakesOverFromAFaultWithoutTheSkew) {
    SimulatedLan lan{1};
    Config first = config(110);
    Config second = config(100);
    first.unicast_peers = {ip("192.168.64.2")};
    second.unicast_peers = {ip("192.168.64.1")};
    lan.add(first);
    lan.add(second);
    lan.start_all();
    settle(lan);
    lan.start_measuring();

    lan.put(0, FaultChanged{"0 of 1 nginx workers alive"});
    settle(lan);

    expect_only(lan, 1);
    EXPECT_LE(lan.unheld(), kNoise);
}

// down_timer_adverts: the master was paused for less time than it assumes that
// its peers wait. A backup with a smaller number has taken over meanwhile,
// while the master had the addresses by its lease; the election decides
// afterwards.
TEST_P(Lan, BackupWithFewerAdvertsTakesOverFromAMasterThatStillOwns) {
    SimulatedLan lan{1};
    Config first = config(110);
    Config second = config(100);
    first.down_adverts = 30;
    lan.add(first);
    lan.add(second);
    lan.start_all();
    lan.run_for(40 * interval() + kMargin);
    lan.start_measuring();

    lan.freeze(0);
    lan.run_for(down_interval(100) + interval());
    EXPECT_EQ(lan.holders(), (Nodes{0, 1}));

    lan.thaw(0);
    settle(lan);
    expect_only(lan, 0);
    EXPECT_GT(lan.shared(), Duration{0});
}

TEST_P(Lan, PauseShorterThanTheDownTimerMovesNothing) {
    SimulatedLan lan{1};
    for (const unsigned priority : {110u, 100u}) {
        Config c = config(priority);
        c.down_adverts = 30;
        lan.add(c);
    }
    lan.start_all();
    lan.run_for(40 * interval() + kMargin);

    lan.freeze(0);
    lan.run_for(25 * interval());
    lan.thaw(0);
    settle(lan);
    expect_only(lan, 0);
    EXPECT_EQ(lan.router(1).state(), StateName::backup);
}

TEST_P(Lan, ReturnPreemptsWithoutAGap) {
    SimulatedLan lan = settled_trio();
    lan.put(0, FaultChanged{"interface eth0 is down"});
    settle(lan);
    lan.start_measuring();

    lan.put(0, FaultChanged{""});
    settle(lan);

    expect_only(lan, 0);
    EXPECT_EQ(lan.unheld(), Duration{0});
    EXPECT_LE(lan.shared(), kNoise);
}

TEST_P(Lan, ReturnWithoutPreemptionHasNoEffect) {
    SimulatedLan lan{1};
    for (const unsigned priority : {110u, 100u}) {
        Config c = config(priority);
        c.preempt = false;
        lan.add(c);
    }
    lan.start_all();
    settle(lan);
    lan.put(0, FaultChanged{"interface eth0 is down"});
    settle(lan);

    lan.put(0, FaultChanged{""});
    settle(lan);

    expect_only(lan, 1);
}

TEST_P(Lan, WeightMovesTheAddresses) {
    SimulatedLan lan = settled_trio();
    lan.start_measuring();

    lan.put(0, PriorityChanged{Priority{80}, "pool web is down"});
    settle(lan);

    expect_only(lan, 1);
    EXPECT_EQ(lan.unheld(), Duration{0});
}

// The others are notified within the event, and wait for their skew only.
TEST_P(Lan, WeightMovesTheAddressesAfterTheSkewToTheBestBackup) {
    for (std::uint32_t seed = 1; seed <= 20 && !HasFailure(); ++seed) {
        SCOPED_TRACE("seed " + std::to_string(seed));
        SimulatedLan lan{seed};
        for (const unsigned priority : {110u, 100u, 40u}) {
            lan.add(config(priority));
        }
        lan.start_all();
        settle(lan);
        lan.run_for(seed * interval() / 20);
        lan.start_measuring();

        lan.put(0, PriorityChanged{Priority{60}, "pool web is down"});
        lan.run_for(skew(100) + kNoise);
        expect_only(lan, 1);
        settle(lan);

        expect_only(lan, 1);
        EXPECT_EQ(lan.unheld(), Duration{0});
        EXPECT_LE(lan.shared(), kNoise);
    }
}

TEST_P(Lan, WeightThatComesBackMovesTheAddressesBack) {
    SimulatedLan lan = settled_trio();
    lan.put(0, PriorityChanged{Priority{80}, "pool web is down"});
    settle(lan);
    lan.start_measuring();

    lan.put(0, PriorityChanged{Priority{110}, "pool web is up"});
    settle(lan);

    expect_only(lan, 0);
    EXPECT_EQ(lan.unheld(), Duration{0});
}

// A pool that all of them use: whichever notices first, the order does not
// change.
TEST_P(Lan, WeightsOfASharedPoolCancelOut) {
    for (std::uint32_t seed = 1; seed <= 40 && !HasFailure(); ++seed) {
        SCOPED_TRACE("seed " + std::to_string(seed));
        Dice dice{seed};
        SimulatedLan lan{seed};
        const Nodes nodes = {lan.add(config(110)), lan.add(config(100))};
        lan.start_all();
        settle(lan);
        ASSERT_EQ(lan.holders(), Nodes{0});
        lan.start_measuring();

        const Node first = dice.below(2);
        for (const Node node : {first, 1 - first}) {
            const int base = node == 0 ? 110 : 100;
            lan.put(node, PriorityChanged{
                              Priority{static_cast<std::uint8_t>(base - 20)},
                              "pool web is down"});
            lan.run_for(dice.up_to(3 * interval()));
        }
        settle(lan);

        expect_only(lan, 0);
        EXPECT_EQ(lan.unheld(), Duration{0});
        EXPECT_LE(lan.shared(), 2 * kNoise);
    }
}

// Both notice within the skew: nothing moves at all.
TEST_P(Lan, WeightsOfASharedPoolThatComeTogetherMoveNothing) {
    SimulatedLan lan{1};
    lan.add(config(110));
    lan.add(config(100));
    lan.start_all();
    settle(lan);
    lan.run_for(interval() / 2);
    ASSERT_EQ(lan.active(), Nodes{0});

    lan.put(0, PriorityChanged{Priority{90}, "pool web is down"});
    lan.run_for(skew(100) / 2);
    lan.put(1, PriorityChanged{Priority{80}, "pool web is down"});
    for (int i = 0; i < 50; ++i) {
        lan.run_for(interval() / 10);
        ASSERT_EQ(lan.active(), Nodes{0});
    }
}

TEST_P(Lan, PartitionHealsToOneHolderAtOnce) {
    SimulatedLan lan = settled_trio();
    lan.split({0});
    settle(lan);
    EXPECT_EQ(lan.holders(), (Nodes{0, 1})) << "each side serves its clients";

    lan.heal();
    lan.run_for(interval() + kNoise);

    expect_only(lan, 0);
}

// The timers of a frozen kernel continue, so the lease ends before the takeover
// where whole seconds allow that.
TEST_P(Lan, FrozenRouterGivesTheAddressesUp) {
    SimulatedLan lan = settled_trio();
    lan.start_measuring();

    lan.freeze(0);
    settle(lan);
    EXPECT_EQ(lan.holders(), Nodes{1});
    EXPECT_EQ(lan.shared() > Duration{0},
              lease(GetParam().version, interval()) > down_interval(100));
    EXPECT_LE(lan.shared(), Milliseconds{1100});

    lan.thaw(0);
    lan.run_for(interval());
    EXPECT_LE(lan.holders().size(), 1u);
    settle(lan);
    expect_only(lan, 0);
}

// Too short for the lease to end: only the late wake keeps it from holding.
TEST_P(Lan, RouterThatWasFrozenForAMomentDropsTheAddressesFirst) {
    SimulatedLan lan = settled_trio();
    lan.freeze(0);
    lan.run_for(down_interval(100) + interval() + kNoise);
    ASSERT_EQ(lan.router(1).state(), StateName::active);

    lan.thaw(0);

    EXPECT_EQ(lan.holders(), Nodes{1});
}

TEST_P(Lan, NoRouterHoldsTheAddressesAfterAllShutDown) {
    SimulatedLan lan = settled_trio();

    for (Node node = 0; node < lan.size(); ++node) {
        lan.put(node, graceful());
    }
    settle(lan);

    EXPECT_EQ(lan.holders(), Nodes{});
    EXPECT_EQ(lan.active(), Nodes{});
}

// An advert in three may be lost: duels come and go, and end with the loss.
TEST_P(Lan, LossSettles) {
    for (std::uint32_t seed = 1; seed <= 10; ++seed) {
        SimulatedLan lan{seed};
        for (const unsigned priority : {110u, 100u, 90u}) {
            lan.add(refreshing_config(priority));
        }
        lan.start_all();
        lan.set_loss(33);
        lan.run_for(300 * interval());
        lan.set_loss(0);
        settle(lan);

        expect_only(lan, 0);
    }
}

// Routers that miss each other's adverts take over for a moment, announce the
// addresses and yield, perhaps without having been heard: the owner makes the
// last announcement.
TEST_P(Lan, ClientsKnowTheOwnerSoonWhileAdvertsGetLost) {
    for (std::uint32_t seed = 1; seed <= 10 && !HasFailure(); ++seed) {
        SCOPED_TRACE("seed " + std::to_string(seed));
        SimulatedLan lan{seed};
        for (const unsigned priority : {110u, 100u, 90u}) {
            lan.add(config(priority));
        }
        lan.start_all();
        settle(lan);
        lan.set_loss(30);
        lan.start_measuring();

        lan.run_for(Seconds{60} + 200 * interval());

        EXPECT_LE(lan.longest_stale(), Milliseconds{500});
    }
}

// Two that never hear an advert of each other do not contradict each other for
// ever: clients stay with one of them.
TEST_P(Lan, ClientsStayWithOneOfTwoOwnersThatCannotHearEachOther) {
    SimulatedLan lan{1};
    lan.add(config(110));
    lan.add(config(100));
    lan.start_all();
    lan.set_loss(100);
    lan.run_for(settling_time() + Seconds{10});
    ASSERT_EQ(lan.holders(), (Nodes{0, 1}));
    const auto believed = lan.announcer();

    for (int i = 0; i < 1000; ++i) {
        lan.run_for(Milliseconds{50});
        ASSERT_EQ(lan.announcer(), believed);
    }
}

// All kinds of trouble, one after the other and at once.
class Trouble {
public:
    Trouble(SimulatedLan &lan, Dice &dice) : lan_(lan), dice_(dice) {}

    void happen() {
        const Node node = dice_.below(static_cast<unsigned>(lan_.size()));
        switch (dice_.below(12)) {
            case 0:
                return lan_.split({node});
            case 1:
                return lan_.set_loss(dice_.below(60));
            case 2:
                return lan_.freeze(node);
            case 3:
                return lan_.thaw(node);
            case 4:
                return lan_.put(node, FaultChanged{"broken"});
            case 5:
                return lan_.put(node, FaultChanged{""});
            case 6:
                return lan_.put(
                    node, PriorityChanged{Priority{static_cast<std::uint8_t>(
                                              90 + dice_.below(21))},
                                          "weight"});
            case 7:
                return lan_.put(
                    node, Shutdown{"quit", dice_.one_in(2), Milliseconds{300}});
            case 8:
                return lan_.put(node, Release{"released", Milliseconds{300},
                                              dice_.one_in(2)});
            case 9:
                return lan_.put(node, Resume{"resumed"});
            case 10:
                return lan_.put(node, Preempt{"failback"});
            default:
                return lan_.put(node, Startup{});
        }
    }

private:
    SimulatedLan &lan_;
    Dice &dice_;
};

// Routers that take part in the election.
Nodes candidates(const SimulatedLan &lan) {
    Nodes list;
    for (Node node = 0; node < lan.size(); ++node) {
        const StateName state = lan.router(node).state();
        if (state == StateName::backup || state == StateName::active) {
            list.push_back(node);
        }
    }
    return list;
}

void expect_order(const SimulatedLan &lan, bool preempt) {
    const Nodes fit = candidates(lan);
    const Nodes active = lan.active();

    EXPECT_EQ(lan.holders(), active);
    ASSERT_EQ(active.size(), fit.empty() ? 0u : 1u);
    if (fit.empty()) {
        return;
    }
    EXPECT_EQ(lan.announcer(), active.front());
    for (const Node node : fit) {
        EXPECT_TRUE(!preempt ||
                    lan.router(node).effective_priority() <=
                        lan.router(active.front()).effective_priority())
            << "router " << node << " should have preempted";
    }
}

TEST_P(Lan, EveryTroubleSettles) {
    for (std::uint32_t seed = 1; seed <= 30 && !HasFailure(); ++seed) {
        SCOPED_TRACE("seed " + std::to_string(seed));
        Dice dice{seed};
        SimulatedLan lan{seed + 1000};
        const bool preempt = dice.one_in(2);
        for (unsigned node = 0; node < 2 + dice.below(3); ++node) {
            Config c = refreshing_config(95 + dice.below(11));
            c.preempt = preempt;
            lan.add(c);
        }
        lan.start_all();

        for (int round = 0; round < 10 && !HasFailure(); ++round) {
            SCOPED_TRACE("round " + std::to_string(round));
            Trouble trouble{lan, dice};
            for (unsigned i = 0; i < 1 + dice.below(5); ++i) {
                trouble.happen();
                lan.run_for(dice.up_to(6 * interval()));
            }
            lan.heal();
            settle(lan);
            expect_order(lan, preempt);
        }
    }
}

INSTANTIATE_TEST_SUITE_P(Speeds, Lan,
                         testing::Values(Speed{Version::v2, Seconds{1}},
                                         Speed{Version::v3, Seconds{1}},
                                         Speed{Version::v3, Milliseconds{100}},
                                         Speed{Version::v3, Milliseconds{10}}),
                         name_of);

TEST(SimulatedLan, IsTheSameWithTheSameSeed) {
    const auto history = [](std::uint32_t seed) {
        SimulatedLan lan{seed};
        lan.add(v3_config(100));
        lan.add(v3_config(100));
        lan.set_loss(40);
        lan.start_all();
        lan.run_for(Seconds{60});
        return std::pair{lan.unheld(), lan.shared()};
    };

    EXPECT_EQ(history(7), history(7));
    EXPECT_NE(history(7), history(8));
}

}  // namespace
}  // namespace ngx_vrrp::test
