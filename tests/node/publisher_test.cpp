// The writes of the vrrp process to shared memory, and their times. The engine
// is real.
#include "core/node/publisher.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <utility>
#include <vector>

#include "core/status/area.hpp"
#include "core/status/view.hpp"
#include "tests/engine/engine_fixture.hpp"
#include "tests/support/dice.hpp"
#include "tests/support/zeroed_memory.hpp"

namespace ngx_vrrp::node {
namespace {

constexpr status::Room kRoom{.instances = 2, .addresses = 2, .routes = 2};

class PublisherTest : public engine::EngineTest {
protected:
    PublisherTest() { facts.pid = 42; }

    // The work of the vrrp process after each event.
    void share() { publisher.publish(*engine, facts, now); }

    status::Snapshot read() const {
        return area.read().value_or(status::Snapshot{});
    }
    const status::InstanceRecord &instance() {
        last = read();
        return last.instances.at(0);
    }

    // How many words of the memory this changes.
    template <class F>
    std::size_t writes(F &&f) {
        const std::span<std::uint64_t> words = memory.words();
        const std::vector<std::uint64_t> before(words.begin(), words.end());
        f();
        std::size_t count = 0;
        for (std::size_t i = 0; i < words.size(); ++i) {
            count += words[i] != before[i];
        }
        return count;
    }

    // Something happens, by chance: packets and time more often than the rest.
    void stir(test::Dice &dice) {
        constexpr std::array kPriorities{0, 50, 99, 100, 101, 200};
        constexpr std::array<std::uint8_t, 2> kCutOff{0x31, 51};
        switch (dice.below(12)) {
            case 0:
                engine->handle_interfaces(
                    engine::interfaces(!dice.one_in(3), dice.one_in(2)), now);
                break;
            case 1:
                engine->execute(static_cast<engine::Command>(dice.below(3)), "",
                                now);
                break;
            case 2:
                machine.fail(dice.one_in(2) ? "send" : "add", ENOBUFS);
                break;
            case 3:
                machine.heal();
                break;
            case 4:
                machine.successor = dice.one_in(2);
                engine->handle_ownership(now);
                machine.grant(std::exchange(machine.passed_on, {}));
                engine->handle_ownership(now);
                break;
            case 5:
                run(dice.up_to(Seconds{3}), !dice.one_in(4));
                break;
            case 6:
            case 7:
            case 8:
                run(dice.up_to(Milliseconds{200}));
                break;
            case 9:
                engine->handle_packet({"eth0", {}, kCutOff}, now);
                break;
            default:
                receive(static_cast<std::uint8_t>(
                            kPriorities[dice.below(kPriorities.size())]),
                        dice.one_in(3) ? IpAddress::v4({10, 0, 1, 3})
                                       : engine::kPeer);
        }
    }

