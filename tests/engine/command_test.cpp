// Commands of an operator, which outlast reloads and crashes; windows for
// preemption.
#include <gtest/gtest.h>

#include <algorithm>

#include "tests/engine/engine_fixture.hpp"

namespace ngx_vrrp::engine {
namespace {

using std::chrono::hours;
using vrrp::StateName;

class CommandTest : public EngineTest {
protected:
    Outcome ask(Command command, const ReleaseTerms &terms = {}) {
        const auto outcomes = engine->execute(command, "VI_1", now, terms);
        return outcomes.size() == 1 ? outcomes[0].outcome : Outcome{};
    }

    // "done: ..." or "refused: ..."
    std::string said(Command command, const ReleaseTerms &terms = {}) {
        const Outcome outcome = ask(command, terms);
        return (outcome.done ? "done: " : "refused: ") + outcome.detail +
               outcome.terms;
    }

    const VirtualRouter &router() const { return engine->routers()[0]; }
    const std::string &last_reason() const {
        return router().last_transition().reason;
    }

    // A peer with this priority advertises for this time.
    void hear_for(std::uint8_t priority, Duration duration) {
        for (const Instant end = now + duration; now < end;) {
            receive(priority);
            run(Milliseconds{100});
        }
    }

    void become_backup(vrrp::Config c = config(), std::uint8_t peer = 200) {
        beat();
        start(std::move(c));
        hear_for(peer, Milliseconds{500});
        ASSERT_EQ(state(), StateName::backup);
        machine.take();
    }

    // A process with a newer configuration continues the router.
    void reload() {
        machine.successor = true;
        engine->handle_ownership(now);
        go_on_elsewhere();
    }

