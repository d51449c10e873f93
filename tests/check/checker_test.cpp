#include "core/check/checker.hpp"

#include <gtest/gtest.h>

#include "tests/check/checker_fixture.hpp"

namespace ngx_vrrp::check {
namespace {

using CheckerTest = CheckerFixture;
using Changes = std::vector<std::pair<CheckId, Verdict>>;

TEST_F(CheckerTest, WithoutChecksThereIsNothingToWaitFor) {
    EXPECT_FALSE(checker->deadline());
    checker->handle_time(now);
    checker->finished(7, passed(), now);
    checker->check_now(7, now);
    checker->remove(7);
    EXPECT_FALSE(checker->deadline());
}

TEST_F(CheckerTest, ChecksAtTheInterval) {
    add_one(check_of(0));
    run_starts(5);
    EXPECT_EQ(between_last_starts(), kInterval);
    EXPECT_EQ(record().passes, 4u);
    EXPECT_EQ(record().duration_ns, 1'000'000);
    EXPECT_TRUE(changes.empty());
    EXPECT_TRUE(notices.empty());
}

// However many there are, in any hundredth of the interval about as many begin.
TEST_F(CheckerTest, FirstRunsAreSpreadOverTheInterval) {
    const std::vector<Config> checks(kSlots, check_of(0));
    lay_out(checks);
    for (CheckId id = 0; id < kSlots; ++id) {
        checker->add(id, checks[id], prober, now);
    }
    const Instant begin = now;
    run_for(kInterval - Duration{1});

    ASSERT_EQ(prober.starts.size(), kSlots);
    std::vector<unsigned> histogram(100);
    for (const auto &start : prober.starts) {
        ++histogram.at(
            static_cast<std::size_t>((start.at - begin) * 100 / kInterval));
    }
    EXPECT_GE(*std::min_element(histogram.begin(), histogram.end()), 15u);
    EXPECT_LE(*std::max_element(histogram.begin(), histogram.end()), 25u);
}

TEST_F(CheckerTest, ManyStartAtTheSameMoments) {
    const std::vector<Config> checks(kSlots, check_of(10));
    lay_out(checks);
    for (CheckId id = 0; id < kSlots; ++id) {
        checker->add(id, checks[id], prober, now);
    }
    run_for(2 * kInterval);

    std::set<Instant> moments;
    for (const auto &start : prober.starts) {
        moments.insert(start.at);
    }
    EXPECT_LE(moments.size(),
              static_cast<std::size_t>(2 * kInterval / kLongestGrid + 1));
}

TEST_F(CheckerTest, FewAreSpreadToo) {
    const std::vector<Config> checks(4, check_of(0));
    lay_out(checks);
    for (CheckId id = 0; id < 4; ++id) {
        checker->add(id, checks[id], prober, now);
    }
    run_for(kInterval - Duration{1});
    ASSERT_EQ(prober.starts.size(), 4u);
    for (std::size_t i = 1; i < 4; ++i) {
        EXPECT_GT(prober.starts[i].at - prober.starts[i - 1].at,
                  Milliseconds{100});
    }
}

TEST_F(CheckerTest, ADifferentSeedIsADifferentSchedule) {
    add_one(check_of(0));
    const auto first = checker->deadline();
    begin(2);
    checker->add(0, check_of(0), prober, now);
    EXPECT_NE(checker->deadline(), first);
}

TEST_F(CheckerTest, TheFirstResultComesSoon) {
    Config config = check_of(0);
    config.timing.interval = Seconds{60};
    config.initial = Verdict::unknown;
    add_one(config);
    EXPECT_LE(*checker->deadline(), now + kFirstRunWithin);
}

TEST_F(CheckerTest, JitterKeepsItsBounds) {
    Config config = check_of(0);
    config.timing.jitter_percent = 20;
    add_one(config);
    run_starts(1);

    Duration shortest = Duration::max();
    Duration longest{0};
    for (int i = 0; i < 300; ++i) {
        run_starts(1);
        shortest = std::min(shortest, between_last_starts());
        longest = std::max(longest, between_last_starts());
    }
    EXPECT_GE(shortest, Milliseconds{800});
    EXPECT_LT(shortest, Milliseconds{830});
    EXPECT_LE(longest, Milliseconds{1200});
    EXPECT_GT(longest, Milliseconds{1170});
}

TEST_F(CheckerTest, FallAndRise) {
    add_one(check_of(0));
    prober.outcome = failed(Reason::l7sts, "status 500, expected 200-399");
    prober.latency = Milliseconds{2};
    run_starts(3);
    EXPECT_EQ(table.verdict(0), Verdict::up);
    EXPECT_EQ(record().streak, 2u);
    EXPECT_TRUE(changes.empty());

    run_for(Milliseconds{2});
    const Instant down_at = now;
    EXPECT_EQ(changes, (Changes{{0, Verdict::down}}));
    EXPECT_EQ(record().streak, 0u);
    EXPECT_EQ(record().changes, 1u);
    EXPECT_EQ(record().fails.at(static_cast<std::size_t>(Reason::l7sts)), 3u);
    EXPECT_EQ(record().history, 0b111u);
    ASSERT_EQ(notices.size(), 1u);
    EXPECT_EQ(notices[0],
              "check \"http web 10.0.0.0:80\" is down: L7STS status 500, "
              "expected 200-399 (3 failures in a row, 2 ms)");

    prober.outcome = passed();
    run_starts(2);
    run_for(Milliseconds{2});
    EXPECT_EQ(changes.size(), 2u);
    EXPECT_EQ(table.verdict(0), Verdict::up);
    EXPECT_EQ(record().downtime_ns, (now - down_at).count());
    EXPECT_EQ(record().history, 0b11100u);
    EXPECT_EQ(record().reason, Reason::l7sts) << "the last failure is kept";
    ASSERT_EQ(notices.size(), 2u);
    EXPECT_EQ(notices[1],
              "check \"http web 10.0.0.0:80\" is up after 2.0 s down "
              "(2 passes in a row, 2 ms)");
    EXPECT_TRUE(warnings.empty());
}

TEST_F(CheckerTest, TheFirstPassAfterAFailureIsARecovery) {
    add_one(check_of(0));
    prober.latency = Milliseconds{2};
    run_starts(3);
    EXPECT_TRUE(recoveries.empty()) << "a pass after a pass";

    prober.outcome = failed(Reason::l4tout, "no connection");
    run_starts(1);
    prober.outcome = passed();
    run_starts(3);
    EXPECT_EQ(recoveries, (std::vector<CheckId>{0}));
    EXPECT_TRUE(changes.empty()) << "it was never down";
    EXPECT_GT(record().recovered_at_ns, record().failed_at_ns);
}

TEST_F(CheckerTest, ToBeUpAgainIsARecovery) {
    add_one(check_of(0));
    prober.outcome = failed(Reason::l4tout, "no connection");
    run_starts(3);
    run_for(Milliseconds{1});
    prober.outcome = passed();
    run_starts(2);
    run_for(Milliseconds{1});
    EXPECT_EQ(recoveries, (std::vector<CheckId>{0})) << "the first pass";
    EXPECT_EQ(changes, (Changes{{0, Verdict::down}, {0, Verdict::up}}));
    EXPECT_EQ(record().recovered_at_ns, record().changed_at_ns);
}

TEST_F(CheckerTest, AnUnknownVerdictIsDecidedByTheFirstResult) {
    Config config = check_of(0);
    config.initial = Verdict::unknown;
    config.identity = {"vrrp", "VI_1", "track_tcp gate:80", "10.0.0.1:80"};
    add_one(config);
    prober.outcome = failed(Reason::l4con, "connection refused");
    run_starts(1);
    run_for(Milliseconds{1});
    EXPECT_EQ(changes, (Changes{{0, Verdict::down}}));
    ASSERT_EQ(notices.size(), 1u);
    EXPECT_EQ(notices[0],
              "check \"vrrp VI_1 track_tcp gate:80 10.0.0.1:80\" is down: "
              "L4CON connection refused (1 failure, 1 ms)");
}

TEST_F(CheckerTest, NoDowntimeIsSaidWhereThereWasNone) {
    Config config = check_of(0);
    config.initial = Verdict::unknown;
    add_one(config);
    run_starts(1);
    run_for(Milliseconds{1});
    ASSERT_EQ(notices.size(), 1u);
    EXPECT_EQ(notices[0],
              "check \"http web 10.0.0.0:80\" is up (1 pass, 1 ms)");
}

TEST_F(CheckerTest, FastWhileUndecidedAndSlowWhileDown) {
    Config config = check_of(0);
    config.timing.fast_interval = Milliseconds{100};
    config.timing.down_interval = Seconds{5};
    add_one(config);
    run_starts(2);
    EXPECT_EQ(between_last_starts(), kInterval);

    prober.outcome = failed(Reason::l4con, "connection refused");
    run_starts(2);
    EXPECT_EQ(between_last_starts(), Milliseconds{100});
    run_starts(2);
    EXPECT_EQ(changes.size(), 1u);
    EXPECT_EQ(between_last_starts(), Seconds{5});

    prober.outcome = passed();
    run_starts(1);
    EXPECT_EQ(between_last_starts(), Milliseconds{100});
    run_starts(1);
    EXPECT_EQ(changes.size(), 2u);
    EXPECT_EQ(between_last_starts(), kInterval);
}

TEST_F(CheckerTest, AfterTheTimeoutTheProberSaysWhatItWaitedFor) {
    add_one(check_of(0));
    prober.latency = Duration::max();
    run_starts(1);
    EXPECT_EQ(prober.running.size(), 1u);

    run_for(Milliseconds{499});
    EXPECT_EQ(record().checked_at_ns, 0);
    run_for(Milliseconds{1});
    EXPECT_TRUE(prober.running.empty());
    EXPECT_EQ(record().reason, Reason::l7tout);
    EXPECT_EQ(record().text.view(), "no answer");
    EXPECT_EQ(record().failed_duration_ns, 500'000'000);
    EXPECT_EQ(record().streak, 1u);

    run_starts(1);
    EXPECT_EQ(between_last_starts(), kInterval);
}

// A lost ping that the threshold allows for.
TEST_F(CheckerTest, ATimeoutMayPass) {
    add_one(check_of(0));
    prober.latency = Duration::max();
    prober.when_cancelled = passed(20);
    run_starts(4);
    EXPECT_EQ(record().passes, 3u);
    EXPECT_EQ(record().value, 20);
    EXPECT_TRUE(changes.empty());
}

TEST_F(CheckerTest, ATimeoutLongerThanTheIntervalNeverRunsTwice) {
    Config config = check_of(0);
    config.timing.timeout = Seconds{3};
    add_one(config);
    prober.latency = Milliseconds{2500};
    run_starts(3);
    EXPECT_EQ(between_last_starts(), Milliseconds{2500} + kShortestPause);
}

TEST_F(CheckerTest, AnAnswerMayComeWithinStart) {
    prober.latency = Duration{0};
    prober.outcome = failed(Reason::file, "is -1");
    add_one(check_of(0));
    run_starts(3);
    EXPECT_EQ(between_last_starts(), kInterval);
    EXPECT_EQ(changes, (Changes{{0, Verdict::down}}));
    EXPECT_EQ(record().duration_ns, 0);
}

TEST_F(CheckerTest, CheckNowDoesNotWait) {
    add_one(check_of(0));
    run_starts(1);
    run_for(Milliseconds{100});

    checker->check_now(0, now);
    EXPECT_EQ(checker->deadline(), now);
    run_until(now);
    ASSERT_EQ(prober.starts.size(), 2u);
    EXPECT_EQ(prober.starts.back().at, now);
    run_starts(1);
    EXPECT_EQ(between_last_starts(), kInterval);
}

TEST_F(CheckerTest, CheckNowOfARunningCheckIsMadeWhenItHasEnded) {
    add_one(check_of(0));
    prober.latency = Milliseconds{20};
    run_starts(1);
    checker->check_now(0, now);
    checker->check_now(0, now);
    run_starts(1);
    EXPECT_EQ(between_last_starts(), Milliseconds{20} + kShortestPause);
    run_starts(1);
    EXPECT_LE(between_last_starts(), kInterval);
    EXPECT_GE(between_last_starts(), kInterval - kLongestGrid);
}

TEST_F(CheckerTest, CheckNowAllTheTimeIsBounded) {
    prober.latency = Duration{0};
    add_one(check_of(0));
    run_starts(1);
    const Instant end = now + Milliseconds{10};
    for (; now < end; now += std::chrono::microseconds{10}) {
        checker->check_now(0, now);
        checker->handle_time(now);
    }
    EXPECT_LE(prober.starts.size(), 11u);
}

TEST_F(CheckerTest, WhatIsRemovedIsForgotten) {
    prober.latency = Duration::max();
    add_two_that_run();

    checker->remove(0);
    EXPECT_EQ(prober.forgotten, std::vector<CheckId>{0});
    checker->finished(0, failed(Reason::l4con, ""), now);
    checker->remove(0);
    EXPECT_EQ(prober.forgotten.size(), 1u);
    EXPECT_EQ(record(0).checked_at_ns, 0);

    prober.starts.clear();
    run_for(5 * kInterval);
    ASSERT_FALSE(prober.starts.empty());
    for (const auto &start : prober.starts) {
        EXPECT_EQ(start.id, 1u);
    }
    checker->remove(1);
    EXPECT_FALSE(checker->deadline());
}

TEST_F(CheckerTest, ARemovedNumberIsUsedAgain) {
    add_one(check_of(0));
    run_starts(2);
    checker->remove(0);
    table.release(0);
    table.assign(0, check_of(5));
    checker->add(0, check_of(5), prober, now);
    run_starts(1);
    run_for(Milliseconds{1});
    EXPECT_EQ(record().name.view(), "10.0.0.5:80");
    EXPECT_EQ(record().passes, 1u);
}

TEST_F(CheckerTest, AVerdictMayRemoveItsCheck) {
    add_one(check_of(0));
    prober.outcome = failed(Reason::l4con, "connection refused");
    on_change = [this] { checker->remove(0); };
    run_for(10 * kInterval);
    EXPECT_EQ(changes.size(), 1u);
    EXPECT_EQ(notices.size(), 1u);
    EXPECT_FALSE(checker->deadline());
}

// A process that has died, or a reload: the table has the results.
TEST_F(CheckerTest, ContinuesWhereAnotherProcessWas) {
    add_one(check_of(0));
    prober.outcome = failed(Reason::l4con, "connection refused");
    run_starts(2);
    run_for(Milliseconds{1});
    EXPECT_EQ(record().streak, 2u);

    begin(2);
    checker->add(0, check_of(0), prober, now);
    run_starts(1);
    run_for(Milliseconds{1});
    EXPECT_EQ(changes, (Changes{{0, Verdict::down}}));
    EXPECT_EQ(record().history, 0b111u);
    EXPECT_EQ(prober.resumed.size(), 1u);

    begin(3);
    checker->add(0, check_of(0), prober, now);
    run_starts(2);
    EXPECT_EQ(changes.size(), 1u) << "it was down before";
    EXPECT_EQ(record().fails.at(static_cast<std::size_t>(Reason::l4con)), 4u);
}

TEST_F(CheckerTest, AReplacedTableIsNotWrittenTo) {
    add_one(check_of(0));
    Table later(memory.get(), kSlots, 3);
    ASSERT_TRUE(later.begin({check_of(9)}, 1, nullptr));
    run_starts(3);
    EXPECT_EQ(later.load(0)->checked_at_ns, 0);
    EXPECT_EQ(later.verdict(0), Verdict::up);
}

}  // namespace
}  // namespace ngx_vrrp::check