    test::ZeroedMemory memory{status::Area::size(kRoom)};
    status::Area area{memory.get(), kRoom};
    status::NodeFacts facts;
    Publisher publisher{area};
    status::Snapshot last;
};

// Workers look at this alone.
TEST_F(PublisherTest, SaysThatConnectionsAreFinished) {
    vrrp::Config c = engine::config();
    c.peer_link = true;
    c.drain_timeout = Seconds{600};
    engine::Interfaces world = engine::interfaces();
    world.list.push_back({.name = "lo",
                          .index = IfIndex{1},
                          .mac = {},
                          .up = true,
                          .addresses = {{engine::kVip, 32, true, false}}});
    machine.connections = 2;
    beat();
    start(c, world);
    share();
    EXPECT_EQ(area.read_node().value().drains, 1);
    machine.connections = 0;
    run(Seconds{2});
    share();
    EXPECT_EQ(area.read_node().value().drains, 0);
}

TEST_F(PublisherTest, ReportsAllThatThereIs) {
    become_active();
    receive(50);
    share();

    EXPECT_EQ(read().node.pid, 42);
    EXPECT_EQ(read().node.instances, 1u);
    EXPECT_EQ(read().node.published_at_ns, to_ns(now));
    EXPECT_EQ(instance().name.view(), "VI_1");
    EXPECT_EQ(instance().state.view(), "MASTER");
    EXPECT_EQ(instance().source.view(), "10.0.1.1");
    EXPECT_EQ(instance().master_address.view(), "");
    EXPECT_EQ(instance().counters.adverts_sent,
              engine->routers()[0].counters().adverts_sent);
    EXPECT_EQ(read().addresses.at(0).address.view(), "10.0.1.5/24");
    EXPECT_EQ(read().addresses.at(0).present, 1);
}

TEST_F(PublisherTest, ReportsAChangeOfStateAtOnce) {
    become_active();
    share();
    now += Milliseconds{1};
    receive(200);
    share();

    EXPECT_EQ(instance().state.view(), "BACKUP");
    EXPECT_EQ(instance().master_address.view(), "10.0.1.2");
    EXPECT_EQ(instance().master_priority, 200);
    EXPECT_EQ(read().addresses.at(0).present, 0);
}

TEST_F(PublisherTest, WritesNothingThatHasNotChanged) {
    become_active();
    share();
    EXPECT_EQ(writes([&] {
                  now += Milliseconds{1};
                  share();
              }),
              1u)
        << "only that it lives";
    EXPECT_EQ(read().node.published_at_ns, to_ns(now));
}

TEST_F(PublisherTest, WritesNothingThatIsDescribedAsBefore) {
    become_active();
    share();
    EXPECT_EQ(writes([&] {
                  now += Milliseconds{1};
                  engine->handle_checks(now);
                  share();
              }),
              1u)
        << "only the time";
}

TEST_F(PublisherTest, WritesTheNodeOnlyWhenItHasChanged) {
    become_active();
    receive(200);
    share();
    const std::uint64_t before = area.node_version();
    for (int i = 0; i < 20; ++i) {
        now += Milliseconds{100};
        beat();
        receive(200);
        share();
    }
    EXPECT_EQ(area.node_version(), before);

    ++facts.lost_packets;
    now += Milliseconds{100};
    share();
    EXPECT_EQ(read().node.lost_packets, 1u);
}

// A process that stands aside counts nothing.
TEST_F(PublisherTest, WritesANodeWithoutNumbers) {
    make(engine::config());
    status::NodeFacts none;
    none.pid = 42;
    publisher.publish(*engine, none, now);
    EXPECT_EQ(read().node.pid, 42);
}

TEST_F(PublisherTest, WritesTheNodeAgainAfterAnotherProcess) {
    become_active();
    share();
    status::NodeFacts others = facts;
    others.pid = 43;
    area.publish(0, status::describe(*engine, others));
    now += Milliseconds{100};
    share();
    EXPECT_EQ(read().node.pid, 42);
}

// As a backup: each advert is heard, counted and no reason to write.
TEST_F(PublisherTest, CountersWaitForAWhile) {
    become_active();
    receive(200);
    share();
    const std::uint64_t before = instance().counters.adverts_received;

    EXPECT_EQ(writes([&] {
                  for (int i = 0; i < 9; ++i) {
                      now += Milliseconds{10};
                      receive(200);
                      share();
                  }
              }),
              1u);
    EXPECT_EQ(instance().counters.adverts_received, before);

    now += Milliseconds{10};
    const std::size_t words = writes([&] { share(); });
    EXPECT_EQ(instance().counters.adverts_received, before + 9);
    EXPECT_EQ(instance().master_heard_ns, to_ns(now - Milliseconds{10}));
    EXPECT_LT(words, 12u) << "what has changed, and two sequences";
}

TEST_F(PublisherTest, IsInNoHurryUnlessItIsReported) {
    become_active();
    receive(200);
    share();
    now += Milliseconds{1};
    receive(200);
    publisher.hurry();
    share();
    EXPECT_EQ(instance().master_heard_ns, to_ns(now));
}

TEST_F(PublisherTest, SaysThatItLivesWhenNothingElseWakesIt) {
    become_active();
    share();
    EXPECT_EQ(publisher.deadline(), now + kPublishInterval);
    EXPECT_LE(2 * kPublishInterval, status::kFresh);

    now += Milliseconds{10};
    receive(50);
    share();
    EXPECT_EQ(publisher.deadline(), now + kPublishInterval);
}

// The process after this one, and readers meanwhile.
TEST_F(PublisherTest, ContinuesInTheOtherBank) {
    become_active();
    share();
    facts.pid = 43;
    Publisher next(area);
    EXPECT_EQ(read().node.pid, 42);
    receive(200);
    next.publish(*engine, facts, now);

    EXPECT_EQ(read().node.pid, 43);
    EXPECT_EQ(instance().state.view(), "BACKUP");
}

// Each change that the status shows marks its router.
TEST_F(PublisherTest, ARouterMarksItselfWhenItMayHaveChanged) {
    const auto takes = [&] {
        std::size_t count = 0;
        engine->touched().take([&](std::size_t, engine::Touch) { ++count; });
        return count;
    };
    become_active();
    EXPECT_EQ(takes(), 1u);
    EXPECT_EQ(takes(), 0u);

    run(Milliseconds{100});
    EXPECT_EQ(takes(), 1u) << "an advert";
    receive(50);
    EXPECT_EQ(takes(), 1u) << "a packet";
    engine->handle_interfaces(engine::interfaces(true, true), now);
    EXPECT_EQ(takes(), 1u) << "addresses";
    engine->handle_checks(now);
    EXPECT_EQ(takes(), 1u) << "trackers";
    engine->execute(engine::Command::release, "", now);
    EXPECT_EQ(takes(), 1u) << "an operator";
    engine->stop("nginx is shutting down", false, now);
    EXPECT_EQ(takes(), 1u) << "the end";
    engine->handle_time(now);
    EXPECT_EQ(takes(), 0u) << "nothing is due";
}

TEST_F(PublisherTest, ReportsAnAddressThatIsBackAtOnce) {
    become_active();
    machine.fail("add", ENOBUFS);
    run(Milliseconds{1500});
    share();
    ASSERT_EQ(instance().state.view(), "MASTER");
    ASSERT_EQ(read().addresses.at(0).present, 0);
    machine.heal();
    run(Milliseconds{500});
    share();
    EXPECT_EQ(read().addresses.at(0).present, 1);
}

// A backup that hears the same router, and one that advertises, only count.
TEST_F(PublisherTest, AnAdvertisementThatChangesNothingOnlyCounts) {
    const auto touch = [&] {
        engine::Touch all = engine::Touch::none;
        engine->touched().take(
            [&](std::size_t, engine::Touch t) { all = std::max(all, t); });
        return all;
    };
    become_active();
    EXPECT_EQ(touch(), engine::Touch::all);
    run(Milliseconds{100});
    EXPECT_EQ(touch(), engine::Touch::numbers);
    receive(200);
    EXPECT_EQ(touch(), engine::Touch::all) << "BACKUP";
    receive(200);
    EXPECT_EQ(touch(), engine::Touch::numbers);
    receive(201);
    EXPECT_EQ(touch(), engine::Touch::all) << "another priority";
}

TEST_F(PublisherTest, RoutesAreMissingOnlyOnAMaster) {
    vrrp::Config c = engine::config();
    vrrp::Route route;
    route.destination = {*IpAddress::parse("192.0.2.0"), 24};
    route.via = IpAddress::parse("10.0.1.254");
    vrrp::Rule rule;
    rule.priority = 100;
    c.routes = {route};
    c.rules = {rule};
    machine.fail("add route 192.0.2.0/24 via 10.0.1.254", EEXIST);
    beat();
    start(c);
    share();
    ASSERT_EQ(read().routes.size(), 2u);
    EXPECT_EQ(read().routes[0].text.view(), "192.0.2.0/24 via 10.0.1.254");
    EXPECT_EQ(read().routes[0].missing, 0);
    EXPECT_EQ(read().routes[1].text.view(), "100 from all");
    EXPECT_EQ(read().routes[1].is_rule, 1);

    run(Milliseconds{700});
    share();
    ASSERT_EQ(instance().state.view(), "MASTER");
    EXPECT_EQ(last.routes[0].present, 0);
    EXPECT_EQ(last.routes[0].missing, 1);
    EXPECT_NE(last.routes[0].error.view(), "");
    EXPECT_EQ(last.routes[1].present, 1);
    EXPECT_EQ(last.routes[1].missing, 0);

    receive(200);
    share();
    ASSERT_EQ(instance().state.view(), "BACKUP");
    EXPECT_EQ(last.routes[0].missing, 0);
    EXPECT_EQ(last.routes[0].error.view(), "");
    EXPECT_EQ(last.routes[1].present, 0);
}

TEST_F(PublisherTest, RoutesThatAreWithdrawnAreNotMissing) {
    vrrp::Config c = engine::config();
    c.election = false;
    c.leave_time = Seconds{2};
    vrrp::Route route;
    route.destination = {*IpAddress::parse("10.0.1.5"), 32};
    route.interface = "lo";
    c.routes = {route};
    beat();
    start(c);
    share();
    ASSERT_EQ(read().routes.size(), 1u);
    EXPECT_EQ(read().routes[0].present, 1);

    engine->execute(engine::Command::release, "", now);
    share();
    ASSERT_EQ(instance().state.view(), "MASTER");
    EXPECT_EQ(last.routes[0].present, 0);
    EXPECT_EQ(last.routes[0].missing, 0);
}

// Whatever happens: a router that says that only numbers have changed would
// be described as before.
TEST_F(PublisherTest, WhatOnlyCountedIsDescribedAsBefore) {
    for (std::uint32_t seed = 1; seed <= 20; ++seed) {
        test::Dice dice(seed);
        machine = {};
        become_active();
        status::Description shown(engine->routers()[0], 42, {});
        engine::Counters counters = engine->routers()[0].counters();
        for (int step = 0; step < 300; ++step) {
            stir(dice);
            engine->touched().take([&](std::size_t, engine::Touch touch) {
                const bool changed = shown.update(engine->routers()[0]);
                ASSERT_FALSE(changed && touch == engine::Touch::numbers)
                    << "seed " << seed << ", step " << step;

                const engine::Counters &after = engine->routers()[0].counters();
                counters.adverts_sent = after.adverts_sent;
                counters.adverts_received = after.adverts_received;
                ASSERT_FALSE(touch == engine::Touch::numbers &&
                             std::memcmp(&counters, &after, sizeof(after)) != 0)
                    << "seed " << seed << ", step " << step;
                counters = after;
            });
        }
    }
}

}  // namespace
}  // namespace ngx_vrrp::node
