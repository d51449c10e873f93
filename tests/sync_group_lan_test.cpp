// Groups of routers on several networks: the members of a node are MASTER
// together, and of two nodes one has all of them.
#include <gtest/gtest.h>

#include <string>

#include "core/vrrp/timing.hpp"
#include "tests/support/routers.hpp"
#include "tests/support/simulated_lan.hpp"

namespace ngx_vrrp::test {
namespace {

using namespace vrrp;
using Node = SimulatedLan::Node;
using Nodes = std::vector<Node>;

constexpr Duration kInterval = Milliseconds{100};

// A last octet for each wire.
using Octets = std::vector<unsigned>;

class GroupLan : public testing::Test {
protected:
    static Config config(unsigned priority) {
        Config config = v3_config(priority, kInterval);
        config.announce.refresh = Seconds{1};
        return config;
    }

    static Nodes add_node(SimulatedLan &lan, const Config &config,
                          const Octets &octets) {
        std::vector<std::pair<std::size_t, IpAddress>> members;
        for (std::size_t wire = 0; wire < octets.size(); ++wire) {
            members.emplace_back(wire, ip("10.0." + std::to_string(wire) + "." +
                                          std::to_string(octets[wire])));
        }
        return lan.add_group(config, members);
    }

    static void settle(SimulatedLan &lan) { lan.run_for(20 * kInterval); }

    // One holder on each wire, and all of them are of this node.
    static void expect_only(const SimulatedLan &lan, const Nodes &node) {
        for (std::size_t wire = 0; wire < node.size(); ++wire) {
            EXPECT_EQ(lan.holders_on(wire), Nodes{node[wire]});
        }
        EXPECT_EQ(lan.active(), node);
    }

