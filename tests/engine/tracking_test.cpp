// Trackers of a virtual router: when it joins, leaves, and with which
// priority; over a reload, too.
#include <gtest/gtest.h>

#include "tests/engine/tracking_fixture.hpp"

namespace ngx_vrrp::engine {
namespace {

// Faults

TEST_F(TrackingTest, LinkThatGoesDownReleasesAndComesBack) {
    become_active_with({link()});
    engine->handle_interfaces(world(false, true, true), now);
    EXPECT_EQ(machine.take(), (Done{"advert 0 224.0.0.18", "remove 10.0.1.5"}));
    EXPECT_EQ(fault(), "track_interface eth1: interface eth1 is down");
    EXPECT_EQ(state(), vrrp::StateName::fault);

    engine->handle_interfaces(world(), now);
    EXPECT_EQ(machine.take(), (Done{"forget unanswered eth1"}));
    run(Seconds{1});
    EXPECT_EQ(state(), vrrp::StateName::active);
}

TEST_F(TrackingTest, TrackerThatFailsWhereTheInterfaceRecoversIsOneFault) {
    become_active_with({link()});
    engine->handle_interfaces(world(true, false), now);
    ASSERT_EQ(fault(), "interface eth0 is down");
    const std::uint64_t before = engine->transitions();

    engine->handle_interfaces(world(false, true), now);
    EXPECT_EQ(fault(), "track_interface eth1: interface eth1 is down");
    engine->handle_interfaces(world(true, false), now);
    EXPECT_EQ(fault(), "interface eth0 is down");
    EXPECT_EQ(engine->transitions(), before);
}

TEST_F(TrackingTest, CheckThatFailsReleasesWithinTheSameEvent) {
    set_check(Verdict::up);
    become_active_with({service()});
    set_check(Verdict::down);
    engine->handle_checks(now);

    EXPECT_EQ(machine.take(), (Done{"advert 0 224.0.0.18", "remove 10.0.1.5"}));
    EXPECT_EQ(fault(), "track_tcp 10.0.1.9:80: L4CON refused");

    set_check(Verdict::up);
    engine->handle_checks(now);
    EXPECT_EQ(state(), vrrp::StateName::backup);
}

TEST_F(TrackingTest, ResultsAreFoundWithoutBeingTold) {
    set_check(Verdict::up);
    become_active_with({service()});
    set_check(Verdict::down);
    run(Seconds{1});

    EXPECT_EQ(state(), vrrp::StateName::fault);
}

// Weights

TEST_F(TrackingTest, WeightIsAdvertisedWithinTheSameEventAndLogged) {
    set_check(Verdict::up);
    become_active_with({service(-20)});
    set_check(Verdict::down);
    engine->handle_checks(now);

    EXPECT_EQ(machine.take(), (Done{"advert 80 224.0.0.18"}));
    EXPECT_EQ(log.count("priority 100 -> 80: track_tcp 10.0.1.9:80 failed, "
                        "L4CON refused (weight -20)"),
              1u);

    engine->handle_checks(now);
    run(Milliseconds{50});
    EXPECT_EQ(machine.take(), Done{});
    EXPECT_EQ(log.count("priority 100 ->"), 1u);

    set_check(Verdict::up);
    engine->handle_checks(now);
    EXPECT_EQ(machine.take(), (Done{"advert 100 224.0.0.18"}));
    EXPECT_EQ(log.count("priority 80 -> 100: track_tcp 10.0.1.9:80 is up "
                        "(weight -20)"),
              1u);
}

TEST_F(TrackingTest, WeightHasNoEffectBeforeTheEndOfARescue) {
    set_check(Verdict::up);
    become_active_with({service(-20)});
    engine->execute(Command::release, "VI_1", now, {.rescue = true});
    set_check(Verdict::down);
    engine->handle_checks(now);
    EXPECT_EQ(priority(), 1u);

    engine->execute(Command::resume, "VI_1", now);
    EXPECT_EQ(priority(), 80u);
    EXPECT_EQ(log.count("priority 1 -> 80: resumed by the operator"), 1u);
}

TEST_F(TrackingTest, FirstAdvertHasTheRightPriority) {
    start_with({link(-20)}, world(false));
    run(Milliseconds{400});

    EXPECT_EQ(machine.take(),
              (Done{"listen eth0 multicast", "advert 80 224.0.0.18",
                    "add 10.0.1.5 1s", "garp"}));
}

TEST_F(TrackingTest, FaultIsLeftToWithThePriorityThatIsKnown) {
    become_active_with({link(-20), link()});
    engine->handle_interfaces(world(false, true, true), now);
    EXPECT_EQ(machine.take(), (Done{"advert 0 224.0.0.18", "remove 10.0.1.5"}));
    EXPECT_EQ(priority(), 80u);

    engine->handle_interfaces(world(), now);
    EXPECT_EQ(priority(), 100u);
    machine.take();
    run(Seconds{1});
    EXPECT_EQ(machine.take()[0], "advert 100 224.0.0.18");
}

// First results

TEST_F(TrackingTest, WaitsForTheFirstResultBeforeItJoins) {
    for (const std::optional<int> weight : {std::optional<int>{}, {-20}}) {
        set_check(Verdict::unknown);
        start_with({service(weight)});
        run(Seconds{2});
        EXPECT_EQ(state(), vrrp::StateName::initialize);
        EXPECT_TRUE(engine->is_in_charge());
        EXPECT_EQ(fault(), "");

        set_check(Verdict::up);
        engine->handle_checks(now);
        EXPECT_EQ(state(), vrrp::StateName::backup);
    }
}

TEST_F(TrackingTest, FirstResultThatIsAFailureIsAFault) {
    set_check(Verdict::unknown);
    start_with({service()});
    set_check(Verdict::down);
    engine->handle_checks(now);
    run(Milliseconds{10});

    EXPECT_EQ(state(), vrrp::StateName::fault);
}

TEST_F(TrackingTest, CheckThatNeverComesIsAFault) {
    set_check(Verdict::unknown);
    start_with({service()});
    run(Milliseconds{4900});
    EXPECT_EQ(state(), vrrp::StateName::initialize);

    run(Milliseconds{200});
    EXPECT_EQ(state(), vrrp::StateName::fault);
    EXPECT_EQ(fault(), "track_tcp 10.0.1.9:80: not checked yet");
}

TEST_F(TrackingTest, LeftoversAreRemovedWhileItWaits) {
    set_check(Verdict::unknown);
    start_with({service()}, world(true, true, true));
    run(Milliseconds{300});

    EXPECT_EQ(machine.take(),
              (Done{"listen eth0 multicast", "remove 10.0.1.5"}));
}

TEST_F(TrackingTest, MayBeStoppedOrHandedOverWhileItWaits) {
    set_check(Verdict::unknown);
    start_with({service()});
    run(Milliseconds{300});
    machine.successor = true;
    engine->handle_ownership(now);
    ASSERT_TRUE(machine.passed_on);
    EXPECT_FALSE(machine.passed_on->checkpoint);
    EXPECT_FALSE(engine->is_in_charge());

    machine.owned_by_other = false;
    start_with({service()});
    run(Milliseconds{300});
    engine->stop("nginx is shutting down", true, now);
    EXPECT_TRUE(engine->finished());
    set_check(Verdict::up);
    engine->handle_checks(now);
    EXPECT_EQ(state(), vrrp::StateName::initialize);
}

TEST_F(TrackingTest, StandsAsideWhateverTheChecksSay) {
    set_check(Verdict::up);
    make(config(), {service(), link()});
    engine->disable("CAP_NET_RAW is missing", now);
    engine->handle_checks(now);

    EXPECT_EQ(fault(), "CAP_NET_RAW is missing");
    EXPECT_FALSE(engine->deadline());
}

// Reloads

TEST_F(TrackingTest, ResultsThatComeAtOnceAreWaitedForBeforeTheClaim) {
    set_check(Verdict::unknown);
    start_with({service(-20)});
    run(Milliseconds{100});
    EXPECT_FALSE(router().has_claimed());

    set_check(Verdict::down);
    engine->handle_checks(now);
    run(Milliseconds{10});
    EXPECT_TRUE(router().has_claimed());
    EXPECT_EQ(priority(), 80u);
}

TEST_F(TrackingTest, ReloadWithAFailedWeightIsInvisible) {
    set_check(Verdict::down);
    become_active_with({service(-20)});
    reload_with({service(-20)});

    EXPECT_EQ(state(), vrrp::StateName::active);
    EXPECT_EQ(priority(), 80u);
    EXPECT_EQ(machine.take(), Done{});
}

TEST_F(TrackingTest, ReloadThatAddsAFaultKeepsTheAddressDuringTheFirstCheck) {
    become_active_with({});
    set_check(Verdict::unknown);
    reload_with({service()});
    EXPECT_EQ(state(), vrrp::StateName::active);
    EXPECT_EQ(machine.take(), Done{});

    run(Seconds{3});
    set_check(Verdict::up);
    run(Seconds{10});
    EXPECT_EQ(state(), vrrp::StateName::active);
    EXPECT_EQ(router().counters().transitions, 2u);
}

TEST_F(TrackingTest, ReloadThatAddsAFaultReleasesWhenTheFirstCheckFails) {
    become_active_with({});
    set_check(Verdict::unknown);
    reload_with({service()});
    run(Seconds{1});
    set_check(Verdict::down);
    engine->handle_checks(now);

    EXPECT_EQ(state(), vrrp::StateName::fault);
}

TEST_F(TrackingTest, ReloadThatAddsAFaultWaitsNoLongerThanACheckMayTake) {
    become_active_with({});
    set_check(Verdict::unknown);
    reload_with({service()});
    run(Milliseconds{5100});

    EXPECT_EQ(state(), vrrp::StateName::fault);
    EXPECT_EQ(fault(), "track_tcp 10.0.1.9:80: not checked yet");
}

TEST_F(TrackingTest, ReloadThatAddsAWeightKeepsThePriorityDuringTheFirstCheck) {
    set_check(Verdict::up);
    become_active_with({service(20)});
    set_check(Verdict::unknown);
    reload_with({service(20)});

    EXPECT_EQ(machine.take(), Done{});
    EXPECT_EQ(priority(), 120u);
}

TEST_F(TrackingTest, ReloadWithAFaultThatIsKnownReleases) {
    become_active_with({});
    set_check(Verdict::down);
    reload_with({service()});

    EXPECT_EQ(state(), vrrp::StateName::fault);
    EXPECT_EQ(machine.take(), (Done{"advert 0 224.0.0.18", "remove 10.0.1.5"}));
}

TEST_F(TrackingTest, ReloadDuringTheFirstFailedLookWaitsForTheOthers) {
    set_check(Verdict::up);
    become_active_with({servers()});
    set_check(Verdict::down);
    engine->handle_checks(now);
    ASSERT_EQ(state(), vrrp::StateName::active);

    reload_with({servers()});
    EXPECT_EQ(state(), vrrp::StateName::active);
    EXPECT_EQ(machine.take(), Done{});
    set_check(Verdict::up);
    engine->handle_checks(now);
    run(Seconds{5});
    EXPECT_EQ(state(), vrrp::StateName::active);

    set_check(Verdict::down);
    run(Seconds{5});
    EXPECT_EQ(state(), vrrp::StateName::fault);
}

TEST_F(TrackingTest, ReloadCountsOnWhereServersStayDown) {
    set_check(Verdict::up);
    become_active_with({servers()});
    set_check(Verdict::down);
    reload_with({servers()});

    run(Milliseconds{1500});
    EXPECT_EQ(state(), vrrp::StateName::active);
    run(Seconds{2});
    EXPECT_EQ(state(), vrrp::StateName::fault);
}

TEST_F(TrackingTest, CrashWithAFailedWeightIsGoneOnFromWithIt) {
    set_check(Verdict::down);
    machine.active_before = now - Milliseconds{100};
    start_with({service(-20)}, world(true, true, true));
    run(Milliseconds{10});

    EXPECT_EQ(state(), vrrp::StateName::active);
    EXPECT_EQ(machine.take(),
              (Done{"listen eth0 multicast", "advert 80 224.0.0.18",
                    "add 10.0.1.5 1s"}));
}

// Latched trackers

class LatchTest : public TrackingTest {
protected:
    static TrackerConfig latching(std::optional<int> weight = {}) {
        TrackerConfig config = service(weight);
        config.latch = true;
        return config;
    }

