// A planned move: the node that leaves finishes its connections at "lo", and
// the successor forwards to it.
#include "core/engine/drain.hpp"

#include <gtest/gtest.h>

#include "tests/engine/engine_fixture.hpp"

namespace ngx_vrrp::engine {
namespace {

const MacAddress kPeerMac{2, 0, 0, 0, 0, 2};
const ForwardsReport kInPlace{true, "", 0, kPeerMac};
const std::string kHide = "hide 10.0.1.5 on eth0 behind 02:00:00:00:00:02";
const std::string kForward = "forward 10.0.1.5 on eth0 to 02:00:00:00:00:02";
const std::string kZero = "advert 0 224.0.0.18";

class DrainTest : public EngineTest {
protected:
    static Interfaces world(bool vip = false, bool on_lo = false) {
        Interfaces all = interfaces(true, vip);
        Interface lo{.name = "lo", .index = IfIndex{1}, .up = true};
        if (on_lo) {
            lo.addresses.push_back({kVip, 32, true, false});
        }
        all.list.push_back(lo);
        return all;
    }

    static vrrp::Config drained_config() {
        vrrp::Config c = config();
        c.peer_link = true;
        c.drain_timeout = Seconds{600};
        c.ports = {80};
        return c;
    }

    void become_active_with(unsigned connections,
                            vrrp::Config c = drained_config()) {
        beat();
        start(std::move(c), world());
        run(Seconds{1});
        ASSERT_EQ(state(), vrrp::StateName::active);
        engine->handle_interfaces(world(true), now);
        machine.connections = connections;
        machine.take();
        engine->take_drain_news();
    }

    void leave_with(unsigned connections) {
        become_active_with(connections);
        engine->stop("nginx is shutting down", true, now);
    }

    // B has taken over, and says so on the link.
    void be_succeeded() {
        obey(vrrp::SuccessorNotified{});
        obey(vrrp::SuccessorReady{kPeer});
        run(Milliseconds{20});
    }

    // As leave_with(), and nginx does not quit.
    void release_with(unsigned connections) {
        become_active_with(connections);
        engine->execute(Command::release, "", now);
    }

    void drain(unsigned connections, bool quits = true) {
        if (quits) {
            leave_with(connections);
        } else {
            release_with(connections);
        }
        engine->hear_forwards(0, kInPlace, now);
        be_succeeded();
        engine->handle_interfaces(world(false, true), now);
        ASSERT_EQ(router().drain().step(), Drain::Step::drains);
        machine.take();
        engine->take_drain_news();
    }

    // A BACKUP beside a MASTER with a lower priority.
    void be_above(bool preempt) {
        vrrp::Config c = drained_config();
        c.preempt = preempt;
        beat();
        start(c, world());
        receive(90);
    }

    void hear_lower_for(Duration d) {
        for (const Instant until = now + d; now < until;) {
            run(Milliseconds{90});
            receive(90);
        }
    }

    void obey(const vrrp::Input &in) {
        const Engine::PeerInput input{0, in};
        engine->handle_peers({&input, 1}, now);
    }

    // The successor answers each second.
    void run_forwarded(Duration d) {
        for (const Instant end = now + d; now < end;) {
            run(std::min<Duration>(Milliseconds{500}, end - now));
            if (router().drain().has_addresses()) {
                engine->hear_forwards(0, kInPlace, now);
            }
        }
    }

    // Without renewals.
    Done done() {
        Done all = machine.take();
        std::erase_if(all, [](const std::string &what) {
            return what == "add 10.0.1.5 10s" || what == kHide ||
                   what == "withdraw";
        });
        return all;
    }

    const VirtualRouter &router() const { return engine->routers()[0]; }
    bool has_news() { return !engine->take_drain_news().empty(); }

