// A vrrp process that starts when those before it have crashed again and again.
#include <gtest/gtest.h>

#include "tests/engine/engine_fixture.hpp"

namespace ngx_vrrp::engine {
namespace {

class CrashLoopTest : public EngineTest {
protected:
    // Out for 10 s, with the VIP on the interface or not.
    void start_out(bool vip) {
        Backoff out;
        out.begin(Seconds{10}, now);
        beat();
        make(config());
        engine->stay_out(FaultCause::crash, {"it crashed", out}, now);
        engine->start(interfaces(true, vip), now);
    }
};

// The peer need not wait for its timer, and no other router must have the
// address.
TEST_F(CrashLoopTest, MasterSendsPriorityZeroAndReleases) {
    machine.active_before = now - Milliseconds{100};
    start_out(true);
    EXPECT_EQ(machine.take(), (Done{"listen eth0 multicast",
                                    "advert 0 224.0.0.18", "remove 10.0.1.5"}));
    EXPECT_EQ(state(), vrrp::StateName::fault);
    EXPECT_EQ(log.count("MASTER -> FAULT: it crashed"), 1u);
    EXPECT_EQ(log.count("continuing as MASTER"), 0u);
}

// A peer has taken over: priority 0 would only confuse the backups.
TEST_F(CrashLoopTest, LeftoverIsRemovedSilently) {
    machine.active_before = now - Milliseconds{301};
    start_out(true);
    EXPECT_EQ(machine.take(),
              (Done{"listen eth0 multicast", "remove 10.0.1.5"}));
    EXPECT_EQ(state(), vrrp::StateName::fault);
}

TEST_F(CrashLoopTest, TakesPartAgainWhenTheTimeIsOver) {
    start_out(false);
    EXPECT_EQ(machine.take(), (Done{"listen eth0 multicast"}));
    run(Milliseconds{9'900});
    EXPECT_EQ(state(), vrrp::StateName::fault);
    EXPECT_EQ(machine.take(), Done{});
    run(Milliseconds{200});
    EXPECT_EQ(state(), vrrp::StateName::backup);
    run(Seconds{1});
    EXPECT_EQ(state(), vrrp::StateName::active);
}

TEST_F(CrashLoopTest, OperatorEndsTheTimeEarly) {
    start_out(false);
    run(Seconds{1});
    ASSERT_EQ(state(), vrrp::StateName::fault);

    const auto outcomes = engine->execute(Command::resume, "VI_1", now);

    EXPECT_EQ(outcomes.at(0).outcome.done, true);
    EXPECT_EQ(machine.crashes_end_at, now) << "for the next process";
    EXPECT_EQ(state(), vrrp::StateName::backup);
    run(Seconds{1});
    EXPECT_EQ(state(), vrrp::StateName::active);
}

TEST_F(CrashLoopTest, ClaimComesFirst) {
    machine.owned_by_other = true;
    start_out(true);
    EXPECT_EQ(state(), vrrp::StateName::initialize);
    EXPECT_EQ(machine.take(), (Done{"listen eth0 multicast"}));

    run(Seconds{1});
    machine.inherit(now);
    engine->handle_ownership(now);
    EXPECT_EQ(state(), vrrp::StateName::fault);
    EXPECT_EQ(machine.take(), (Done{"advert 0 224.0.0.18", "remove 10.0.1.5"}));
}

// The old process lives and is master: it gives the address, which the new one
// must not have, to the peer.
TEST_F(CrashLoopTest, HandoverIsReleased) {
    become_active();
    machine.successor = true;
    engine->handle_ownership(now);
    start_out(true);
    machine.take();
    machine.grant(machine.passed_on);
    engine->handle_ownership(now);
    EXPECT_EQ(machine.take(), (Done{"advert 0 224.0.0.18", "remove 10.0.1.5"}));
}

}  // namespace
}  // namespace ngx_vrrp::engine