    void go_on_elsewhere() {
        const auto handover = machine.passed_on;
        make(config());
        engine->start(interfaces(), now);
        machine.grant(handover);
        engine->handle_ownership(now);
    }
};

TEST_F(CommandTest, ReleaseWaitsForTheSuccessorAndStaysOut) {
    become_active();

    EXPECT_EQ(said(Command::release), "done: released by the operator");
    EXPECT_TRUE(router().is_leaving());
    EXPECT_EQ(machine.take(), Done{"advert 0 224.0.0.18"});

    run(Milliseconds{50});
    receive(90);
    run(Milliseconds{100});
    EXPECT_EQ(machine.take(), Done{"remove 10.0.1.5"});
    EXPECT_EQ(state(), StateName::fault);
    EXPECT_EQ(last_reason(),
              "released by the operator, 10.0.1.2 took over with priority 90");

    run(Seconds{60});
    EXPECT_EQ(machine.take(), Done{});
    EXPECT_EQ(router().faults().reason(), "released by the operator");
}

TEST_F(CommandTest, ReleaseWithoutASuccessorSaysSo) {
    become_active();
    ask(Command::release);

    run(router().successor_grace());

    EXPECT_EQ(machine.take(), (Done{"advert 0 224.0.0.18", "remove 10.0.1.5"}));
    EXPECT_EQ(last_reason(),
              "released by the operator, no router has taken "
              "over");
}

TEST_F(CommandTest, TwiceIsOnce) {
    become_active();
    ask(Command::release);
    run(Seconds{1});
    machine.take();

    EXPECT_EQ(said(Command::release), "done: is already released");
    EXPECT_EQ(machine.take(), Done{});

    EXPECT_EQ(said(Command::resume), "done: resumed by the operator");
    EXPECT_EQ(said(Command::resume), "done: was not released");
    EXPECT_EQ(state(), StateName::backup);
}

TEST_F(CommandTest, ResumeTakesTheAddressesBack) {
    become_active();
    ask(Command::release);
    run(Seconds{1});

    ask(Command::resume);
    run(Seconds{1});

    EXPECT_EQ(state(), StateName::active);
}

TEST_F(CommandTest, ResumeBeforeATakeover) {
    become_active();
    ask(Command::release);
    machine.take();

    EXPECT_EQ(said(Command::resume),
              "done: stays MASTER, no router had taken over");
    EXPECT_EQ(machine.take(), Done{"advert 100 224.0.0.18"});
}

TEST_F(CommandTest, ResumeWhileTheSuccessorTakesOver) {
    become_active();
    ask(Command::release);
    receive(90);
    ASSERT_TRUE(router().is_leaving());

    EXPECT_EQ(said(Command::resume),
              "done: resumed by the operator, a peer has taken over");
    run(Milliseconds{100});
    EXPECT_EQ(state(), StateName::backup);
}

TEST_F(CommandTest, ReleaseOfABackup) {
    become_backup();

    EXPECT_EQ(said(Command::release), "done: released by the operator");
    EXPECT_EQ(state(), StateName::fault);
    EXPECT_EQ(machine.take(), Done{});
}

// The fault's end is not the end of the release, and the other way round.
TEST_F(CommandTest, ReleaseDuringAFault) {
    become_backup();
    engine->handle_interfaces(interfaces(false), now);

    EXPECT_EQ(said(Command::release),
              "done: stays in FAULT: interface eth0 is down");
    engine->handle_interfaces(interfaces(), now);
    EXPECT_EQ(state(), StateName::fault);
    EXPECT_EQ(router().faults().reason(), "released by the operator");

    engine->handle_interfaces(interfaces(false), now);
    EXPECT_EQ(said(Command::resume),
              "done: stays in FAULT: interface eth0 is down");
    engine->handle_interfaces(interfaces(), now);
    EXPECT_EQ(state(), StateName::backup);
}

TEST_F(CommandTest, FaultWhileTheSuccessorIsAwaitedDropsTheAddresses) {
    become_active();
    ask(Command::release);
    machine.take();

    run(Milliseconds{50});
    machine.beats.clear();
    engine->handle_workers(now);

    EXPECT_EQ(state(), StateName::fault);
    EXPECT_EQ(machine.take(), Done{"remove 10.0.1.5"});
}

TEST_F(CommandTest, Failback) {
    vrrp::Config nopreempt = config();
    nopreempt.preempt = false;
    become_backup(nopreempt);

    EXPECT_EQ(said(Command::failback),
              "refused: priority 100 is below the MASTER's 200");
    hear_for(90, Seconds{1});
    machine.take();
    EXPECT_EQ(said(Command::failback),
              "done: failback by the operator, preempting priority 90 from "
              "10.0.1.2");
    EXPECT_EQ(machine.take(),
              (Done{"advert 100 224.0.0.18", "add 10.0.1.5 1s", "garp"}));
    EXPECT_EQ(said(Command::failback), "done: is already MASTER");
}

TEST_F(CommandTest, FailbackWhileReleasedIsRefused) {
    become_active();
    ask(Command::release);

    EXPECT_EQ(said(Command::failback), "refused: is released, resume it first");
    run(Seconds{1});
    EXPECT_EQ(said(Command::failback), "refused: is released, resume it first");
}

TEST_F(CommandTest, EverythingIsRefusedAtTheEnd) {
    become_active();
    engine->stop("nginx is shutting down", true, now);

    for (const Command command :
         {Command::release, Command::resume, Command::failback}) {
        EXPECT_EQ(said(command), "refused: nginx is shutting down");
    }
}

TEST_F(CommandTest, NameChoosesTheRouters) {
    vrrp::Config second = config();
    second.name = "VI_2";
    second.vrid = Vrid{52};
    engine.emplace(std::vector<RouterConfig>{{config(), {}}, {second, {}}},
                   machine.ports(), log);
    beat();
    engine->start(interfaces(), now);

    EXPECT_EQ(engine->execute(Command::release, "", now).size(), 2u);
    EXPECT_EQ(engine->execute(Command::release, "VI_3", now).size(), 0u);
    const auto one = engine->execute(Command::resume, "VI_2", now);
    ASSERT_EQ(one.size(), 1u);
    EXPECT_EQ(one[0].router, 1u);
    EXPECT_TRUE(engine->routers()[0].is_released());
    EXPECT_FALSE(engine->routers()[1].is_released());
}

// Over the life of a process

TEST_F(CommandTest, ReleaseSurvivesAReload) {
    become_active();
    ask(Command::release);
    run(Seconds{1});

    reload();

    EXPECT_EQ(state(), StateName::fault);
    EXPECT_TRUE(router().is_released());
    run(Seconds{5});
    EXPECT_EQ(state(), StateName::fault);
    ask(Command::resume);
    run(Seconds{1});
    EXPECT_EQ(state(), StateName::active);
}

TEST_F(CommandTest, ResumptionSurvivesAReload) {
    become_active();
    ask(Command::release);
    run(Seconds{1});
    ask(Command::resume);

    reload();

    EXPECT_EQ(state(), StateName::backup);
    EXPECT_FALSE(router().is_released());
}

// The successor process gets the router when the successor on the LAN has
// spoken.
TEST_F(CommandTest, ReloadWhileTheSuccessorIsAwaited) {
    become_active();
    ask(Command::release);
    machine.successor = true;
    engine->handle_ownership(now);
    EXPECT_FALSE(machine.passed_on);

    receive(90);
    EXPECT_FALSE(machine.passed_on);
    run(Milliseconds{50});
    EXPECT_TRUE(machine.passed_on);
    machine.take();

    go_on_elsewhere();
    EXPECT_EQ(state(), StateName::fault);
    EXPECT_TRUE(router().is_released());
    EXPECT_EQ(machine.take(), Done{});
}

TEST_F(CommandTest, ReleaseSurvivesACrash) {
    become_active();
    ask(Command::release);
    run(Seconds{1});

    make(config());
    engine->start(interfaces(), now);
    run(Seconds{1});

    EXPECT_EQ(state(), StateName::fault);
    EXPECT_TRUE(router().is_released());
}

// In the middle of it: the address is removed.
TEST_F(CommandTest, CrashWhileTheSuccessorIsAwaited) {
    become_active();
    ask(Command::release);
    machine.take();

    machine.active_before = now;
    make(config());
    engine->start(interfaces(true, true), now);

    EXPECT_EQ(state(), StateName::fault);
    EXPECT_EQ(machine.take(), (Done{"advert 0 224.0.0.18", "remove 10.0.1.5"}));
}

TEST_F(CommandTest, ReleaseThatCannotBeRememberedSaysSo) {
    become_backup();
    machine.full = true;

    EXPECT_EQ(said(Command::release),
              "done: released by the operator, until the vrrp process dies");
}

// With an end, and with a rescue

constexpr ReleaseTerms kRescue{.rescue = true};
constexpr ReleaseTerms kHalfAnHour{.rescue = true, .length = Seconds{1800}};

class RescueTest : public CommandTest {
protected:
    // Released, and 10.0.1.2 with priority 90 has the addresses.
    void stand_by(const ReleaseTerms &terms) {
        become_active();
        ask(Command::release, terms);
        hear_for(90, Seconds{1});
        ASSERT_EQ(state(), StateName::backup);
        machine.take();
    }