    DrainRequest request(DrainRequest::Step step) {
        return {step, 7, Seconds{600}, kPeerMac, "lb1 (10.0.1.2)", kPeer};
    }
};

TEST_F(DrainTest, AsksBeforeItLeaves) {
    leave_with(3);
    EXPECT_TRUE(has_news());
    EXPECT_TRUE(router().drain().is_asking());
    EXPECT_EQ(router().drain().connections(), 3u);
    EXPECT_TRUE(router().needs_link());
    run(Milliseconds{50});
    EXPECT_EQ(std::ranges::count(machine.take(), kZero), 0) << "still MASTER";
    EXPECT_FALSE(engine->finished());

    engine->hear_forwards(0, kInPlace, now);
    EXPECT_EQ(machine.take(), Done{kZero});
    EXPECT_TRUE(router().is_leaving());
}

TEST_F(DrainTest, ConnectionsOfRoutersThatLeaveTogetherAreCountedOnce) {
    std::vector<RouterConfig> routers{{drained_config(), {}},
                                      {drained_config(), {}}};
    routers[1].router.vrid = Vrid{77};
    routers[1].router.addresses.at(0).address = *IpAddress::parse("10.0.1.6");
    beat();
    engine.emplace(std::move(routers), machine.ports(), log);
    engine->start(world(), now);
    run(Seconds{1});
    engine->handle_interfaces(world(true), now);
    machine.connections = 3;

    engine->stop("nginx is shutting down", true, now);
    EXPECT_TRUE(engine->routers()[0].drain().is_asking());
    EXPECT_TRUE(engine->routers()[1].drain().is_asking());
    EXPECT_EQ(machine.counted, 1u);
}

TEST_F(DrainTest, ASuccessorThatIsLateConfirms) {
    release_with(3);
    engine->hear_forwards(0, kInPlace, now);
    run(Milliseconds{500});
    run_forwarded(Seconds{6});
    EXPECT_EQ(router().drain().step(), Drain::Step::drains);
    machine.take();
    run(kDrainSilence + Seconds{1});
    EXPECT_EQ(router().drain().step(), Drain::Step::none);
    EXPECT_EQ(std::ranges::count(machine.take(), "close 10.0.1.5:80"), 1);
}

TEST_F(DrainTest, AfterAFaultNoSuccessorIsWaitedFor) {
    become_active_with(3);
    engine->execute(Command::release, "", now);
    engine->hear_forwards(0, kInPlace, now);
    ASSERT_TRUE(router().is_leaving());
    machine.take();
    machine.beats[0].gone_at = now;
    engine->handle_workers(now);
    EXPECT_EQ(state(), vrrp::StateName::fault);
    EXPECT_EQ(machine.take(), Done{"remove 10.0.1.5"});
}

TEST_F(DrainTest, AdvertisesWhileItAsksButNotForLong) {
    leave_with(3);
    run(Milliseconds{980});
    const Done asking = machine.take();
    EXPECT_GE(std::ranges::count(asking, "advert 100 224.0.0.18"), 1);
    EXPECT_EQ(std::ranges::count(asking, kZero), 0);
    run(Milliseconds{40});
    EXPECT_EQ(std::ranges::count(machine.take(), kZero), 1);
    EXPECT_EQ(log.count("has not answered"), 1u);
    EXPECT_EQ(router().why_undrained(),
              "the successor has not answered on the peer link");
    EXPECT_TRUE(has_news()) << "the other node may begin later";
    be_succeeded();
    EXPECT_EQ(machine.take(), (Done{"close 10.0.1.5:80", "remove 10.0.1.5"}));
    EXPECT_TRUE(engine->finished());
}

TEST_F(DrainTest, ARefusalIsAsBefore) {
    leave_with(3);
    engine->hear_forwards(0, {false, "too old", 0, {}}, now);
    EXPECT_EQ(machine.take(), Done{kZero});
    EXPECT_EQ(log.count("end when they move: too old"), 1u);
    EXPECT_EQ(router().why_undrained(), "too old");
    be_succeeded();
    EXPECT_EQ(machine.take(), (Done{"close 10.0.1.5:80", "remove 10.0.1.5"}));
    EXPECT_TRUE(engine->finished());
}

TEST_F(DrainTest, TheAddressGoesToLoBeforeItLeavesTheInterface) {
    leave_with(3);
    engine->hear_forwards(0, kInPlace, now);
    machine.take();
    be_succeeded();
    EXPECT_EQ(machine.take(),
              (Done{"add 10.0.1.5 10s", kHide, "remove 10.0.1.5"}));
    EXPECT_TRUE(has_news());
    EXPECT_FALSE(engine->finished()) << "nginx has workers";
    EXPECT_FALSE(engine->holds_addresses()) << "they may quit now";
    EXPECT_EQ(log.count("finishing 3 connections"), 1u);
}

TEST_F(DrainTest, WithoutConnectionsItIsGoneAtOnce) {
    leave_with(3);
    engine->hear_forwards(0, kInPlace, now);
    machine.connections = 0;
    machine.take();
    be_succeeded();
    EXPECT_EQ(machine.take().back(), "remove 10.0.1.5");
    EXPECT_EQ(router().drain().step(), Drain::Step::none);
    EXPECT_TRUE(has_news()) << "nothing is to be forwarded";
    EXPECT_TRUE(engine->finished());
}

// Its kernel may need longer for the addresses than this node waits. If it
// never has them, the connections wait for another MASTER.
TEST_F(DrainTest, ASuccessorThatIsLateIsWaitedFor) {
    release_with(3);
    engine->hear_forwards(0, kInPlace, now);
    machine.take();
    run(Milliseconds{500});
    EXPECT_EQ(machine.take(),
              (Done{"add 10.0.1.5 10s", kHide, "remove 10.0.1.5"}));
    EXPECT_EQ(router().drain().step(), Drain::Step::drains);
    EXPECT_TRUE(has_news());

    run(kDrainSilence + Seconds{1});
    EXPECT_EQ(router().drain().step(), Drain::Step::none);
    EXPECT_EQ(std::ranges::count(machine.take(), "close 10.0.1.5:80"), 0);
    EXPECT_EQ(log.count("the successor does not answer on the peer link"), 1u);
}

TEST_F(DrainTest, RenewsAndReportsEachSecond) {
    drain(3);
    machine.connections = 2;
    run(Milliseconds{1000});
    EXPECT_EQ(machine.take(), (Done{"add 10.0.1.5 10s", kHide}));
    EXPECT_TRUE(has_news());
    EXPECT_EQ(router().drain().connections(), 2u);
}

TEST_F(DrainTest, EndsWithTheLastConnection) {
    drain(3);
    run_forwarded(Seconds{20});
    EXPECT_EQ(done(), Done{});
    EXPECT_TRUE(engine->finishes_connections());
    machine.connections = 0;
    run_forwarded(Seconds{1});
    EXPECT_EQ(done(), (Done{"remove 10.0.1.5/32", "show 10.0.1.5"}));
    EXPECT_TRUE(engine->finished());
    EXPECT_FALSE(engine->finishes_connections());
    EXPECT_TRUE(has_news());
    EXPECT_EQ(log.count("no connection is left"), 1u);
}

TEST_F(DrainTest, EndsAfterItsTime) {
    drain(3);
    run_forwarded(Seconds{599});
    EXPECT_EQ(done(), Done{});
    run_forwarded(Seconds{2});
    EXPECT_EQ(done(), (Done{"close 10.0.1.5:80", "remove 10.0.1.5/32",
                            "show 10.0.1.5"}));
    EXPECT_EQ(log.count("drain_timeout"), 1u);
    EXPECT_TRUE(engine->finished());
}

TEST_F(DrainTest, AShorterTimeIsForAMasterProcessThatDied) {
    become_active_with(3);
    engine->limit_drains(Seconds{30}, now);
    engine->stop("the nginx master process died", true, now);
    engine->hear_forwards(0, kInPlace, now);
    be_succeeded();
    run_forwarded(Seconds{29});
    EXPECT_FALSE(engine->finished());
    run_forwarded(Seconds{2});
    EXPECT_TRUE(engine->finished());
}

TEST_F(DrainTest, EndsWhenTheSuccessorIsSilent) {
    drain(3, false);
    run(kDrainSilence - Milliseconds{100});
    EXPECT_EQ(done(), Done{});
    run(Milliseconds{1100});
    EXPECT_EQ(done().back(), "show 10.0.1.5");
    EXPECT_EQ(log.count("does not answer"), 1u);
}

TEST_F(DrainTest, EndsWhenTheSuccessorDoesNotForwardAnyMore) {
    drain(3, false);
    engine->hear_forwards(0, {false, "it ends", 0, {}}, now);
    run(kDrainSilence - Milliseconds{100});
    EXPECT_EQ(done(), Done{});
    run(Milliseconds{1100});
    EXPECT_EQ(done(), (Done{"close 10.0.1.5:80", "remove 10.0.1.5/32",
                            "show 10.0.1.5"}));
    EXPECT_EQ(log.count("the successor does not forward: it ends"), 1u);
}

// Its process was started again.
TEST_F(DrainTest, ASuccessorMayRefuseForAMoment) {
    drain(3, false);
    engine->hear_forwards(0, {false, "it is not ready", 0, {}}, now);
    run(Milliseconds{2500});
    run_forwarded(Seconds{10});
    EXPECT_EQ(done(), Done{});
    EXPECT_EQ(router().drain().step(), Drain::Step::drains);
}

// Clients that end their requests while the address moves, and then only
// connections that wait.
TEST_F(DrainTest, DoesNotExpectWhatWasForwardedBeforeItCounted) {
    drain(3);
    ForwardsReport report = kInPlace;
    report.segments = 40;
    for (int i = 0; i < 3; ++i) {
        engine->hear_forwards(0, report, now);
        run(Milliseconds{1100});
    }
    EXPECT_EQ(done(), Done{});
    EXPECT_EQ(router().drain().step(), Drain::Step::drains);
}

TEST_F(DrainTest, EndsIfNothingThatIsForwardedArrives) {
    drain(3);
    machine.drain_counts.received = 1;
    ForwardsReport report = kInPlace;
    for (report.segments = 40; report.segments <= 50; report.segments += 10) {
        engine->hear_forwards(0, report, now);
        run(Milliseconds{1100});
    }
    EXPECT_EQ(done(), Done{});

    machine.drain_counts.received = 0;
    run(Milliseconds{1000});
    EXPECT_EQ(done().back(), "show 10.0.1.5");
    EXPECT_EQ(log.count("nothing of what the successor forwards"), 1u);
}

TEST_F(DrainTest, AReleaseHoldsIfTheNodeIsPreemptedWhileItAsks) {
    become_active_with(3);
    engine->execute(Command::release, "", now);
    ASSERT_TRUE(router().drain().is_asking());
    receive(200);
    EXPECT_EQ(state(), vrrp::StateName::fault);
    EXPECT_FALSE(router().is_moving());
}

TEST_F(DrainTest, AnAddressThatIsAtLoForGoodStaysThere) {
    become_active_with(3);
    Interfaces all = world(true);
    all.list.back().addresses.push_back({kVip, 32, false, false});
    engine->handle_interfaces(all, now);
    engine->execute(Command::release, "", now);
    EXPECT_EQ(router().drain().step(), Drain::Step::none);
}

TEST_F(DrainTest, FinishesWhatItForwardsForAnotherNode) {
    become_active_with(0);
    engine->forward(0, request(DrainRequest::Step::drains), now);
    machine.connections = 0;
    engine->execute(Command::release, "", now);
    engine->hear_forwards(0, kInPlace, now);
    be_succeeded();
    EXPECT_EQ(router().drain().step(), Drain::Step::drains);
    EXPECT_EQ(router().drain().connections(), 7u);
    EXPECT_TRUE(engine->forward(0, request(DrainRequest::Step::drains), now)
                    .is_in_place);
}

TEST_F(DrainTest, ManyConnectionsAreClosedInSlices) {
    drain(350, false);
    run(kDrainSilence + Seconds{1});
    EXPECT_EQ(done(), (Done{"close 10.0.1.5:80", "close 10.0.1.5:80",
                            "close 10.0.1.5:80", "close 10.0.1.5:80",
                            "remove 10.0.1.5/32", "show 10.0.1.5"}));
}

TEST_F(DrainTest, EndsAtOnceWhenNginxTerminates) {
    drain(350);
    engine->stop("nginx is terminating", false, now);
    EXPECT_EQ(done(), (Done{"close 10.0.1.5:80", "remove 10.0.1.5/32",
                            "show 10.0.1.5"}));
    EXPECT_TRUE(engine->finished());
}

TEST_F(DrainTest, AFaultWhileItAsksLeavesAtOnce) {
    leave_with(3);
    Interfaces down = world(true);
    down.list[0].up = false;
    engine->handle_interfaces(down, now);
    EXPECT_EQ(machine.take(), (Done{kZero, "remove 10.0.1.5"}));
    engine->hear_forwards(0, kInPlace, now);
    run(Seconds{1});
    EXPECT_EQ(machine.take(), Done{});
    EXPECT_FALSE(router().needs_link());
}

TEST_F(DrainTest, TerminationWhileItAsks) {
    leave_with(3);
    engine->stop("nginx is terminating", false, now);
    EXPECT_EQ(machine.take(), (Done{kZero, "remove 10.0.1.5"}));
    EXPECT_TRUE(engine->finished());
}

TEST_F(DrainTest, AReleaseThatIsWithdrawnMovesNothing) {
    become_active_with(3);
    engine->execute(Command::release, "", now);
    EXPECT_TRUE(router().is_moving());
    EXPECT_FALSE(router().is_leaving());
    engine->execute(Command::resume, "", now);
    EXPECT_FALSE(router().is_moving());
    engine->hear_forwards(0, kInPlace, now);
    run(Milliseconds{400});
    EXPECT_EQ(state(), vrrp::StateName::active);
    EXPECT_EQ(router().drain().step(), Drain::Step::none);
    EXPECT_TRUE(has_news());

    engine->execute(Command::release, "", now);
    engine->hear_forwards(0, kInPlace, now);
    EXPECT_TRUE(router().is_leaving());
    engine->execute(Command::resume, "", now);
    EXPECT_EQ(router().drain().step(), Drain::Step::none);
    EXPECT_EQ(state(), vrrp::StateName::active);
}

TEST_F(DrainTest, TheEndOfAReleaseDoesNotStopAShutdown) {
    become_active_with(3);
    engine->execute(Command::release, "", now,
                    {.rescue = true, .length = Seconds{2}});
    run(Milliseconds{1900});
    ASSERT_EQ(state(), vrrp::StateName::active);
    engine->stop("nginx is shutting down", true, now);
    ASSERT_TRUE(router().drain().is_asking());
    machine.take();
    run(Milliseconds{1100});
    EXPECT_EQ(std::ranges::count(machine.take(), kZero), 1);
    run(Seconds{1});
    EXPECT_TRUE(engine->finished());
}

TEST_F(DrainTest, AMasterAgainTakesItsConnectionsBack) {
    become_active_with(3);
    engine->execute(Command::release, "", now);
    engine->hear_forwards(0, kInPlace, now);
    be_succeeded();
    ASSERT_EQ(router().drain().step(), Drain::Step::drains);
    engine->execute(Command::resume, "", now);
    machine.take();
    run_forwarded(Seconds{2});
    EXPECT_EQ(state(), vrrp::StateName::active);
    Done all = done();
    all.resize(4);
    EXPECT_EQ(all, (Done{"advert 100 224.0.0.18", "add 10.0.1.5 1s",
                         "remove 10.0.1.5/32", "show 10.0.1.5"}));
    EXPECT_EQ(router().drain().step(), Drain::Step::none);
}

TEST_F(DrainTest, IsNoStray) {
    become_active_with(3);
    engine->execute(Command::release, "", now);
    engine->hear_forwards(0, kInPlace, now);
    be_succeeded();
    engine->handle_interfaces(world(false, true), now);
    machine.take();
    run_forwarded(Seconds{30});
    EXPECT_EQ(done(), Done{});
    EXPECT_TRUE(router().signs().empty());
}

struct Case {
    const char *name;
    void (*change)(vrrp::Config &c);
    const char *why;
};

class NoDrainTest : public DrainTest,
                    public ::testing::WithParamInterface<Case> {};

TEST_P(NoDrainTest, LeavesAtOnce) {
    vrrp::Config c = drained_config();
    GetParam().change(c);
    become_active_with(3, c);
    EXPECT_EQ(router().why_no_drain(), GetParam().why);
    machine.take();
    engine->stop("nginx is shutting down", true, now);
    EXPECT_EQ(machine.take(), Done{kZero});
}

INSTANTIATE_TEST_SUITE_P(
    All, NoDrainTest,
    ::testing::Values(
        Case{"no_link", [](vrrp::Config &c) { c.peer_link = false; },
             "there is no peer link"},
        Case{"off", [](vrrp::Config &c) { c.drain_timeout = Seconds{0}; },
             "drain_timeout is 0"},
        Case{"subnet",
             [](vrrp::Config &c) {
                 c.addresses.push_back(
                     {*IpAddress::parse("10.0.2.5"), 24, "eth0", ""});
             },
             "no other address of eth0 is in the subnet of 10.0.2.5"},
        Case{"other_interface",
             [](vrrp::Config &c) {
                 c.addresses.push_back(
                     {*IpAddress::parse("10.0.1.6"), 24, "lo", ""});
             },
             "10.0.1.6 is on another interface"}),
    [](const auto &one) { return one.param.name; });

TEST_F(DrainTest, LeavesAtOnceWithoutPrograms) {
    machine.no_drains = "the kernel is too old";
    leave_with(3);
    EXPECT_EQ(machine.take(), Done{kZero});
    EXPECT_EQ(router().why_no_drain(), "the kernel is too old");
}

TEST_F(DrainTest, LinkLocalAddressesAreNotDrained) {
    vrrp::Config c = drained_config();
    c.addresses.push_back({*IpAddress::parse("fe80::5"), 128, "eth0", ""});
    c.addresses.back().excluded = true;
    become_active_with(3, c);
    engine->stop("nginx is shutting down", true, now);
    engine->hear_forwards(0, kInPlace, now);
    machine.take();
    be_succeeded();
    EXPECT_EQ(machine.take(), (Done{"add 10.0.1.5 10s", kHide,
                                    "remove 10.0.1.5", "remove fe80::5/128"}));
}

// Another program has added a qdisc without an egress.
TEST_F(DrainTest, Ipv4AddressesThatCannotBeHiddenEndAtOnce) {
    machine.not_hidden = "eth0 has the qdisc ingress";
    leave_with(3);
    EXPECT_EQ(router().why_undrained(), "eth0 has the qdisc ingress");
    EXPECT_EQ(machine.take(), Done{kZero});
    EXPECT_FALSE(router().drain().is_asking());
}

TEST_F(DrainTest, Ipv6ContinuesWhereIpv4CannotBeHidden) {
    vrrp::Config c = drained_config();
    c.addresses.push_back({*IpAddress::parse("fd00::5"), 128, "eth0", ""});
    c.addresses.back().excluded = true;
    become_active_with(250, c);
    machine.not_hidden = "eth0 has the qdisc ingress";
    EXPECT_EQ(router().why_undrained(),
              "not for IPv4: eth0 has the qdisc ingress");
    engine->stop("nginx is shutting down", true, now);
    engine->hear_forwards(0, kInPlace, now);
    machine.take();
    machine.unclosed = 3;
    be_succeeded();
    EXPECT_EQ(machine.take(),
              (Done{"close 10.0.1.5:80", "close 10.0.1.5:80",
                    "close 10.0.1.5:80", "add fd00::5 10s",
                    "hide fd00::5 on eth0 behind 02:00:00:00:00:02",
                    "remove 10.0.1.5", "remove fd00::5/128"}));
    EXPECT_EQ(router().drain().connections(), 6u) << "3 of each address";
    EXPECT_EQ(log.count("closed 247 connections to its addresses, eth0 has"),
              1u);
}

TEST_F(DrainTest, WhatCannotMoveIsRemoved) {
    leave_with(3);
    engine->hear_forwards(0, kInPlace, now);
    machine.take();
    machine.fail("hide", EPERM);
    be_succeeded();
    EXPECT_EQ(machine.take(),
              (Done{"add 10.0.1.5 10s", kHide, "remove 10.0.1.5/32",
                    "show 10.0.1.5", "close 10.0.1.5:80", "remove 10.0.1.5"}));
    EXPECT_TRUE(has_news());
    EXPECT_EQ(log.count("end when they move: hide() failed (1: "), 1u);
    EXPECT_EQ(router().why_undrained(),
              "hide() failed (1: Operation not permitted)");
}

TEST_F(DrainTest, TheReasonIsThatOfTheLastMove) {
    become_active_with(3);
    engine->execute(Command::release, "", now);
    engine->hear_forwards(0, {false, "too old", 0, {}}, now);
    be_succeeded();
    EXPECT_EQ(router().why_undrained(), "too old");
    engine->execute(Command::resume, "", now);
    ASSERT_EQ(state(), vrrp::StateName::backup);
    EXPECT_EQ(router().why_undrained(), "too old");
    run(Seconds{1});
    ASSERT_EQ(state(), vrrp::StateName::active);
    EXPECT_EQ(router().why_undrained(), "");
}

// The first one has had no effect yet.
TEST_F(DrainTest, ASecondReleaseChangesTheTermsWhileItAsks) {
    become_active_with(3);
    engine->execute(Command::release, "", now);
    engine->execute(Command::release, "", now, {.rescue = true});
    EXPECT_TRUE(router().drain().is_asking());
    engine->hear_forwards(0, kInPlace, now);
    be_succeeded();
    EXPECT_EQ(state(), vrrp::StateName::backup);
    engine->execute(Command::release, "", now);
    EXPECT_EQ(state(), vrrp::StateName::fault);
    engine->execute(Command::resume, "", now);
    EXPECT_EQ(state(), vrrp::StateName::backup);
}

// Preemption

TEST_F(DrainTest, GivesWayWhenTheOtherNodeForwards) {
    become_active_with(3);
    engine->give_way(0, "lb2 (10.0.1.2)", now);
    EXPECT_EQ(machine.take(), Done{});
    EXPECT_TRUE(router().drain().is_asking());
    engine->hear_forwards(0, kInPlace, now);
    EXPECT_EQ(machine.take(), Done{kZero});
    be_succeeded();
    EXPECT_EQ(state(), vrrp::StateName::backup);
    EXPECT_EQ(router().drain().step(), Drain::Step::drains);
}

TEST_F(DrainTest, IsPreemptedWhenTheOtherNodeDoesNotForward) {
    become_active_with(3);
    engine->give_way(0, "lb2 (10.0.1.2)", now);
    engine->hear_forwards(0, {false, "too old", 0, {}}, now);
    engine->give_way(0, "lb2 (10.0.1.2)", now);
    run(Milliseconds{400});
    EXPECT_FALSE(router().is_leaving());
    EXPECT_EQ(state(), vrrp::StateName::active);
    EXPECT_EQ(std::ranges::count(machine.take(), kZero), 0);
}

TEST_F(DrainTest, APreemptionThatIsFasterIsADrainToo) {
    become_active_with(3);
    engine->give_way(0, "lb2 (10.0.1.2)", now);
    engine->hear_forwards(0, kInPlace, now);
    machine.take();
    receive(200);
    run(Milliseconds{100});
    EXPECT_EQ(router().drain().step(), Drain::Step::drains);
}

// The node that preempts was so late that this one is MASTER again.
TEST_F(DrainTest, ALatePreemptionIsADrainToo) {
    become_active_with(3);
    engine->give_way(0, "lb2 (10.0.1.2)", now);
    engine->hear_forwards(0, kInPlace, now);
    run(Milliseconds{500});
    ASSERT_EQ(state(), vrrp::StateName::active);
    ASSERT_FALSE(router().is_leaving());
    EXPECT_FALSE(router().is_moving());
    machine.take();
    receive(200);
    EXPECT_EQ(state(), vrrp::StateName::backup);
    EXPECT_EQ(router().drain().step(), Drain::Step::drains);
    EXPECT_EQ(std::ranges::count(machine.take(), "close 10.0.1.5:80"), 0);
}

TEST_F(DrainTest, AnAgreementDoesNotLastLong) {
    become_active_with(3);
    engine->give_way(0, "lb2 (10.0.1.2)", now);
    engine->hear_forwards(0, kInPlace, now);
    run(Seconds{2});
    ASSERT_EQ(state(), vrrp::StateName::active);
    machine.take();
    receive(200);
    EXPECT_EQ(router().drain().step(), Drain::Step::none);
    EXPECT_EQ(std::ranges::count(machine.take(), "close 10.0.1.5:80"), 1);
}

// The node that has agreed may have died since.
TEST_F(DrainTest, AsksAgainAfterAnAgreement) {
    become_active_with(3);
    engine->give_way(0, "lb2 (10.0.1.2)", now);
    engine->hear_forwards(0, kInPlace, now);
    run(Milliseconds{500});
    ASSERT_FALSE(router().is_leaving());
    engine->take_drain_news();
    engine->stop("nginx is shutting down", true, now);
    EXPECT_TRUE(router().drain().is_asking());
    EXPECT_TRUE(has_news());
}

TEST_F(DrainTest, AFailbackWaitsForTheOtherNodeToLeave) {
    be_above(false);
    machine.take();
    const auto outcomes = engine->execute(Command::failback, "", now);
    ASSERT_EQ(outcomes.size(), 1u);
    EXPECT_EQ(outcomes[0].outcome.detail, "asks the MASTER to leave first");
    EXPECT_EQ(state(), vrrp::StateName::backup);
    EXPECT_EQ(router().preempts_soon(now), kPeer);
    obey(vrrp::MasterLeaves{kPeer});
    EXPECT_EQ(state(), vrrp::StateName::active);
    EXPECT_FALSE(router().is_moving());
}

TEST_F(DrainTest, AFailbackDoesNotWaitForLong) {
    be_above(false);
    engine->execute(Command::failback, "", now);
    for (int i = 0; i < 2; ++i) {
        run(Milliseconds{70});
        receive(90);
    }
    EXPECT_EQ(state(), vrrp::StateName::backup);
    run(Milliseconds{30});
    EXPECT_EQ(state(), vrrp::StateName::active);
}

// The kernel may need longer than the takeover to attach a program.
TEST_F(DrainTest, ANodeThatAsksIsNotPreempted) {
    be_above(true);
    ASSERT_EQ(state(), vrrp::StateName::backup);
    ASSERT_TRUE(
        engine->forward(0, request(DrainRequest::Step::asks), now).is_in_place);
    hear_lower_for(Milliseconds{900});
    EXPECT_EQ(state(), vrrp::StateName::backup);
    obey(vrrp::MasterLeaves{kPeer});
    EXPECT_EQ(state(), vrrp::StateName::active);
}

TEST_F(DrainTest, ANodeThatAsksButStaysIsPreempted) {
    be_above(true);
    engine->forward(0, request(DrainRequest::Step::asks), now);
    hear_lower_for(Milliseconds{1200});
    EXPECT_EQ(state(), vrrp::StateName::active);
}

TEST_F(DrainTest, AFailbackWaitsForTheAnswerToARequest) {
    be_above(false);
    engine->execute(Command::failback, "", now);
    engine->forward(0, request(DrainRequest::Step::asks), now);
    hear_lower_for(Milliseconds{900});
    EXPECT_EQ(state(), vrrp::StateName::backup);
    hear_lower_for(Milliseconds{90});
    run(Milliseconds{90});
    EXPECT_EQ(state(), vrrp::StateName::active);
}

// Another process of this node

TEST_F(DrainTest, TheNextProcessContinues) {
    become_active_with(3);
    engine->execute(Command::release, "", now);
    engine->hear_forwards(0, kInPlace, now);
    be_succeeded();
    engine->handle_interfaces(world(false, true), now);
    const Instant ends_at = router().drain().ends_at();
    machine.take();
    machine.successor = true;
    engine->stop("nginx has been reconfigured", true, now);
    ASSERT_TRUE(machine.passed_on);
    run(Milliseconds{50});
    EXPECT_EQ(done(), Done{});
    EXPECT_TRUE(engine->finished());
    EXPECT_EQ(machine.passed_on->drain_ends_at, ends_at);

    const Handover handover = *machine.passed_on;
    now += Milliseconds{100};
    make(drained_config());
    machine.grant(handover);
    beat();
    engine->start(world(false, true), now);
    EXPECT_EQ(router().drain().step(), Drain::Step::drains);
    EXPECT_EQ(router().drain().ends_at(), ends_at);
    EXPECT_TRUE(has_news());
    machine.take();
    run_forwarded(Seconds{5});
    EXPECT_EQ(done(), Done{});
    machine.connections = 0;
    run_forwarded(Seconds{1});
    EXPECT_EQ(done(), (Done{"remove 10.0.1.5/32", "show 10.0.1.5"}));
}

TEST_F(DrainTest, ContinuesAfterACrash) {
    machine.connections = 2;
    beat();
    start(drained_config(), world(false, true));
    EXPECT_EQ(router().drain().step(), Drain::Step::drains);
    EXPECT_EQ(router().drain().connections(), 2u);
    EXPECT_EQ(log.count("continues to finish"), 1u);
}

// Otherwise it would count nothing of what the successor reports meanwhile.
TEST_F(DrainTest, ANewProcessCountsFromTheFirstAnswer) {
    machine.connections = 2;
    beat();
    start(drained_config(), world(false, true));
    machine.take();
    ForwardsReport report = kInPlace;
    report.segments = 1000;
    engine->hear_forwards(0, report, now);
    const Done hidden = machine.take();
    ASSERT_EQ(hidden.size(), 1u);
    EXPECT_TRUE(hidden[0].starts_with("hide 10.0.1.5 on eth0 behind"));
    engine->hear_forwards(0, report, now);
    EXPECT_EQ(machine.take(), Done{});
}

TEST_F(DrainTest, LeftoversAtLoGoWithoutConnections) {
    beat();
    start(drained_config(), world(false, true));
    EXPECT_EQ(router().drain().step(), Drain::Step::none);
    const Done all = machine.take();
    EXPECT_EQ(std::ranges::count(all, "remove 10.0.1.5/32"), 1);
}

TEST_F(DrainTest, LeftoversAtLoGoWithoutADrain) {
    machine.connections = 2;
    vrrp::Config c = drained_config();
    c.drain_timeout = Seconds{0};
    beat();
    start(c, world(false, true));
    EXPECT_EQ(router().drain().step(), Drain::Step::none);
    const Done all = machine.take();
    EXPECT_EQ(std::ranges::count(all, "remove 10.0.1.5/32"), 1);
}

// The successor

class ForwardingTest : public DrainTest {
protected:
    void follow() {
        beat();
        start(drained_config(), world());
        receive(200);
        machine.take();
    }
};

TEST_F(ForwardingTest, IsInPlaceBeforeItAnswers) {
    follow();
    machine.drain_counts.forwarded = 9;
    const ForwardsReport report =
        engine->forward(0, request(DrainRequest::Step::asks), now);
    EXPECT_TRUE(report.is_in_place);
    EXPECT_EQ(report.segments, 9u);
    EXPECT_EQ(report.mac, (MacAddress{2, 0, 0, 0, 0, 1}));
    EXPECT_EQ(machine.take(), Done{kForward});
    EXPECT_EQ(log.count("forwarding to lb1 (10.0.1.2)"), 1u);
}

TEST_F(ForwardingTest, EndsWhenItIsFinished) {
    follow();
    engine->forward(0, request(DrainRequest::Step::asks), now);
    machine.take();
    engine->forward(0, request(DrainRequest::Step::ended), now);
    EXPECT_EQ(machine.take(), Done{"stop forwarding 10.0.1.5"});
    engine->forward(0, request(DrainRequest::Step::ended), now);
    EXPECT_EQ(machine.take(), Done{});
}

TEST_F(ForwardingTest, LastsAsLongAsItIsAskedFor) {
    follow();
    engine->forward(0, request(DrainRequest::Step::asks), now);
    run(Seconds{1});
    for (int i = 0; i < 20; ++i) {
        EXPECT_TRUE(engine->forward(0, request(DrainRequest::Step::drains), now)
                        .is_in_place);
        run(Milliseconds{1000});
    }
    EXPECT_EQ(state(), vrrp::StateName::active);
    Done all = machine.take();
    EXPECT_EQ(std::ranges::count(all, "stop forwarding 10.0.1.5"), 0);
    run(kDrainSilence - Milliseconds{900});
    all = machine.take();
    EXPECT_EQ(std::ranges::count(all, "stop forwarding 10.0.1.5"), 1);
    EXPECT_EQ(log.count("has not been asked"), 1u);
}

TEST_F(ForwardingTest, NotLongerThanTheOtherNodeDrains) {
    follow();
    DrainRequest last = request(DrainRequest::Step::asks);
    last.most = Seconds{2};
    engine->forward(0, last, now);
    machine.take();
    run(Milliseconds{2100});
    const Done all = machine.take();
    EXPECT_EQ(std::ranges::count(all, "stop forwarding 10.0.1.5"), 1);
}

TEST_F(ForwardingTest, IsRefusedWithItsReason) {
    follow();
    machine.no_drains = "the kernel is too old";
    EXPECT_EQ(
        engine->forward(0, request(DrainRequest::Step::asks), now).why_not,
        "the kernel is too old");
    machine.no_drains = "";
    machine.fail("forward", EPERM);
    const ForwardsReport report =
        engine->forward(0, request(DrainRequest::Step::asks), now);
    EXPECT_FALSE(report.is_in_place);
    EXPECT_NE(report.why_not, "");
    EXPECT_FALSE(router().forwarding().is_on());
}

TEST_F(ForwardingTest, ARouterInAFaultIsNoSuccessor) {
    follow();
    engine->execute(Command::release, "", now);
    EXPECT_FALSE(
        engine->forward(0, request(DrainRequest::Step::asks), now).is_in_place);
}

// Another node has the addresses, and does not forward.
TEST_F(ForwardingTest, EndsWhenItIsNotMasterAnyMore) {
    follow();
    engine->forward(0, request(DrainRequest::Step::asks), now);
    run(Seconds{1});
    ASSERT_EQ(state(), vrrp::StateName::active);
    receive(200);
    EXPECT_EQ(
        engine->forward(0, request(DrainRequest::Step::drains), now).why_not,
        "it is not MASTER");
}

TEST_F(ForwardingTest, OnlyToOneNode) {
    follow();
    engine->forward(0, request(DrainRequest::Step::asks), now);
    DrainRequest other = request(DrainRequest::Step::asks);
    other.mac = {2, 0, 0, 0, 0, 9};
    other.from = "lb3 (10.0.1.4)";
    EXPECT_EQ(engine->forward(0, other, now).why_not,
              "it forwards to lb1 (10.0.1.2)");
    other.from = "lb1 (10.0.1.2)";
    EXPECT_TRUE(engine->forward(0, other, now).is_in_place);
}

TEST_F(ForwardingTest, NotToAGroup) {
    follow();
    DrainRequest one = request(DrainRequest::Step::asks);
    one.mac = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff};
    EXPECT_FALSE(engine->forward(0, one, now).is_in_place);
    one.mac = {};
    EXPECT_FALSE(engine->forward(0, one, now).is_in_place);
}

TEST_F(ForwardingTest, EndsWithNginx) {
    follow();
    engine->forward(0, request(DrainRequest::Step::asks), now);
    machine.take();
    engine->stop("nginx is shutting down", true, now);
    EXPECT_EQ(machine.take(), Done{"stop forwarding 10.0.1.5"});
    EXPECT_TRUE(engine->finished());
}

TEST_F(ForwardingTest, TheNextProcessForwardsAtOnce) {
    follow();
    engine->forward(0, request(DrainRequest::Step::asks), now);
    machine.take();
    machine.successor = true;
    engine->stop("nginx has been reconfigured", true, now);
    ASSERT_TRUE(machine.passed_on);
    EXPECT_EQ(machine.passed_on->forwards_to, kPeerMac);
    EXPECT_EQ(machine.take(), Done{});

    const Handover handover = *machine.passed_on;
    make(drained_config());
    machine.grant(handover);
    beat();
    engine->start(world(), now);
    const Done all = machine.take();
    EXPECT_EQ(std::ranges::count(all, kForward), 1);
    EXPECT_TRUE(router().forwarding().is_on());
}

// A node that quits, whose successor dies

class StandInTest : public DrainTest {
protected:
    void lose_successor() {
        drain(3);
        run(Milliseconds{3100});
        ASSERT_EQ(state(), vrrp::StateName::backup);
        machine.take();
    }