    static bool has_all(const SimulatedLan &lan, const Nodes &node) {
        return lan.active() == node && lan.holders() == node;
    }
};

TEST_F(GroupLan, BestNodeHasAllAndTheNextTakesAll) {
    SimulatedLan lan{1};
    const Nodes one = add_node(lan, config(110), {1, 1});
    const Nodes two = add_node(lan, config(100), {2, 2});
    lan.start_all();
    settle(lan);
    expect_only(lan, one);

    lan.cut_power(one[0]);
    lan.start_measuring();
    settle(lan);
    EXPECT_EQ(lan.holders(), two);
    EXPECT_EQ(lan.longest_apart(), Duration{0});
}

TEST_F(GroupLan, LossOfOneNetworkMovesNothing) {
    for (const std::size_t wire : {0u, 1u}) {
        SimulatedLan lan{1};
        const Nodes one = add_node(lan, config(110), {1, 1});
        add_node(lan, config(100), {2, 2});
        lan.start_all();
        settle(lan);

        lan.split({one[wire]});
        for (int i = 0; i < 100; ++i) {
            lan.run_for(kInterval / 2);
            ASSERT_TRUE(has_all(lan, one)) << "wire " << wire;
        }
    }
}

TEST_F(GroupLan, FaultOfOneMemberMovesAllAndItsEndMovesThemBack) {
    SimulatedLan lan{1};
    const Nodes one = add_node(lan, config(110), {1, 1, 1});
    const Nodes two = add_node(lan, config(100), {2, 2, 2});
    lan.start_all();
    settle(lan);
    lan.start_measuring();

    lan.put(one[1], FaultChanged{"interface eth1 is down"});
    EXPECT_EQ(lan.holders(), Nodes{});
    settle(lan);
    expect_only(lan, two);

    lan.put(one[1], FaultChanged{""});
    settle(lan);
    expect_only(lan, one);
    EXPECT_EQ(lan.longest_apart(), Duration{0});
}

TEST_F(GroupLan, BetterRouterOnOneNetworkTakesAllAwayFromUs) {
    SimulatedLan lan{1};
    const Nodes one = add_node(lan, config(100), {1, 1});
    lan.start_all();
    settle(lan);
    expect_only(lan, one);
    lan.start_measuring();

    // two routers without a group: one of them is better, one is not
    const Node better = lan.add(config(150), 1, ip("10.0.1.9"));
    const Node lower = lan.add(config(50), 0, ip("10.0.0.9"));
    lan.put(better, Startup{});
    lan.put(lower, Startup{});
    settle(lan);

    EXPECT_EQ(lan.active(), (Nodes{better, lower}));
    EXPECT_EQ(lan.longest_apart(), Duration{0});
}

TEST_F(GroupLan, WithoutPreemptionTheGroupThatIsThereStays) {
    SimulatedLan lan{1};
    Config high = config(110);
    high.preempt = false;
    const Nodes one = add_node(lan, high, {1, 1});
    const Nodes two = add_node(lan, config(100), {2, 2});
    for (const Node node : two) {
        lan.put(node, Startup{});
    }
    settle(lan);
    for (const Node node : one) {
        lan.put(node, Startup{});
    }
    settle(lan);
    expect_only(lan, two);
}

// Node one has the higher address on one network only.
TEST_F(GroupLan, EqualPrioritiesWithCrossedAddressesSettle) {
    for (std::uint32_t seed = 1; seed <= 100 && !HasFailure(); ++seed) {
        SCOPED_TRACE("seed " + std::to_string(seed));
        SimulatedLan lan{seed};
        const Nodes one = add_node(lan, config(100), {1, 9});
        const Nodes two = add_node(lan, config(100), {2, 3});
        lan.set_jitter(Duration{0});
        lan.set_delay(Milliseconds{2});
        lan.start_all();
        settle(lan);
        expect_only(lan, two);  // higher on the first network
        for (int i = 0; i < 20; ++i) {
            lan.run_for(kInterval / 3);
            ASSERT_TRUE(has_all(lan, two));
        }
    }
}

// One node hears the other one on the first network, but is not heard there.
// Both of them are MASTER because of it; the second network decides.
TEST_F(GroupLan, CrossedOwnersPartWithLossInOneDirection) {
    for (const bool higher_is_unheard : {true, false}) {
        SimulatedLan lan{1};
        const Nodes one = add_node(lan, config(100), {1, 9});
        const Nodes two = add_node(lan, config(100), {2, 3});
        lan.split({one[0], one[1]});
        lan.start_all();
        settle(lan);
        ASSERT_EQ(lan.active().size(), 4u);

        lan.silence(higher_is_unheard ? two[0] : one[0],
                    higher_is_unheard ? one[0] : two[0]);
        lan.split({});
        settle(lan);
        EXPECT_TRUE(has_all(lan, higher_is_unheard ? one : two));
        for (int i = 0; i < 60; ++i) {
            lan.run_for(kInterval / 3);
            ASSERT_TRUE(has_all(lan, higher_is_unheard ? one : two)) << i;
        }
        lan.heal();
        settle(lan);
        EXPECT_TRUE(has_all(lan, higher_is_unheard ? one : two));
    }
}

// Then the first network is cut: its member waits for adverts that may only
// have been lost, but not for longer than a takeover takes.
TEST_F(GroupLan, CrossedOwnersPartWhenTheFirstNetworkIsCut) {
    const Duration skew = skew_time(Version::v3, Priority{100}, kInterval);
    const Duration bound =
        active_down_interval(Version::v3, Priority{100}, kInterval, 3) +
        kInterval + skew + Milliseconds{10};
    for (std::uint32_t seed = 1; seed <= 20 && !HasFailure(); ++seed) {
        SCOPED_TRACE("seed " + std::to_string(seed));
        SimulatedLan lan{seed};
        Dice dice{seed};
        const Nodes one = add_node(lan, config(100), {1, 9});
        const Nodes two = add_node(lan, config(100), {2, 3});
        lan.split({one[0], one[1]});
        lan.start_all();
        settle(lan);
        lan.run_for(dice.up_to(kInterval));
        lan.silence(two[0], one[0]);
        lan.split({});
        lan.run_for(dice.up_to(2 * kInterval));
        ASSERT_EQ(lan.active().size(), 4u);

        lan.split({one[0]});
        lan.run_for(bound);
        EXPECT_TRUE(has_all(lan, one));
        settle(lan);
        EXPECT_TRUE(has_all(lan, one));
    }
}

// Both were MASTER of all, and hear each other again on some networks.
TEST_F(GroupLan, CrossedOwnersPartWithinAnIntervalAndSkew) {
    const Duration bound = kInterval +
                           skew_time(Version::v3, Priority{100}, kInterval) +
                           Milliseconds{10};
    for (std::uint32_t seed = 1; seed <= 60 && !HasFailure(); ++seed) {
        SCOPED_TRACE("seed " + std::to_string(seed));
        SimulatedLan lan{seed};
        Dice dice{seed};
        const Nodes one = add_node(lan, config(100), {1, 9});
        const Nodes two = add_node(lan, config(100), {2, 3});
        lan.split({one[0], one[1]});
        for (const Node node : one) {
            lan.put(node, Startup{});
        }
        lan.run_for(dice.up_to(3 * kInterval));
        for (const Node node : two) {
            lan.put(node, Startup{});
        }
        settle(lan);
        ASSERT_EQ(lan.active().size(), 4u);
        lan.start_measuring();

        // 0: all networks; 1: the first one; 2: the second one
        const unsigned which = dice.below(3);
        lan.split(which == 0   ? std::set<Node>{}
                  : which == 1 ? std::set<Node>{one[1]}
                               : std::set<Node>{one[0]});
        lan.run_for(bound);
        EXPECT_TRUE(has_all(lan, which == 2 ? one : two)) << which;
        settle(lan);
        EXPECT_TRUE(has_all(lan, which == 2 ? one : two)) << which;
        EXPECT_EQ(lan.longest_apart(), Duration{0});
    }
}

TEST_F(GroupLan, FailbackAndReleaseMoveAll) {
    SimulatedLan lan{1};
    Config high = config(110);
    high.preempt = false;
    const Nodes one = add_node(lan, high, {1, 1});
    const Nodes two = add_node(lan, config(100), {2, 2});
    lan.start_all();
    settle(lan);
    lan.start_measuring();
    for (const Node node : one) {
        lan.put(node, Release{"released", Milliseconds{300}});
    }
    settle(lan);
    expect_only(lan, two);
    EXPECT_EQ(lan.unheld(), Duration{0});

    for (const Node node : one) {
        lan.put(node, Resume{"resumed"});
    }
    settle(lan);
    expect_only(lan, two);
}

// Anything that can happen to the members and their networks.
void trouble(SimulatedLan &lan, Dice &dice, const std::vector<Nodes> &nodes) {
    const Nodes &one = nodes[dice.below(static_cast<unsigned>(nodes.size()))];
    const Node member = one[dice.below(static_cast<unsigned>(one.size()))];
    switch (dice.below(8)) {
        case 0:
            return lan.split({member});
        case 1:
            return lan.set_loss(dice.below(50));
        case 2:
            return lan.freeze(member);
        case 3:
            return lan.thaw(member);
        case 4:
            return lan.put(member, FaultChanged{"broken"});
        case 5:
            return lan.put(member, FaultChanged{""});
        case 6:
            return lan.split({one.begin(), one.end()});
        default: {
            const Priority priority{
                static_cast<std::uint8_t>(95 + dice.below(11))};
            for (const Node each : one) {
                lan.put(each, PriorityChanged{priority, "weight"});
            }
        }
    }
}

TEST_F(GroupLan, EveryTroubleSettlesAndMembersAreNeverApart) {
    for (std::uint32_t seed = 1; seed <= 150 && !HasFailure(); ++seed) {
        SCOPED_TRACE("seed " + std::to_string(seed));
        SimulatedLan lan{seed + 5000};
        Dice dice{seed};
        Config c = config(100);
        c.preempt = dice.one_in(2);
        std::vector<Nodes> nodes;
        for (unsigned n = 0; n < 2 + dice.below(2); ++n) {
            Octets octets;
            for (unsigned wire = 0; wire < 2 + seed % 2; ++wire) {
                octets.push_back(10 * (1 + dice.below(9)) + n);
            }
            c.priority =
                Priority{static_cast<std::uint8_t>(dice.one_in(2) ? 100 : 105)};
            nodes.push_back(add_node(lan, c, octets));
        }
        lan.start_all();
        lan.start_measuring();

        for (int round = 0; round < 6 && !HasFailure(); ++round) {
            SCOPED_TRACE("round " + std::to_string(round));
            for (unsigned i = 0; i < 1 + dice.below(5); ++i) {
                trouble(lan, dice, nodes);
                lan.run_for(dice.up_to(6 * kInterval));
            }
            lan.heal();
            for (const Nodes &node : nodes) {
                for (const Node member : node) {
                    lan.put(member, FaultChanged{""});
                }
            }
            settle(lan);
            settle(lan);
            EXPECT_TRUE(std::ranges::any_of(
                nodes, [&](const Nodes &node) { return has_all(lan, node); }));
        }
        // Members are frozen and thawed one after the other.
        EXPECT_LE(lan.longest_apart(), Milliseconds{1});
    }
}

}  // namespace
}  // namespace ngx_vrrp::test