    unsigned priority() const {
        return router().instance().effective_priority().value;
    }
};

TEST_F(CommandTest, ReleaseEndsAfterItsTime) {
    become_active();

    EXPECT_EQ(said(Command::release, {.length = Seconds{5430}}),
              "done: released by the operator, for 1h30m30s");
    hear_for(90, Seconds{5429});
    EXPECT_EQ(state(), StateName::fault);
    hear_for(90, Seconds{1});

    EXPECT_FALSE(router().is_released());
    EXPECT_EQ(state(), StateName::backup);
    EXPECT_EQ(last_reason(), "the time of the release is over");
    hear_for(90, Seconds{1});
    EXPECT_EQ(state(), StateName::active);
    EXPECT_EQ(engine->deadline() > now, true);
}

TEST_F(RescueTest, LeavesTheAddressesToTheOtherOne) {
    become_active();

    EXPECT_EQ(said(Command::release, kHalfAnHour),
              "done: released by the operator, for 30m, takes over only if "
              "there is no other MASTER");
    EXPECT_EQ(machine.take(), Done{"advert 0 224.0.0.18"});
    hear_for(90, Milliseconds{100});

    EXPECT_EQ(machine.take(), Done{"remove 10.0.1.5"});
    EXPECT_EQ(state(), StateName::backup);
    EXPECT_EQ(last_reason(),
              "released by the operator, 10.0.1.2 took over with priority 90");
    EXPECT_EQ(priority(), 1u);
    hear_for(2, Seconds{60});
    EXPECT_EQ(state(), StateName::backup);
    EXPECT_EQ(log.count("priority 100 -> 1: released by the operator"), 1u);
}

TEST_F(RescueTest, StaysMasterWithoutAnotherOne) {
    become_active();
    ask(Command::release, kRescue);
    run(router().successor_grace());

    EXPECT_EQ(state(), StateName::active);
    EXPECT_FALSE(router().is_leaving());
    EXPECT_EQ(machine.take(), (Done{"advert 0 224.0.0.18",
                                    "advert 1 224.0.0.18", "add 10.0.1.5 1s"}));
    EXPECT_EQ(log.count("no router has taken over, staying MASTER with "
                        "priority 1"),
              1u);
    receive(2);
    EXPECT_EQ(state(), StateName::backup);
}

TEST_F(RescueTest, TakesOverWhenTheOtherOneDies) {
    stand_by(kRescue);

    run(Seconds{1});
    EXPECT_EQ(state(), StateName::active);
    EXPECT_EQ(priority(), 1u);

    hear_for(2, Milliseconds{100});
    EXPECT_EQ(state(), StateName::backup);
}

TEST_F(RescueTest, TakesOverAfterPriorityZero) {
    stand_by(kRescue);

    receive(0);
    run(Milliseconds{100});

    EXPECT_EQ(state(), StateName::active);
}

TEST_F(RescueTest, EndsAfterItsTime) {
    stand_by(kHalfAnHour);

    hear_for(90, Seconds{1798});
    EXPECT_EQ(priority(), 1u);
    hear_for(90, Seconds{2});

    EXPECT_EQ(priority(), 100u);
    EXPECT_FALSE(router().is_released());
    EXPECT_EQ(log.count("priority 1 -> 100: the time of the release is over"),
              1u);
    EXPECT_EQ(state(), StateName::active);
}

TEST_F(RescueTest, EndsWithResume) {
    stand_by(kRescue);

    EXPECT_EQ(said(Command::resume), "done: resumed by the operator");
    EXPECT_EQ(priority(), 100u);
    hear_for(90, Seconds{1});
    EXPECT_EQ(state(), StateName::active);
}

TEST_F(RescueTest, ResumeAfterARescueKeepsTheAddresses) {
    stand_by(kRescue);
    run(Seconds{1});
    machine.take();

    EXPECT_EQ(said(Command::resume), "done: stays MASTER");
    EXPECT_EQ(machine.take(), Done{"advert 100 224.0.0.18"});
    EXPECT_EQ(state(), StateName::active);
}

TEST_F(RescueTest, ResumeBeforeATakeover) {
    become_active();
    ask(Command::release, kRescue);
    machine.take();

    EXPECT_EQ(said(Command::resume),
              "done: stays MASTER, no router had taken over");
    EXPECT_EQ(machine.take(), Done{"advert 100 224.0.0.18"});
    EXPECT_EQ(log.count("staying MASTER"), 0u);
}

TEST_F(RescueTest, FailbackIsRefused) {
    stand_by(kRescue);

    EXPECT_EQ(said(Command::failback), "refused: is released, resume it first");
}

// The terms of the last command are in force.

TEST_F(RescueTest, BecomesAReleaseWithoutRescue) {
    stand_by(kRescue);

    EXPECT_EQ(said(Command::release),
              "done: released by the operator, until it is resumed");
    EXPECT_EQ(state(), StateName::fault);
    run(Seconds{5});
    EXPECT_EQ(state(), StateName::fault);
    EXPECT_EQ(said(Command::release), "done: is already released");
}

TEST_F(RescueTest, AMasterOfARescueIsReleasedAgain) {
    stand_by(kRescue);
    run(Seconds{1});
    machine.take();

    ask(Command::release);
    run(Seconds{1});

    EXPECT_EQ(machine.take(), (Done{"advert 0 224.0.0.18", "add 10.0.1.5 1s",
                                    "remove 10.0.1.5"}));
    EXPECT_EQ(state(), StateName::fault);
}

// The other node may have nopreempt.
TEST_F(RescueTest, OneThatServesLeavesAgain) {
    stand_by(kRescue);
    run(Seconds{1});
    ASSERT_EQ(state(), StateName::active);
    machine.take();

    ask(Command::release, kRescue);
    EXPECT_EQ(machine.take(), Done{"advert 0 224.0.0.18"});
    hear_for(90, Milliseconds{100});
    EXPECT_EQ(machine.take(), Done{"remove 10.0.1.5"});
    EXPECT_EQ(state(), StateName::backup);
    EXPECT_EQ(priority(), 1u);
}

TEST_F(RescueTest, WithoutRescueBeforeATakeover) {
    become_active();
    ask(Command::release, kRescue);
    ask(Command::release);
    run(Seconds{1});

    EXPECT_EQ(state(), StateName::fault);
}

TEST_F(RescueTest, ComesAfterAReleaseWithoutRescue) {
    become_active();
    ask(Command::release);
    hear_for(90, Seconds{1});
    ASSERT_EQ(state(), StateName::fault);

    ask(Command::release, kRescue);
    EXPECT_EQ(state(), StateName::backup);
    EXPECT_EQ(priority(), 1u);
    hear_for(90, Seconds{1});
    EXPECT_EQ(state(), StateName::backup);
    run(Seconds{1});
    EXPECT_EQ(state(), StateName::active);
}

TEST_F(RescueTest, ASecondOneChangesTheTime) {
    stand_by(kRescue);

    EXPECT_EQ(said(Command::release, kHalfAnHour),
              "done: is already released, for 30m, takes over only if there is "
              "no other MASTER");
    EXPECT_EQ(machine.take(), Done{});
    EXPECT_EQ(router().operator_release()->ends_at, now + Seconds{1800});
    EXPECT_EQ(priority(), 1u);
}

TEST_F(RescueTest, AFaultComesFirst) {
    stand_by(kHalfAnHour);
    engine->handle_interfaces(interfaces(false), now);
    EXPECT_EQ(state(), StateName::fault);

    EXPECT_EQ(said(Command::release, kRescue),
              "done: stays in FAULT: interface eth0 is down, until it is "
              "resumed, takes over only if there is no other MASTER");
    engine->handle_interfaces(interfaces(), now);
    EXPECT_EQ(state(), StateName::backup);
    EXPECT_EQ(priority(), 1u);
}

TEST_F(RescueTest, AnAddressOwnerRefuses) {
    vrrp::Config owner = config();
    owner.priority = Priority{255};
    beat();
    start(owner);

    EXPECT_EQ(said(Command::release, kRescue),
              "refused: is the address owner, whose priority is always 255: "
              "needs rescue=off");
    EXPECT_FALSE(router().is_released());
    EXPECT_EQ(said(Command::release), "done: released by the operator");
}

TEST_F(RescueTest, ARouterWithoutElectionRefuses) {
    vrrp::Config alone = config();
    alone.election = false;
    beat();
    start(alone);

    EXPECT_EQ(said(Command::release, kRescue),
              "refused: has \"election off\", and does not know whether "
              "another node has the addresses: needs rescue=off");
}

TEST_F(RescueTest, SurvivesAReload) {
    stand_by(kHalfAnHour);
    const auto before = router().operator_release();

    reload();

    EXPECT_EQ(state(), StateName::backup);
    EXPECT_EQ(router().operator_release(), before);
    EXPECT_EQ(priority(), 1u);
    hear_for(90, Seconds{5});
    EXPECT_EQ(state(), StateName::backup);
    hear_for(90, Seconds{1800});
    EXPECT_EQ(state(), StateName::active);
}

TEST_F(RescueTest, AMasterSurvivesAReload) {
    stand_by(kHalfAnHour);
    run(Seconds{1});
    machine.take();

    reload();

    EXPECT_EQ(state(), StateName::active);
    EXPECT_EQ(priority(), 1u);
    run(Seconds{1});
    const Done done = machine.take();
    EXPECT_EQ(std::ranges::count(done, "advert 100 224.0.0.18"), 0);
    EXPECT_EQ(std::ranges::count(done, "advert 0 224.0.0.18"), 0);
    hear_for(2, Milliseconds{100});
    EXPECT_EQ(state(), StateName::backup);
}

TEST_F(RescueTest, SurvivesACrash) {
    stand_by(kHalfAnHour);
    const auto before = router().operator_release();

    make(config());
    engine->start(interfaces(), now);
    hear_for(90, Seconds{5});

    EXPECT_EQ(state(), StateName::backup);
    EXPECT_EQ(router().operator_release(), before);
    EXPECT_EQ(priority(), 1u);
}

// A peer may have taken over after priority 0.
TEST_F(RescueTest, CrashWhileTheSuccessorIsAwaited) {
    become_active();
    ASSERT_TRUE(machine.active_after);
    ask(Command::release, kRescue);
    machine.take();

    machine.active_before = machine.active_after;
    make(config());
    engine->start(interfaces(true, true), now);
    EXPECT_EQ(state(), StateName::backup);
    EXPECT_EQ(std::ranges::count(machine.take(), "remove 10.0.1.5"), 1);
}

TEST_F(RescueTest, AMasterAgainContinuesAfterACrash) {
    become_active();
    ask(Command::release, kRescue);
    run(Seconds{1});

    machine.active_before = machine.active_after;
    make(config());
    engine->start(interfaces(true, true), now);
    EXPECT_EQ(state(), StateName::active);
}

// The next configuration refuses a rescue.
TEST_F(RescueTest, ANewAddressOwnerStaysOut) {
    stand_by(kRescue);
    vrrp::Config owner = config();
    owner.priority = Priority{255};

    make(owner);
    engine->start(interfaces(), now);
    run(Seconds{1});

    EXPECT_EQ(state(), StateName::fault);
    EXPECT_TRUE(router().is_released());
}

// A time that a broken process has written into the memory.
TEST_F(RescueTest, AnImpossibleTimeIsLimited) {
    become_backup();
    machine.releases[router().key()] = {false, Instant::max()};

    make(config());
    engine->start(interfaces(), now);

    EXPECT_EQ(router().operator_release()->ends_at, now + kLongestRelease);
}

// Windows

class WindowTest : public CommandTest {
protected:
    static vrrp::Config with_window() {
        vrrp::Config c = config();
        c.preempt_windows = {{hours{2}, hours{4}}, {hours{12}, hours{13}}};
        return c;
    }