    void stand_in() {
        lose_successor();
        run(Milliseconds{500});
        ASSERT_EQ(state(), vrrp::StateName::active);
        machine.connections = 3;
    }
};

TEST_F(StandInTest, TakesTheAddressBackForItsConnections) {
    drain(3);
    run(Milliseconds{2400});
    EXPECT_EQ(state(), vrrp::StateName::initialize);
    EXPECT_EQ(done(), Done{});
    run(Milliseconds{1100});
    EXPECT_EQ(state(), vrrp::StateName::active);
    Done all = done();
    all.resize(4);
    EXPECT_EQ(all, (Done{"advert 1 224.0.0.18", "add 10.0.1.5 1s",
                         "remove 10.0.1.5/32", "show 10.0.1.5"}));
    EXPECT_TRUE(router().needs_link());
    run(Seconds{20});
    EXPECT_EQ(state(), vrrp::StateName::active);
    EXPECT_FALSE(engine->finished());
}

TEST_F(StandInTest, LeavesWithTheLastConnection) {
    stand_in();
    run(Seconds{2});
    machine.connections = 0;
    machine.take();
    run(Milliseconds{1500});
    const Done all = machine.take();
    EXPECT_EQ(std::ranges::count(all, kZero), 1);
    EXPECT_EQ(std::ranges::count(all, "remove 10.0.1.5"), 1);
    EXPECT_TRUE(engine->finished());
    EXPECT_FALSE(router().needs_link());
    EXPECT_FALSE(engine->deadline() && *engine->deadline() < now);
}

TEST_F(StandInTest, ASuccessorThatRefusesLives) {
    drain(3);
    for (int i = 0; i < 7; ++i) {
        run(Seconds{1});
        engine->hear_forwards(0, {false, "it is not ready", 0, {}}, now);
    }
    EXPECT_EQ(state(), vrrp::StateName::initialize);
    run(Seconds{2});
    EXPECT_TRUE(engine->finished());
}

TEST_F(StandInTest, AnotherMasterHasTheAddress) {
    lose_successor();
    hear_lower_for(Seconds{7});
    EXPECT_EQ(state(), vrrp::StateName::backup);
    EXPECT_EQ(router().drain().step(), Drain::Step::drains);
    hear_lower_for(Seconds{2});
    EXPECT_EQ(router().drain().step(), Drain::Step::none);
    EXPECT_EQ(state(), vrrp::StateName::initialize);
    EXPECT_TRUE(engine->finished());
    const Done all = machine.take();
    EXPECT_EQ(std::ranges::count(all, "close 10.0.1.5:80"), 1);
    EXPECT_EQ(std::ranges::count(all, "add 10.0.1.5 1s"), 0);
}

TEST_F(StandInTest, AnyNodePreemptsIt) {
    stand_in();
    receive(2);
    EXPECT_EQ(state(), vrrp::StateName::initialize);
    EXPECT_TRUE(engine->finished());
}

TEST_F(StandInTest, LeavesInOrder) {
    stand_in();
    engine->give_way(0, "lb2 (10.0.1.2)", now);
    engine->hear_forwards(0, kInPlace, now);
    be_succeeded();
    EXPECT_EQ(state(), vrrp::StateName::backup);
    EXPECT_EQ(router().drain().step(), Drain::Step::drains);
    EXPECT_FALSE(engine->finished());
    machine.connections = 0;
    run_forwarded(Seconds{2});
    EXPECT_EQ(state(), vrrp::StateName::initialize);
    EXPECT_TRUE(engine->finished());
}

TEST_F(StandInTest, DoesNotLastLongerThanTheDrain) {
    drain(350);
    engine->limit_drains(Seconds{30}, now);
    run(Seconds{29});
    EXPECT_EQ(state(), vrrp::StateName::active);
    machine.take();
    run(Seconds{2});
    const Done all = machine.take();
    EXPECT_EQ(std::ranges::count(all, "close 10.0.1.5:80"), 4);
    EXPECT_TRUE(engine->finished());
}

// The kernel has what they have written.
TEST_F(StandInTest, ItsWorkersMayHaveEnded) {
    drain(3);
    machine.beats[0].gone_at = now;
    engine->handle_workers(now);
    run(Seconds{4}, false);
    EXPECT_EQ(state(), vrrp::StateName::active);
}

TEST_F(StandInTest, ContinuesWhenTheMasterProcessDies) {
    stand_in();
    engine->limit_drains(Seconds{30}, now);
    engine->stop("the nginx master process died", true, now);
    run(Seconds{29});
    EXPECT_EQ(state(), vrrp::StateName::active);
    EXPECT_FALSE(router().is_leaving());
    run(Seconds{3});
    EXPECT_TRUE(engine->finished());
}

TEST_F(StandInTest, NotInAFault) {
    drain(3);
    Interfaces down = world(false, true);
    down.list[0].up = false;
    engine->handle_interfaces(down, now);
    run(Seconds{5});
    EXPECT_EQ(state(), vrrp::StateName::initialize);
}

TEST_F(StandInTest, ItsWorkersMayEnd) {
    stand_in();
    machine.beats[0].gone_at = now;
    engine->handle_workers(now);
    run(Seconds{3}, false);
    EXPECT_EQ(state(), vrrp::StateName::active);
}

TEST_F(StandInTest, NotAfterARelease) {
    become_active_with(3);
    engine->execute(Command::release, "", now);
    engine->hear_forwards(0, kInPlace, now);
    be_succeeded();
    run(kDrainSilence - Milliseconds{100});
    EXPECT_EQ(state(), vrrp::StateName::fault);
    run(Seconds{2});
    EXPECT_EQ(state(), vrrp::StateName::fault);
    EXPECT_EQ(router().drain().step(), Drain::Step::none);
}

// The node that left dies, or only its vrrp process ends

class NodeWatchTest : public ForwardingTest {
protected:
    // Its kernel has answered, and its last report is from now.
    void forward_to_peer() {
        follow();
        engine->forward(0, request(DrainRequest::Step::asks), now);
        run(Seconds{1});
        ASSERT_EQ(state(), vrrp::StateName::active);
        run_answered(Milliseconds{500});
        engine->forward(0, request(DrainRequest::Step::drains), now);
    }

