// Two nodes agree on a drain over their link, with a real engine each.
#include "core/node/peer_drains.hpp"

#include <gtest/gtest.h>

#include <memory>

#include "tests/node/peer_side.hpp"

namespace ngx_vrrp::node {
namespace {

using engine::Command;

struct DrainSide final : PeerSide {
    DrainSide(const IpAddress &own, std::uint8_t rank, peer::NodeId id)
        : PeerSide(own, rank, id) {
        begin();
    }

    // A process with the same links.
    void begin() {
        drains = std::make_unique<PeerDrains>(*links);
        vrrp::Config c = engine::config();
        c.priority = Priority{priority};
        c.preempt = preempts;
        c.peer_link = true;
        c.drain_timeout = Seconds{600};
        c.ports = {80};
        router = std::make_unique<engine::Engine>(
            std::vector<engine::RouterConfig>{{c, {}}}, machine.ports(), log);
    }

    engine::Interfaces world(bool on_lo = false) const {
        engine::Interfaces all = engine::interfaces();
        all.list[0].mac = {2, 0, 0, 0, 0, priority};
        all.list[0].addresses[0].address = address;
        engine::Interface lo{.name = "lo", .index = IfIndex{1}, .up = true};
        if (on_lo) {
            lo.addresses.push_back({engine::kVip, 32, true, false});
        }
        all.list.push_back(lo);
        return all;
    }

    void start(Instant now, bool on_lo = false) {
        machine.beats = {{.pid = 1, .beat = now}};
        router->start(world(on_lo), now);
    }

    // A process after one that died.
    void begin_as_master(Instant now) {
        machine.active_before = now;
        machine.beats = {{.pid = 1, .beat = now}};
        begin();
        engine::Interfaces all = world();
        all.list[0].addresses.push_back({engine::kVip, 24, true, false});
        router->start(all, now);
    }

    engine::Drain::Step step() const {
        return router->routers()[0].drain().step();
    }
    bool forwards() const { return router->routers()[0].forwarding().is_on(); }
    vrrp::StateName state() const {
        return router->routers()[0].instance().state();
    }

    std::unique_ptr<PeerDrains> drains;
    bool preempts = true;
};

class PeerDrainsTest : public ::testing::Test {
protected:
    using Step = engine::Drain::Step;

    void SetUp() override {
        lb1.start(now);
        run(Seconds{1});
        lb2.start(now);
        run(Seconds{1});
        lb2.links->set_targets({{0, lb1.address}}, now);
        ASSERT_TRUE(lb1.links->accept(0, lb2.address, lb1.address, now));
        lb1.links->begin(0, now);
        pass();
        look();
        pass();
        lb1.machine.connections = 3;
        lb1.machine.take();
        lb2.machine.take();
    }

    // As node/peer_links.cpp does each second.
    void look() {
        look(lb1);
        look(*successor);
    }
    void look(DrainSide &side) { look(side, side.priority); }
    void look(DrainSide &side, std::uint8_t priority) {
        const peer::RouterState state = side.state() == vrrp::StateName::active
                                            ? peer::RouterState::master
                                            : peer::RouterState::backup;
        side.links->set_status(
            0, {{Family::ipv4, Vrid{51}, state, Priority{priority}}}, now);
    }

    // What each node does after an event, until nothing is under way.
    void pass() {
        for (int i = 0; i < 10; ++i) {
            for (DrainSide *from : {&lb1, successor}) {
                DrainSide &to = from == &lb1 ? *successor : lb1;
                from->handover->notify(*from->router, now);
                from->drains->send(*from->router, now);
                if (from->drains->plans_to_want(*from->router, now)) {
                    look(*from, wanted_priority.value_or(from->priority));
                    from->drains->want(now);
                }
                from->handover->confirm(*from->router, now);
                for (const Buffer &octets : std::exchange(from->out, {})) {
                    if (link_works) {
                        to.links->receive(0, octets, now);
                    }
                }
                for (const peer::Received &one : to.links->take_received()) {
                    const auto type = one.message.type;
                    if (type == peer::Type::drain ||
                        type == peer::Type::forwards ||
                        type == peer::Type::wants) {
                        to.drains->receive(one, *to.router, now);
                    } else {
                        to.handover->receive(one, *to.router, now);
                    }
                }
                for (const Buffer &pdu :
                     std::exchange(from->machine.sent, {})) {
                    to.router->handle_packet(
                        {"eth0",
                         {{from->address, vrrp::multicast_group(Family::ipv4)},
                          255},
                         pdu},
                        now);
                }
            }
        }
    }

