// The result of one tracker, and of several trackers.
#include "core/engine/tracker.hpp"

#include <gtest/gtest.h>

#include "core/engine/trackers.hpp"
#include "tests/support/defaults.hpp"
#include "tests/support/fake_ports.hpp"

namespace ngx_vrrp::engine {
namespace {

using check::Verdict;

constexpr Instant kFirstLook = instant_from_ns(5'000'000'000);

TrackerConfig link(std::optional<int> weight = {}) {
    TrackerConfig config = test::default_tracker();
    config.type = "track_interface";
    config.name = config.interface = "eth1";
    config.weight = weight;
    return config;
}

TrackerConfig service(std::optional<int> weight = {}) {
    TrackerConfig config = test::default_tracker();
    config.kind = TrackKind::check;
    config.type = "track_http";
    config.name = "http://10.0.1.9/";
    config.weight = weight;
    config.first_check = 7;
    config.checks = 1;
    config.first_result = Seconds{3};
    return config;
}

// Checks 0 to 2.
TrackerConfig pool(unsigned min_up, bool percent = false,
                   std::optional<int> weight = {}) {
    TrackerConfig config = test::default_tracker();
    config.kind = TrackKind::pool;
    config.type = "track_upstream";
    config.name = "web";
    config.weight = weight;
    config.checks = 3;
    config.min_up = min_up;
    config.min_up_percent = percent;
    config.first_result = Seconds{3};
    return config;
}

TrackerConfig file(std::optional<int> weight = {}) {
    TrackerConfig config = service(weight);
    config.kind = TrackKind::file;
    config.type = "track_file";
    config.name = "/run/drain";
    return config;
}

TrackerConfig session(std::optional<int> weight = {}) {
    TrackerConfig config = test::default_tracker();
    config.kind = TrackKind::bfd;
    config.type = "track_bfd";
    config.name = "10.0.1.1";
    config.weight = weight;
    config.session_id = 2;
    config.first_result = Seconds{4};
    return config;
}

class TrackerTest : public ::testing::Test {
protected:
    void track(TrackerConfig config) {
        tracker.emplace(std::move(config));
        tracker->begin(kFirstLook);
        evaluate();
    }

    void evaluate() { tracker->evaluate(world, machine, now); }

    void look_after(Duration d) {
        now += d;
        evaluate();
    }

    void set_link(bool up) { world.list[0].up = up; }

    void set_check(check::CheckId id, Verdict verdict, std::string text = "",
                   std::int64_t value = 0) {
        machine.checks[id] = {verdict, value, std::move(text)};
    }

    void set_pool(std::vector<Verdict> verdicts) {
        for (std::size_t i = 0; i < verdicts.size(); ++i) {
            set_check(i, verdicts[i]);
        }
    }

    Verdict state() const { return tracker->state(); }

    Instant now = kFirstLook;
    Interfaces world{{{"eth1", IfIndex{3}, {}, true, {}}}};
    test::FakeMachine machine;
    std::optional<Tracker> tracker;
};

// Interfaces

TEST_F(TrackerTest, InterfaceIsUp) {
    track(link());

    EXPECT_EQ(state(), Verdict::up);
    EXPECT_EQ(tracker->reason(), "");
    EXPECT_FALSE(tracker->is_fault());
    EXPECT_FALSE(tracker->deadline());
}

TEST_F(TrackerTest, InterfaceThatIsDownIsAFaultAtOnce) {
    track(link());
    set_link(false);
    evaluate();

    EXPECT_TRUE(tracker->is_fault());
    EXPECT_EQ(tracker->reason(), "interface eth1 is down");

    world.list.clear();
    evaluate();
    EXPECT_EQ(tracker->reason(), "interface eth1 does not exist");
}

TEST_F(TrackerTest, CountsLooksOnceEachInterval) {
    TrackerConfig config = link();
    config.fall = 3;
    config.interval = Seconds{2};
    track(config);
    set_link(false);

    evaluate();
    EXPECT_EQ(tracker->deadline(), now + Seconds{2});
    evaluate();
    look_after(Milliseconds{1999});
    EXPECT_EQ(state(), Verdict::up);
    look_after(Milliseconds{1});
    EXPECT_EQ(state(), Verdict::up);
    look_after(Seconds{2});

    EXPECT_EQ(state(), Verdict::down);
    EXPECT_FALSE(tracker->deadline());
}

TEST_F(TrackerTest, ASuccessInBetweenInterruptsTheRow) {
    TrackerConfig config = link();
    config.fall = 2;
    track(config);
    set_link(false);
    evaluate();
    set_link(true);
    look_after(Milliseconds{100});
    set_link(false);
    look_after(Milliseconds{900});

    EXPECT_EQ(state(), Verdict::up);
    look_after(Seconds{1});
    EXPECT_EQ(state(), Verdict::down);
}

TEST_F(TrackerTest, RiseIsCountedToo) {
    TrackerConfig config = link();
    config.rise = 2;
    set_link(false);
    track(config);
    ASSERT_EQ(state(), Verdict::down) << "the first look decides";
    set_link(true);

    evaluate();
    EXPECT_EQ(state(), Verdict::down);
    EXPECT_EQ(tracker->reason(), "interface eth1 is down");
    look_after(Seconds{1});
    EXPECT_EQ(state(), Verdict::up);
}

// Single checks

TEST_F(TrackerTest, CheckThatFailedSaysWhy) {
    set_check(7, Verdict::down, "L7STS status 500");
    track(service());

    EXPECT_TRUE(tracker->is_fault());
    EXPECT_EQ(tracker->reason(), "L7STS status 500");

    set_check(7, Verdict::up, "L7STS status 500");
    evaluate();
    EXPECT_FALSE(tracker->is_fault());
    EXPECT_EQ(tracker->reason(), "");
}

TEST_F(TrackerTest, CheckIsAwaitedForAsLongAsItMayTake) {
    set_check(7, Verdict::unknown);
    track(service());
    EXPECT_TRUE(tracker->is_awaited());
    EXPECT_FALSE(tracker->is_fault());
    EXPECT_EQ(tracker->deadline(), kFirstLook + Seconds{3});

    look_after(Seconds{3});
    EXPECT_FALSE(tracker->is_awaited());
    EXPECT_TRUE(tracker->is_fault());
    EXPECT_EQ(tracker->reason(), "not checked yet");
    EXPECT_FALSE(tracker->deadline());

    set_check(7, Verdict::up);
    look_after(Seconds{1});
    EXPECT_FALSE(tracker->is_fault());
}

TEST_F(TrackerTest, WhatCannotBeReadHasNoEffect) {
    set_check(7, Verdict::down, "L4CON connection refused");
    track(service());
    for (const Verdict verdict : {Verdict::unused, Verdict::unknown}) {
        set_check(7, verdict);
        evaluate();
        EXPECT_EQ(state(), Verdict::down);
    }
    machine.checks.clear();
    evaluate();

    EXPECT_EQ(state(), Verdict::down);
    EXPECT_EQ(tracker->reason(), "L4CON connection refused");
}

// Pools

TEST_F(TrackerTest, PoolNeedsSoManyUp) {
    set_pool({Verdict::up, Verdict::up, Verdict::down});
    track(pool(2));
    EXPECT_EQ(state(), Verdict::up);
    EXPECT_EQ(tracker->reason(), "2 of 3 servers up");
    EXPECT_EQ(tracker->pool().servers, 3u);
    EXPECT_EQ(tracker->pool().up, 2u);
    EXPECT_EQ(tracker->pool().needed, 2u);

    set_check(1, Verdict::down);
    evaluate();
    EXPECT_EQ(state(), Verdict::down);
    EXPECT_EQ(tracker->reason(), "1 of 3 servers up, 2 needed");

    set_check(0, Verdict::down);
    evaluate();
    EXPECT_EQ(tracker->reason(), "0 of 3 servers up");
}

TEST_F(TrackerTest, PercentIsOfTheUsedOnesAndRoundedUp) {
    set_pool({Verdict::up, Verdict::down, Verdict::unused});
    track(pool(50, true));
    EXPECT_EQ(state(), Verdict::up);

    set_pool({Verdict::up, Verdict::down, Verdict::down});
    evaluate();
    EXPECT_EQ(state(), Verdict::down);
    EXPECT_EQ(tracker->reason(), "1 of 3 servers up, 2 needed");
}

TEST_F(TrackerTest, PoolWithoutServersHasNoneUp) {
    for (const bool percent : {false, true}) {
        set_pool({Verdict::unused, Verdict::unused, Verdict::unused});
        now = kFirstLook;
        track(pool(50, percent));
        EXPECT_TRUE(tracker->is_awaited()) << "names may still be resolved";

        look_after(Seconds{3});
        EXPECT_EQ(state(), Verdict::down);
        EXPECT_EQ(tracker->reason(), "0 of 0 servers up");
    }
}

TEST_F(TrackerTest, PoolIsUnknownWhileThatMatters) {
    set_pool({Verdict::unknown, Verdict::down, Verdict::unknown});
    track(pool(2));
    EXPECT_TRUE(tracker->is_awaited());

    set_check(0, Verdict::up);
    evaluate();
    EXPECT_TRUE(tracker->is_awaited());
    set_check(1, Verdict::up);
    evaluate();
    EXPECT_EQ(state(), Verdict::up);

    set_check(0, Verdict::unknown);
    evaluate();
    EXPECT_EQ(state(), Verdict::up) << "new servers are no failure";
    set_check(1, Verdict::down);
    set_check(2, Verdict::down);
    evaluate();
    EXPECT_EQ(state(), Verdict::down);
}

TEST_F(TrackerTest, PoolThatCannotBeReadStaysAsItWas) {
    set_pool({Verdict::up, Verdict::up, Verdict::up});
    track(pool(1));
    machine.checks.clear();
    evaluate();

    EXPECT_EQ(state(), Verdict::up);
}

// Files

TEST_F(TrackerTest, NumberInAFileIsAFault) {
    set_check(7, Verdict::up);
    track(file());
    EXPECT_EQ(state(), Verdict::up);

    set_check(7, Verdict::down, "FILE the number is 3", 3);
    evaluate();
    EXPECT_TRUE(tracker->is_fault());
    EXPECT_EQ(tracker->reason(), "the file contains 3");

    set_check(7, Verdict::up);
    evaluate();
    EXPECT_FALSE(tracker->is_fault());
}

TEST_F(TrackerTest, NumberInAFileIsMultipliedWithTheWeight) {
    set_check(7, Verdict::up, "", 3);
    track(file(-10));
    EXPECT_EQ(tracker->priority_delta(), -30);
    EXPECT_FALSE(tracker->is_fault());

    set_check(7, Verdict::up, "", -2);
    evaluate();
    EXPECT_EQ(tracker->priority_delta(), 20);

    set_check(7, Verdict::up, "", INT64_MAX);
    evaluate();
    EXPECT_EQ(tracker->priority_delta(), -2550);

    set_check(7, Verdict::up);
    evaluate();
    EXPECT_EQ(tracker->priority_delta(), 0);
}

TEST_F(TrackerTest, FileThatCannotBeReadIsAFailure) {
    set_check(7, Verdict::down, "FILE open() failed (13: Permission denied)");
    track(file());

    EXPECT_TRUE(tracker->is_fault());
    EXPECT_EQ(tracker->reason(), "FILE open() failed (13: Permission denied)");
}

// Weights

TEST_F(TrackerTest, NegativeWeightCountsWhenItFailed) {
    set_check(7, Verdict::unknown);
    track(service(-20));
    EXPECT_EQ(tracker->priority_delta(), 0);
    set_check(7, Verdict::up);
    evaluate();
    EXPECT_EQ(tracker->priority_delta(), 0);
    set_check(7, Verdict::down, "L4CON connection refused");
    evaluate();

    EXPECT_EQ(tracker->priority_delta(), -20);
    EXPECT_FALSE(tracker->is_fault());
    EXPECT_EQ(tracker->describe(),
              "track_http http://10.0.1.9/ failed, L4CON connection refused "
              "(weight -20)");
}

TEST_F(TrackerTest, PositiveWeightCountsWhileItIsUp) {
    set_check(7, Verdict::unknown);
    track(service(20));
    EXPECT_EQ(tracker->priority_delta(), 0);
    set_check(7, Verdict::up);
    evaluate();
    EXPECT_EQ(tracker->priority_delta(), 20);
    EXPECT_EQ(tracker->describe(),
              "track_http http://10.0.1.9/ is up (weight 20)");
    set_check(7, Verdict::down);
    evaluate();

    EXPECT_EQ(tracker->priority_delta(), 0);
}

TEST_F(TrackerTest, TrustedIsUpUntilItIsOverdue) {
    set_check(7, Verdict::unknown);
    track(service(20));
    tracker->trust(now);
    EXPECT_EQ(tracker->priority_delta(), 20);

    look_after(Seconds{3});
    EXPECT_EQ(tracker->priority_delta(), 0);
}

// Several

class TrackersTest : public TrackerTest {
protected:
    Priority effective(std::vector<TrackerConfig> configs, unsigned base) {
        trackers.emplace(std::move(configs));
        trackers->begin(kFirstLook);
        trackers->evaluate(world, machine, now);
        return trackers->effective(Priority{static_cast<std::uint8_t>(base)});
    }

    std::optional<Trackers> trackers;
};

TEST_F(TrackersTest, WeightsAreSummedUpAndKeptWithinBounds) {
    set_link(false);
    set_check(7, Verdict::up);

    EXPECT_EQ(effective({}, 100), Priority{100});
    EXPECT_EQ(effective({link(-20), service(30)}, 100), Priority{110});
    EXPECT_EQ(effective({link(-20), service(30)}, 250), Priority{254});
    EXPECT_EQ(effective({link(-200)}, 100), Priority{1});
    EXPECT_EQ(effective({link(-200)}, 255), kPriorityOwner);
    EXPECT_EQ(effective({link(-253), link(-253), service(253)}, 1),
              Priority{1});
}

TEST_F(TrackersTest, FirstFaultOfTheConfigurationCounts) {
    set_link(false);
    set_check(7, Verdict::down, "L7STS status 500");

    effective({link(-20), service(), link()}, 100);
    EXPECT_EQ(trackers->fault(),
              "track_http http://10.0.1.9/: L7STS status 500");

    set_check(7, Verdict::up);
    trackers->evaluate(world, machine, now);
    EXPECT_EQ(trackers->fault(),
              "track_interface eth1: interface eth1 is down");
}

TEST_F(TrackersTest, NewsAreReportedOnce) {
    set_pool({Verdict::down, Verdict::down, Verdict::unused});
    set_link(false);
    effective({pool(1, false, -20), link(-5), link()}, 100);

    EXPECT_EQ(trackers->take_news(),
              "track_upstream web failed, 0 of 2 servers up (weight -20); "
              "track_interface eth1 failed, interface eth1 is down "
              "(weight -5)");
    EXPECT_EQ(trackers->take_news(), "");

    set_check(0, Verdict::up);
    trackers->evaluate(world, machine, now);
    EXPECT_EQ(trackers->take_news(),
              "track_upstream web is up, 1 of 2 servers up (weight -20)");
}

TEST_F(TrackersTest, LooksAgainOnceASecondAndAtDeadlines) {
    effective({}, 100);
    EXPECT_FALSE(trackers->deadline());

    set_check(7, Verdict::unknown);
    effective({service()}, 100);
    EXPECT_EQ(trackers->deadline(), now + kTrackerPeriod);
    EXPECT_FALSE(trackers->are_known());
    now += Milliseconds{2500};
    trackers->evaluate(world, machine, now);
    EXPECT_EQ(trackers->deadline(), kFirstLook + Seconds{3});
    now += Milliseconds{500};
    trackers->evaluate(world, machine, now);
    EXPECT_TRUE(trackers->are_known());
}

// BFD

TEST_F(TrackerTest, ASessionThatWasNeverUpIsAwaited) {
    machine.sessions[2] = {};
    track(session());
    EXPECT_TRUE(tracker->is_awaited());
    EXPECT_FALSE(tracker->is_fault());

    look_after(Seconds{4});

    EXPECT_TRUE(tracker->is_fault());
    EXPECT_EQ(tracker->reason(), "the session is Down, the peer is silent");
}

TEST_F(TrackerTest, ASessionThatWasUpFailsAtOnce) {
    machine.sessions[2] = {.state = bfd::State::up, .was_up = true};
    track(session());
    EXPECT_EQ(tracker->state(), Verdict::up);

    machine.sessions[2].state = bfd::State::down;
    machine.sessions[2].diagnostic = bfd::Diagnostic::detection_time_expired;
    evaluate();

    EXPECT_TRUE(tracker->is_fault());
    EXPECT_EQ(tracker->reason(),
              "the session is Down, control detection time expired");
    EXPECT_EQ(tracker->bfd().state, bfd::State::down);
}

// nginx ends, and the addresses still wait for the successor.
TEST_F(TrackerTest, ASessionThatThisNodeEndsHasNotFailed) {
    machine.sessions[2] = {.state = bfd::State::up, .was_up = true};
    track(session());

    machine.sessions[2].state = bfd::State::admin_down;
    evaluate();

    EXPECT_EQ(tracker->state(), Verdict::up);
    EXPECT_FALSE(tracker->is_fault());
}

TEST_F(TrackerTest, ASessionThatThePeerTookDownHasFailed) {
    machine.sessions[2] = {.state = bfd::State::down,
                           .remote_state = bfd::State::admin_down,
                           .was_up = true};
    track(session(-20));

    EXPECT_EQ(tracker->priority_delta(), -20);
    EXPECT_EQ(tracker->reason(),
              "the session is Down, the peer has taken it down");
}

TEST_F(TrackerTest, APortThatAnotherProgramHasIsTheReason) {
    machine.sessions[2] = {.trouble = "bind() failed"};
    track(session());
    look_after(Seconds{4});

    EXPECT_EQ(tracker->reason(), "bind() failed");
}

}  // namespace
}  // namespace ngx_vrrp::engine
