// A backup at rest: advertisement after advertisement is like the last one, and
// as little as possible is done for it.
#include <cstdint>

#include "core/vrrp/timing.hpp"
#include "tests/engine/engine_fixture.hpp"

namespace ngx_vrrp::engine {
namespace {

constexpr Milliseconds kInterval{100};

class BackupAtRestTest : public EngineTest {
protected:
    void become_backup() {
        beat();
        start();
        for (int i = 0; i < 5; ++i) {
            hear();
        }
        ASSERT_EQ(state(), vrrp::StateName::backup);
    }

    void hear() {
        run(kInterval);
        beat();
        receive(200);
    }

    std::uint64_t heard() const {
        return engine->routers()[0].counters().adverts_received;
    }
};

TEST_F(BackupAtRestTest, DeadlineIsMovedByEveryThird) {
    become_backup();
    int moved = 0;
    for (int i = 0; i < 30; ++i) {
        const auto before = engine->deadline();
        hear();
        moved += engine->deadline() != before;
    }
    EXPECT_LE(moved, 15);
    EXPECT_GE(moved, 10);
    EXPECT_EQ(heard(), 35u);
    EXPECT_EQ(state(), vrrp::StateName::backup);
}

TEST_F(BackupAtRestTest, NoWakeUpIsAddedBetweenThem) {
    become_backup();
    for (int i = 0; i < 30; ++i) {
        hear();
        EXPECT_GT(*engine->deadline(), now + kInterval);
    }
}

// Whichever of them is the last one.
TEST_F(BackupAtRestTest, SilenceIsCountedFromTheLastOne) {
    become_backup();
    for (int i = 0; i < 6; ++i) {
        hear();
        const Instant since = now;
        const Instant until =
            since +
            vrrp::active_down_interval(Version::v3, Priority{100}, kInterval);
        run(until - since - Duration{1});
        ASSERT_EQ(state(), vrrp::StateName::backup) << i;
        run(Duration{1});
        ASSERT_EQ(state(), vrrp::StateName::active) << i;

        receive(200);
        for (int n = 0; n < i; ++n) {
            hear();
        }
    }
}

TEST_F(BackupAtRestTest, OnlyNumbersAreTouched) {
    become_backup();
    engine->touched().take([](std::size_t, Touch) {});
    for (int i = 0; i < 3; ++i) {
        hear();
        engine->touched().take(
            [](std::size_t, Touch touch) { EXPECT_EQ(touch, Touch::numbers); });
    }
}

TEST_F(BackupAtRestTest, AnotherOneIsNoticedAtOnce) {
    become_backup();
    hear();
    run(kInterval);
    receive(0);
    EXPECT_LT(*engine->deadline(), now + kInterval);
    run(kInterval);
    EXPECT_EQ(state(), vrrp::StateName::active);
}

TEST_F(BackupAtRestTest, WorkersThatBeatAreNotJudgedAgain) {
    become_backup();
    machine.looks = 0;
    for (int i = 0; i < 100; ++i) {
        hear();
    }
    EXPECT_LE(machine.looks, 7u) << "of about 20";
    EXPECT_EQ(engine->fresh_workers(), 1u);
}

TEST_F(BackupAtRestTest, OtherDeadlinesAreKept) {
    constexpr check::CheckId kCheck = 3;
    TrackerConfig tracker = test::default_tracker();
    tracker.kind = TrackKind::check;
    tracker.first_check = kCheck;
    tracker.checks = 1;
    machine.checks[kCheck] = {check::Verdict::up, 0, ""};
    beat();
    make(config(), {tracker});
    engine->start(interfaces(), now);
    for (int i = 0; i < 30; ++i) {
        hear();
    }
    ASSERT_EQ(state(), vrrp::StateName::backup);

    machine.checks[kCheck] = {check::Verdict::down, 0, ""};
    for (int i = 0; i < 11; ++i) {
        hear();
    }
    EXPECT_EQ(state(), vrrp::StateName::fault);
}

TEST_F(BackupAtRestTest, NothingIsLate) {
    become_backup();
    for (int i = 0; i < 100; ++i) {
        hear();
    }
    EXPECT_EQ(engine->timer_lag().max_ns, 0);
}

// The heartbeats are looked at before they are due.
TEST_F(BackupAtRestTest, NothingIsLateIfOnlyPacketsWakeIt) {
    become_backup();
    for (int i = 0; i < 100; ++i) {
        now += kInterval;
        beat();
        receive(200);
        if (*engine->deadline() <= now) {
            engine->handle_time(now);
        }
    }
    run(Seconds{1});
    EXPECT_EQ(engine->timer_lag().max_ns, 0);
}

TEST_F(BackupAtRestTest, AWorkerThatStoodStillIsCountedAgain) {
    become_backup();
    const Duration timeout = engine->routers()[0].config().workers.timeout;
    const auto live = [&](bool both) {
        for (const Instant end = now + 2 * timeout; now < end;) {
            machine.beats[0].beat = now;
            machine.beats.resize(2, {.pid = 2, .beat = now});
            if (both) {
                machine.beats[1].beat = now;
            }
            run(kInterval, false);
            receive(200);
        }
    };
    live(true);
    ASSERT_EQ(engine->fresh_workers(), 2u);
    live(false);
    ASSERT_EQ(engine->fresh_workers(), 1u);
    const Instant back = now;
    while (engine->fresh_workers() == 1u && now < back + Seconds{10}) {
        machine.beats[0].beat = machine.beats[1].beat = now;
        run(kInterval, false);
        receive(200);
    }
    EXPECT_LE(now - back, heartbeat_interval(timeout) + kInterval);
}

TEST_F(BackupAtRestTest, AWorkerThatStopsIsNoticedInTime) {
    become_backup();
    const Instant last = now;
    const Duration timeout = engine->routers()[0].config().workers.timeout;
    while (state() == vrrp::StateName::backup && now < last + 2 * timeout) {
        run(kInterval, false);
        receive(200);
    }
    EXPECT_EQ(state(), vrrp::StateName::fault);
    EXPECT_GE(now - last, timeout);
    EXPECT_LE(now - last, timeout + kInterval);
}

TEST_F(BackupAtRestTest, AWorkerThatComesBackEndsTheFault) {
    vrrp::Config c = config();
    c.workers.required = 2;
    const auto beat_of = [&](std::initializer_list<int> pids) {
        machine.beats.clear();
        for (const int pid : pids) {
            machine.beats.push_back({.pid = pid, .beat = now});
        }
    };
    const auto live = [&](std::initializer_list<int> pids) {
        for (int i = 0; i < 20; ++i) {
            beat_of(pids);
            run(kInterval, false);
            receive(200);
        }
    };
    beat_of({1, 2});
    start(c);
    live({1, 2});
    ASSERT_EQ(state(), vrrp::StateName::backup);
    live({1});
    ASSERT_EQ(state(), vrrp::StateName::fault);
    const Instant back = now;
    while (state() == vrrp::StateName::fault && now < back + Seconds{10}) {
        beat_of({1, 3});
        run(kInterval, false);
        receive(200);
    }
    EXPECT_LE(now - back, heartbeat_interval(c.workers.timeout) + kInterval);
}

TEST_F(BackupAtRestTest, AWorkerThatLeavesIsNoticedAtTheNextOne) {
    become_backup();
    machine.beats[0].gone_at = now;
    for (int i = 0; i < 10 && state() == vrrp::StateName::backup; ++i) {
        run(kInterval, false);
        receive(200);
    }
    EXPECT_EQ(state(), vrrp::StateName::fault);
}

}  // namespace
}  // namespace ngx_vrrp::engine