    void run(Duration time) {
        const Instant end = now + time;
        for (; now < end; now += Milliseconds{1}) {
            for (DrainSide *side : {&lb1, successor}) {
                side->machine.beats = {{.pid = 1, .beat = now}};
                const auto due = side->router->deadline();
                if (due && now >= *due) {
                    side->router->handle_time(now);
                }
            }
            pass();
        }
    }

    void drain() {
        lb1.router->execute(Command::release, "", now);
        run(vrrp::kLastRequests + Milliseconds{2});
        ASSERT_EQ(lb1.step(), Step::drains);
        look();
    }

    // lb1 has finished its connections, and lb2 has some.
    void move_to_lb2() {
        drain();
        lb1.machine.connections = 0;
        run(Seconds{1});
        look();
        pass();
        lb2.machine.connections = 5;
        lb1.links->set_targets({{0, lb2.address}}, now);
        pass();
        lb1.machine.take();
        lb2.machine.take();
    }

    // lb3 is MASTER then.
    void successor_dies() {
        run(Seconds{1});  // a link that is younger is not tried again at once
        lb1.links->handle_end(0, peer::Ended::closed, "", now);
        lb3.begin_as_master(now);
        lb3.links->set_targets({{0, lb1.address}}, now);
        successor = &lb3;
        ASSERT_TRUE(lb1.links->accept(0, lb3.address, lb1.address, now));
        lb1.links->begin(0, now);
        pass();
        lb1.links->set_targets({{0, lb3.address}}, now);
        look();
    }