    // The check fails, and passes again.
    void flap() {
        set_check(Verdict::down);
        engine->handle_checks(now);
        set_check(Verdict::up);
        engine->handle_checks(now);
    }

    std::string resume() {
        return engine->execute(Command::resume, "VI_1", now)[0].outcome.detail;
    }
};

TEST_F(LatchTest, FailureStaysUntilResume) {
    set_check(Verdict::up);
    become_active_with({latching()});
    flap();
    EXPECT_EQ(state(), vrrp::StateName::fault);
    run(Seconds{30});
    EXPECT_EQ(fault(),
              "track_tcp 10.0.1.9:80: L4CON refused, latched until "
              "\"resume\"");

    EXPECT_EQ(resume(),
              "fault cleared: track_tcp 10.0.1.9:80: L4CON refused, "
              "latched until \"resume\"");
    EXPECT_EQ(state(), vrrp::StateName::backup);
    EXPECT_EQ(resume(), "was not released");
}

TEST_F(LatchTest, WeightStaysToo) {
    set_check(Verdict::up);
    become_active_with({latching(-20)});
    flap();
    EXPECT_EQ(priority(), 80u);
    resume();
    EXPECT_EQ(priority(), 100u);
}

TEST_F(LatchTest, ResumeWhileItFailsChangesNothingUntilItIsUp) {
    set_check(Verdict::up);
    become_active_with({latching()});
    set_check(Verdict::down);
    engine->handle_checks(now);
    EXPECT_EQ(resume(), "stays in FAULT: track_tcp 10.0.1.9:80: L4CON refused");
    set_check(Verdict::up);
    engine->handle_checks(now);
    EXPECT_EQ(fault(), "") << "the operator has seen that failure";
    flap();
    EXPECT_NE(fault(), "");
}

// At boot a gateway may need longer than nginx.
TEST_F(LatchTest, TrackerThatWasNeverUpDoesNotLatch) {
    set_check(Verdict::down);
    start_with({latching()});
    run(Seconds{1});
    EXPECT_EQ(state(), vrrp::StateName::fault);
    set_check(Verdict::up);
    engine->handle_checks(now);
    EXPECT_EQ(fault(), "");
}

TEST_F(LatchTest, SurvivesReloadAndCrash) {
    set_check(Verdict::up);
    become_active_with({latching()});
    flap();
    for (const bool upgrade : {false, true}) {
        if (upgrade) {
            machine.latched.clear();  // another nginx has another memory
        }
        reload_with({latching()});
        run(Seconds{1});
        EXPECT_EQ(fault(),
                  "track_tcp 10.0.1.9:80: it failed before, latched "
                  "until \"resume\"")
            << upgrade;
    }
    // without the parameter it is as any other
    reload_with({service()});
    run(Seconds{1});
    EXPECT_EQ(fault(), "");
}

TEST_F(LatchTest, NewProcessReadsItFromTheMemory) {
    machine.latched = {"track_tcp 10.0.1.9:80"};
    set_check(Verdict::up);
    start_with({latching()});
    run(Seconds{1});
    EXPECT_EQ(state(), vrrp::StateName::fault);
    resume();
    EXPECT_EQ(machine.latched.size(), 0u);
    EXPECT_EQ(fault(), "");
}

}  // namespace
}  // namespace ngx_vrrp::engine