    void clock(vrrp::TimeOfDay time) { engine->handle_time_of_day(time, now); }
};

TEST_F(WindowTest, OpensAndCloses) {
    become_backup(with_window(), 90);
    EXPECT_TRUE(engine->needs_time_of_day());

    clock(hours{4});
    EXPECT_EQ(router().window(), "");
    hear_for(90, Seconds{5});
    EXPECT_EQ(state(), StateName::backup);

    clock(hours{12});
    EXPECT_EQ(router().window(), "12:00-13:00");
    hear_for(90, Milliseconds{200});
    EXPECT_EQ(state(), StateName::active);
    EXPECT_EQ(last_reason(),
              "preempt_window 12:00-13:00 is open, preempting lower priority "
              "90 from 10.0.1.2");
}

// Daylight saving time, or an operator sets the clock: only the current time of
// day matters.
TEST_F(WindowTest, ClockMayJump) {
    become_backup(with_window(), 90);
    for (const vrrp::TimeOfDay time :
         {hours{3}, hours{1}, hours{3}, hours{5}}) {
        clock(time);
    }
    hear_for(90, Seconds{5});
    EXPECT_EQ(state(), StateName::backup);
    clock(hours{3});
    hear_for(90, Seconds{1});
    EXPECT_EQ(state(), StateName::active);
}

TEST_F(WindowTest, OtherRoutersDoNotNeedTheTimeOfDay) {
    become_backup();

    EXPECT_FALSE(engine->needs_time_of_day());
}

}  // namespace
}  // namespace ngx_vrrp::engine