    void answer(const MacAddress &mac = kPeerMac) {
        engine->handle_neighbour({IfIndex{2}, {kPeer, mac}}, now);
    }

    bool is_asked() { return std::erase(machine.questions, kPeer) != 0; }

    void run_answered(Duration d, const MacAddress &mac = kPeerMac) {
        for (const Instant end = now + d; now < end;) {
            run(Milliseconds{10});
            if (is_asked()) {
                answer(mac);
            }
        }
    }

    bool is_forwarding() const { return router().forwarding().is_on(); }
};

TEST_F(NodeWatchTest, WhatADeadNodeLeavesIsNotForwarded) {
    forward_to_peer();
    machine.take();
    machine.questions.clear();
    run(Milliseconds{1150});
    EXPECT_TRUE(is_forwarding());
    run(Milliseconds{100});
    EXPECT_FALSE(is_forwarding());
    EXPECT_EQ(std::ranges::count(machine.questions, kPeer), 8);
    const Done all = machine.take();
    EXPECT_EQ(std::ranges::count(all, "stop forwarding 10.0.1.5"), 1);
    EXPECT_EQ(log.count("its node is dead"), 1u);
}

TEST_F(NodeWatchTest, AKernelThatAnswersWaitsForItsNextProcess) {
    forward_to_peer();
    run_answered(kDrainSilence - Milliseconds{100});
    EXPECT_TRUE(is_forwarding());
    run_answered(Milliseconds{200});
    EXPECT_EQ(log.count("has not been asked"), 1u);
}

// The links of both families have addresses, and an address can change.
TEST_F(NodeWatchTest, ReportsFromAnotherAddressAreSignsOfLife) {
    forward_to_peer();
    DrainRequest report = request(DrainRequest::Step::drains);
    report.at = *IpAddress::parse("10.0.1.77");
    for (int i = 0; i < 6; ++i) {
        run(Milliseconds{500});
        engine->forward(0, report, now);
    }
    EXPECT_TRUE(is_forwarding());
    run(Milliseconds{1250});
    EXPECT_FALSE(is_forwarding());
}

TEST_F(NodeWatchTest, OneAnswerOfManyQuestionsIsEnough) {
    forward_to_peer();
    for (int i = 0; i < 5; ++i) {
        run(Milliseconds{1150});
        answer();
    }
    EXPECT_TRUE(is_forwarding());
}

TEST_F(NodeWatchTest, OnlyAKernelThatHasAnsweredIsMissed) {
    follow();
    engine->forward(0, request(DrainRequest::Step::asks), now);
    run_answered(Seconds{3}, {2, 0, 0, 0, 0, 9});
    EXPECT_TRUE(is_forwarding());
    run(Seconds{3});
    EXPECT_TRUE(is_forwarding());
}

// The answers may wait in the socket.
TEST_F(NodeWatchTest, TimeInWhichThisProcessDidNotRunDoesNotCount) {
    forward_to_peer();
    run(Milliseconds{1150});
    now += Milliseconds{300};
    beat();
    engine->handle_time(now);
    EXPECT_TRUE(is_forwarding());
    answer();
    run(Milliseconds{1150});
    EXPECT_TRUE(is_forwarding());
}

TEST_F(NodeWatchTest, QuestionsThatAreNotSentDoNotCount) {
    forward_to_peer();
    machine.fail("send_frame", ENOBUFS);
    run(Seconds{3});
    EXPECT_TRUE(is_forwarding());
    machine.heal();
    run(Milliseconds{1300});
    EXPECT_FALSE(is_forwarding());
}

// The other way round

class SuccessorWatchTest : public NodeWatchTest {
protected:
    // The kernel of the successor has answered.
    void drain_to_peer(bool quits) {
        drain(3, quits);
        engine->hear_forwards(0, kFromPeer, now);
        run_answered(Milliseconds{500});
        engine->hear_forwards(0, kFromPeer, now);
    }