    Instant now = instant_from_ns(1'000'000'000);
    bool link_works = true;
    // Of a node that wants to preempt: what its status says then.
    std::optional<std::uint8_t> wanted_priority;
    DrainSide lb1{*IpAddress::parse("10.0.1.1"), 100, 10};
    DrainSide lb2{*IpAddress::parse("10.0.1.2"), 90, 20};
    DrainSide lb3{*IpAddress::parse("10.0.1.3"), 80, 30};
    DrainSide *successor = &lb2;
};

TEST_F(PeerDrainsTest, TheSuccessorForwardsBeforeItIsMaster) {
    lb1.router->execute(Command::release, "", now);
    EXPECT_TRUE(lb1.machine.take().empty()) << "still MASTER";
    pass();
    const engine::Done done = lb2.machine.take();
    ASSERT_GE(done.size(), 2u);
    EXPECT_EQ(done[0], "forward 10.0.1.5 on eth0 to 02:00:00:00:00:64");
    EXPECT_EQ(done[1], "advert 90 224.0.0.18");
    EXPECT_EQ(lb2.state(), vrrp::StateName::active);
    run(vrrp::kLastRequests + Milliseconds{2});
    EXPECT_EQ(lb1.machine.take(),
              (engine::Done{"advert 0 224.0.0.18", "add 10.0.1.5 10s",
                            "hide 10.0.1.5 on eth0 behind 02:00:00:00:00:5a",
                            "remove 10.0.1.5"}));
    EXPECT_EQ(lb2.log.count("forwarding to lb100 (10.0.1.1)"), 1u);
}

TEST_F(PeerDrainsTest, BothEndWithTheLastConnection) {
    drain();
    run(Seconds{30});
    EXPECT_EQ(lb1.step(), Step::drains);
    EXPECT_TRUE(lb2.forwards());
    lb1.machine.connections = 0;
    run(Seconds{1});
    EXPECT_EQ(lb1.step(), Step::none);
    EXPECT_FALSE(lb2.forwards());
    EXPECT_EQ(lb1.machine.take().back(), "show 10.0.1.5");
}

TEST_F(PeerDrainsTest, BothEndWithoutALink) {
    drain();
    link_works = false;
    run(engine::kDrainSilence - Milliseconds{100});
    EXPECT_EQ(lb1.step(), Step::drains);
    EXPECT_TRUE(lb2.forwards());
    run(Milliseconds{1200});
    EXPECT_EQ(lb1.step(), Step::none);
    EXPECT_FALSE(lb2.forwards());
}

// It does not know which node was asked.
TEST_F(PeerDrainsTest, ANewProcessOfTheNodeThatLeftContinues) {
    drain();
    lb1.links->set_targets({{0, lb2.address}}, now);
    pass();
    lb1.begin();
    lb1.start(now, true);
    run(Seconds{10});
    EXPECT_EQ(lb1.step(), Step::drains);
    EXPECT_TRUE(lb2.forwards());
    lb1.machine.connections = 0;
    run(Seconds{1});
    EXPECT_FALSE(lb2.forwards());
}

TEST_F(PeerDrainsTest, ANewProcessOfTheSuccessorContinues) {
    drain();
    lb2.begin_as_master(now);
    EXPECT_FALSE(lb2.forwards());
    run(Milliseconds{1001});
    EXPECT_TRUE(lb2.forwards());
    EXPECT_EQ(lb1.step(), Step::drains);
}

// What the kernel still does for the previous process ends soon.
TEST_F(PeerDrainsTest, ANewLinkIsFollowedByAReport) {
    drain();
    run(Seconds{1});  // a link that is younger is not tried again at once
    lb2.begin_as_master(now);
    lb1.links->handle_end(0, peer::Ended::closed, "", now);
    lb2.links->handle_end(0, peer::Ended::closed, "", now);
    ASSERT_TRUE(lb1.links->accept(0, lb2.address, lb1.address, now));
    lb1.links->begin(0, now);
    pass();
    EXPECT_TRUE(lb2.forwards());
}

// The kernel of a successor that has ended forwards for some seconds.
TEST_F(PeerDrainsTest, TheNodeThatFollowsADeadSuccessorContinues) {
    drain();
    successor_dies();
    run(Milliseconds{1001});
    EXPECT_TRUE(lb3.forwards());
    run(engine::kDrainSilence + Seconds{1});
    EXPECT_EQ(lb1.step(), Step::drains);
    lb1.machine.connections = 0;
    run(Seconds{1});
    EXPECT_EQ(lb1.step(), Step::none);
    EXPECT_FALSE(lb3.forwards()) << "it is the one that learns the end";
}

// The successor may have only a new process.
TEST_F(PeerDrainsTest, ANodeThatRefusesIsNoSuccessor) {
    drain();
    successor_dies();
    lb3.machine.no_drains = "too old";
    run(engine::kDrainSilence + Seconds{1});
    EXPECT_EQ(lb1.step(), Step::none);
    EXPECT_EQ(lb1.log.count("the successor does not answer"), 1u);
}

// It serves no new connections.
TEST_F(PeerDrainsTest, ANodeThatQuitsLeavesToOneThatDoesNotPreempt) {
    lb1.router->stop("nginx is shutting down", true, now);
    run(vrrp::kLastRequests + Milliseconds{2});
    ASSERT_EQ(lb1.step(), Step::drains);
    lb3.preempts = false;
    lb3.begin();
    run(Seconds{1});
    lb1.links->handle_end(0, peer::Ended::closed, "", now);
    successor = &lb3;
    run(Seconds{4});
    ASSERT_EQ(lb1.state(), vrrp::StateName::active);
    lb3.start(now);
    run(Seconds{1});
    ASSERT_EQ(lb3.state(), vrrp::StateName::backup);

    lb3.links->set_targets({{0, lb1.address}}, now);
    ASSERT_TRUE(lb1.links->accept(0, lb3.address, lb1.address, now));
    lb1.links->begin(0, now);
    pass();
    look();
    run(Seconds{1});
    EXPECT_EQ(lb3.state(), vrrp::StateName::active);
    EXPECT_TRUE(lb3.forwards());
    EXPECT_EQ(lb1.step(), Step::drains);
    lb1.machine.connections = 0;
    run(Seconds{1});
    EXPECT_TRUE(lb1.router->finished());
}

TEST_F(PeerDrainsTest, APreemptionIsADrain) {
    move_to_lb2();
    lb1.router->execute(Command::resume, "", now);
    look();
    run(Seconds{1});
    EXPECT_EQ(lb1.state(), vrrp::StateName::active);
    EXPECT_EQ(lb2.state(), vrrp::StateName::backup);
    EXPECT_EQ(lb2.step(), Step::drains);
    EXPECT_TRUE(lb1.forwards());
    const engine::Done done = lb1.machine.take();
    ASSERT_GE(done.size(), 2u);
    EXPECT_EQ(done[0], "forward 10.0.1.5 on eth0 to 02:00:00:00:00:5a");
    EXPECT_EQ(done[1], "advert 100 224.0.0.18");
}

// Its status may arrive after that, on another link.
TEST_F(PeerDrainsTest, APreemptionWaitsForTheStatus) {
    move_to_lb2();
    wanted_priority = 50;
    lb1.router->execute(Command::resume, "", now);
    look(lb1, 50);
    run(Milliseconds{30});
    EXPECT_EQ(lb2.step(), Step::none);
    wanted_priority.reset();
    look();
    pass();
    EXPECT_TRUE(lb1.forwards());
    run(Seconds{1});
    EXPECT_EQ(lb2.step(), Step::drains);
}

// The one that was the next until now would take over, too.
TEST_F(PeerDrainsTest, APreemptionWaitsUntilAllNodesKnowTheNextOne) {
    move_to_lb2();
    lb1.router->execute(Command::resume, "", now);
    look();
    while (!lb2.drains->deadline(now)) {
        run(Milliseconds{1});
        ASSERT_EQ(lb2.state(), vrrp::StateName::active);
    }
    const Instant at = *lb2.drains->deadline(now);
    EXPECT_GT(at, now + Milliseconds{15});
    run(Milliseconds{15});
    EXPECT_FALSE(lb1.forwards());
    run(at - now + Milliseconds{1});
    EXPECT_TRUE(lb1.forwards());
}

TEST_F(PeerDrainsTest, WithoutALinkItLeavesAtOnce) {
    lb1.links->stop(peer::Farewell::quit, now);
    lb1.router->execute(Command::release, "", now);
    pass();
    EXPECT_EQ(lb1.log.count("no peer link to a successor"), 1u);
    EXPECT_EQ(lb1.machine.take().at(0), "advert 0 224.0.0.18");
}

TEST_F(PeerDrainsTest, ASuccessorThatCannotForwardSaysWhy) {
    lb2.machine.no_drains = "the kernel is too old";
    lb1.router->execute(Command::release, "", now);
    pass();
    EXPECT_EQ(lb1.log.count("end when they move: the kernel is too old"), 1u);
    run(vrrp::kLastRequests + Milliseconds{2});
    EXPECT_EQ(lb1.step(), Step::none);
    EXPECT_EQ(lb1.machine.take(),
              (engine::Done{"advert 0 224.0.0.18", "close 10.0.1.5:80",
                            "remove 10.0.1.5"}));
}

TEST_F(PeerDrainsTest, OnlyTheFollowedNodeIsBelieved) {
    const peer::Drain drain{
        {2, 0, 0, 0, 0, 9},
        {{Family::ipv4, Vrid{51}, peer::DrainStep::asks, 1, 60}}};
    peer::Received stranger{
        10, 0, *IpAddress::parse("10.0.1.3"), {peer::Type::drain, {}}};
    stranger.message.payload = serialize(drain);
    lb2.drains->receive(stranger, *lb2.router, now);
    EXPECT_FALSE(lb2.forwards());

    lb1.router->execute(Command::release, "", now);
    lb1.drains->send(*lb1.router, now);
    peer::Received answer{30, 0, lb2.address, {peer::Type::forwards, {}}};
    answer.message.payload =
        serialize(peer::Forwards{{}, "", {{Family::ipv4, Vrid{51}, true, 0}}});
    lb1.drains->receive(answer, *lb1.router, now);
    EXPECT_EQ(lb1.step(), Step::asks) << "another node was asked";
    lb1.drains->receive({20, 0, lb2.address, {peer::Type::forwards, {9}}},
                        *lb1.router, now);
    lb2.drains->receive({10, 0, lb1.address, {peer::Type::drain, {9}}},
                        *lb2.router, now);
    EXPECT_EQ(lb1.step(), Step::asks);
    EXPECT_FALSE(lb2.forwards());
}

}  // namespace
}  // namespace ngx_vrrp::node
