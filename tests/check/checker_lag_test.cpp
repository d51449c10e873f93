#include <gtest/gtest.h>

#include "core/check/checker.hpp"
#include "tests/check/checker_fixture.hpp"

namespace ngx_vrrp::check {
namespace {

using CheckerLagTest = CheckerFixture;

TEST_F(CheckerLagTest, SmallDelaysAreNothing) {
    add_one(check_of(0));
    for (int i = 0; i < 20; ++i) {
        now = checker->deadline().value() + std::chrono::microseconds{1999};
        happen();
    }
    EXPECT_EQ(checker->late_wakes(), 0u);
    EXPECT_EQ(checker->worst_lag(), Duration{0});
}

// The answer came in time; it was us who did not read it.
TEST_F(CheckerLagTest, AnswersThatWaitedAreNotTimeouts) {
    add_one(check_of(0));
    run_starts(1);
    now += Milliseconds{100};
    prober.answers.clear();
    now += Seconds{10};
    checker->handle_time(now);  // the timer is seen first
    EXPECT_EQ(prober.running.size(), 1u);

    prober.answer(0, now + Milliseconds{1});
    EXPECT_EQ(record().passes, 1u);
    EXPECT_LE(Duration{record().duration_ns}, Milliseconds{501});
    EXPECT_EQ(checker->late_wakes(), 1u);
    EXPECT_EQ(checker->worst_lag(), Milliseconds{9600});
}

TEST_F(CheckerLagTest, WhoeverIsCalledFirstSeesTheDelay) {
    add_one(check_of(0));
    prober.latency = Milliseconds{300};
    run_starts(1);
    freeze_for(Milliseconds{700});
    EXPECT_EQ(record().passes, 1u);
    EXPECT_EQ(record().duration_ns, 500'000'000);
    EXPECT_EQ(checker->late_wakes(), 1u);
}

TEST_F(CheckerLagTest, ADelayIsCountedOnce) {
    prober.latency = Duration::max();
    add_two_that_run();
    now += Seconds{3};
    prober.answer(0, now);
    prober.answer(1, now);
    checker->handle_time(now);
    EXPECT_EQ(checker->late_wakes(), 1u);
}

TEST_F(CheckerLagTest, WhatRunsGetsTheTimeThatWasLost) {
    Config slow = check_of(1);
    slow.timing.timeout = Seconds{1};
    lay_out({check_of(0), slow});
    prober.latency = Duration::max();
    checker->add(1, slow, prober, now);
    run_starts(1);
    const Instant started = now;
    checker->add(0, check_of(0), prober, now);

    now = checker->deadline().value();  // check 0 begins, 200 ms late
    ASSERT_LT(now, started + Seconds{1});
    now += Milliseconds{200};
    checker->handle_time(now);
    checker->remove(0);

    run_until(started + Milliseconds{1199});
    EXPECT_EQ(prober.running.count(1), 1u);
    run_for(Milliseconds{1});
    EXPECT_EQ(prober.running.count(1), 0u);
    EXPECT_EQ(record(1).failed_duration_ns, 1'000'000'000);
}

// Not as a herd.
TEST_F(CheckerLagTest, AfterALongDelayTheChecksAreStillSpread) {
    const std::vector<Config> checks(100, check_of(0));
    lay_out(checks);
    for (CheckId id = 0; id < checks.size(); ++id) {
        checker->add(id, checks[id], prober, now);
    }
    run_for(3 * kInterval);
    now += Seconds{20};
    prober.starts.clear();
    const Instant awake = now;
    happen();
    EXPECT_LE(prober.starts.size(), 5u);
    run_until(awake + kInterval);
    EXPECT_GE(prober.starts.size(), 95u);
}

// A busy machine must not keep a check from timing out.
TEST_F(CheckerLagTest, WhatHangsEndsOnABusyMachineToo) {
    const std::vector<Config> checks(200, check_of(0));
    lay_out(checks);
    prober.latency = Duration::max();
    for (CheckId id = 0; id < checks.size(); ++id) {
        checker->add(id, checks[id], prober, now);
    }
    const Instant begin = now;
    while (now < begin + Seconds{20}) {
        now = std::max(now, *checker->deadline()) + Milliseconds{5};
        checker->handle_time(now);
    }
    for (CheckId id = 0; id < checks.size(); ++id) {
        EXPECT_EQ(table.verdict(id), Verdict::down) << id;
    }
}

TEST_F(CheckerLagTest, TheLogReportsLongDelaysNowAndThen) {
    add_one(check_of(0));
    const auto be_late = [&](Duration lag) {
        now = std::max(now, *checker->deadline()) + lag;
        checker->handle_time(now);
    };

    be_late(Milliseconds{50});
    EXPECT_TRUE(warnings.empty());
    be_late(Milliseconds{350});
    ASSERT_EQ(warnings.size(), 1u);
    EXPECT_EQ(warnings[0],
              "checks ran 350 ms late: this process was not scheduled or was "
              "busy");
    be_late(Milliseconds{350});
    be_late(Milliseconds{350});
    EXPECT_EQ(warnings.size(), 1u);

    be_late(Seconds{12});
    ASSERT_EQ(warnings.size(), 2u);
    EXPECT_EQ(warnings[1],
              "checks ran 12000 ms late: this process was not scheduled or "
              "was busy, 2 more times before");
    EXPECT_EQ(checker->late_wakes(), 5u);
    EXPECT_EQ(checker->worst_lag(), Seconds{12});
}

}  // namespace
}  // namespace ngx_vrrp::check