    const ForwardsReport kFromPeer{true, "", 0, kPeerMac, kPeer};
};

TEST_F(SuccessorWatchTest, ADeadNodeIsNoticed) {
    drain_to_peer(false);
    run(Milliseconds{1150});
    EXPECT_FALSE(router().drain().has_lost_successor());
    engine->take_drain_news();
    run(Milliseconds{100});
    EXPECT_TRUE(router().drain().has_lost_successor());
    EXPECT_TRUE(has_news()) << "for another MASTER";
    EXPECT_EQ(router().drain().step(), Drain::Step::drains);
    run(Seconds{3});
    EXPECT_EQ(log.count("the node that forwards is dead"), 1u);
    engine->hear_forwards(0, kFromPeer, now);
    EXPECT_FALSE(router().drain().has_lost_successor());
}

TEST_F(SuccessorWatchTest, ANodeThatQuitsStandsInAtOnce) {
    drain_to_peer(true);
    run(Milliseconds{1250});
    EXPECT_EQ(state(), vrrp::StateName::backup);
    run(Milliseconds{500});
    EXPECT_EQ(state(), vrrp::StateName::active);
}

TEST_F(SuccessorWatchTest, AKernelThatAnswersMayBeLate) {
    drain_to_peer(true);
    run_answered(Milliseconds{2400});
    EXPECT_EQ(state(), vrrp::StateName::initialize);
    EXPECT_FALSE(router().drain().has_lost_successor());
}

TEST_F(NodeWatchTest, ItIsNotAskedAfterwards) {
    EXPECT_EQ(std::ranges::count(machine.watched, kPeer), 0);
    forward_to_peer();
    EXPECT_EQ(machine.watched, (std::vector{kVip, kPeer}));
    engine->forward(0, request(DrainRequest::Step::ended), now);
    run(Milliseconds{500});
    EXPECT_EQ(machine.watched, std::vector{kVip});
    machine.questions.clear();
    run(Seconds{2});
    EXPECT_FALSE(is_asked());
}

}  // namespace
}  // namespace ngx_vrrp::engine
