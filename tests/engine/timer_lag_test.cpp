#include "core/engine/timer_lag.hpp"

#include <gtest/gtest.h>

namespace ngx_vrrp::engine {
namespace {

constexpr Instant at_ms(std::int64_t ms) {
    return instant_from_ns(0) + Milliseconds{ms};
}

constexpr std::int64_t ns(Duration d) {
    return d.count();
}

std::uint64_t samples(const TimerLag &lag) {
    std::uint64_t sum = 0;
    for (const std::uint64_t count : lag.buckets) {
        sum += count;
    }
    return sum;
}

TEST(TimerLag, RemembersTheLastTheLongestAndTheSum) {
    TimerLag lag;
    lag.record(Milliseconds{3});
    lag.record(Milliseconds{70});
    lag.record(Milliseconds{2});

    EXPECT_EQ(lag.last_ns, ns(Milliseconds{2}));
    EXPECT_EQ(lag.max_ns, ns(Milliseconds{70}));
    EXPECT_EQ(lag.sum_ns, ns(Milliseconds{75}));
}

TEST(TimerLag, BoundsAreInclusiveAndTheLastBucketHasNone) {
    TimerLag lag;
    lag.record(Duration{0});
    for (const Duration bound : kTimerLagBounds) {
        lag.record(bound);
    }
    lag.record(Seconds{1} + Duration{1});
    lag.record(Seconds{3600});

    EXPECT_EQ(lag.buckets,
              (std::array<std::uint64_t, 8>{2, 1, 1, 1, 1, 1, 1, 2}));
}

TEST(TimerLagWatch, KnowsHowMuchTimeWasLostSinceThen) {
    TimerLagWatch watch;
    watch.next(at_ms(100), at_ms(0));
    EXPECT_EQ(watch.lost_since(at_ms(0), at_ms(100)), Duration{0});
    EXPECT_EQ(watch.lost_since(at_ms(0), at_ms(149)), Duration{0})
        << "not late";
    EXPECT_EQ(watch.lost_since(at_ms(0), at_ms(3100)), Seconds{3});

    watch.next(at_ms(3200), at_ms(3100));
    EXPECT_EQ(watch.lost_since(at_ms(0), at_ms(3150)), Seconds{3});
    EXPECT_EQ(watch.lost_since(at_ms(2100), at_ms(3150)), Seconds{1});
    EXPECT_EQ(watch.lost_since(at_ms(3100), at_ms(3150)), Duration{0});
    EXPECT_EQ(watch.lost_since(at_ms(0), at_ms(3700)), Milliseconds{3500})
        << "and again";
}

TEST(TimerLagWatch, ForgetsTheOldestLags) {
    TimerLagWatch watch;
    Instant now = at_ms(0);
    for (std::size_t i = 0; i < 2 * kRememberedLags; ++i) {
        watch.next(now + Milliseconds{10}, now);
        now += Milliseconds{110};
    }
    watch.next(std::nullopt, now);

    EXPECT_EQ(watch.lost_since(at_ms(0), now),
              kRememberedLags * Milliseconds{100});
}

TEST(TimerLagWatch, MeasuresFromTheDeadline) {
    TimerLagWatch watch;
    watch.next(at_ms(100), at_ms(0));
    watch.next(at_ms(200), at_ms(107));
    EXPECT_EQ(watch.lag().last_ns, ns(Milliseconds{7}));

    watch.next(std::nullopt, at_ms(200));
    EXPECT_EQ(watch.lag().last_ns, 0);
    EXPECT_EQ(samples(watch.lag()), 2u);
}

TEST(TimerLagWatch, EventsInBetweenAreNoSamples) {
    TimerLagWatch watch;
    watch.next(at_ms(100), at_ms(0));
    watch.next(at_ms(100), at_ms(50));
    watch.next(at_ms(100), at_ms(120));  // overdue, and still not served
    EXPECT_EQ(samples(watch.lag()), 0u);

    watch.next(at_ms(200), at_ms(130));
    EXPECT_EQ(watch.lag().last_ns, ns(Milliseconds{30}));
    EXPECT_EQ(samples(watch.lag()), 1u);
}

TEST(TimerLagWatch, DeadlineMovedInTimeWasNotLate) {
    TimerLagWatch watch;
    watch.next(at_ms(100), at_ms(0));
    watch.next(at_ms(400), at_ms(99));
    watch.next(std::nullopt, at_ms(399));
    EXPECT_EQ(samples(watch.lag()), 0u);
}

TEST(TimerLagWatch, DeadlineInThePastIsDueWhenItIsSet) {
    TimerLagWatch watch;
    watch.next(at_ms(100), at_ms(5000));
    watch.next(at_ms(6000), at_ms(5002));
    EXPECT_EQ(watch.lag().max_ns, ns(Milliseconds{2}));
}

}  // namespace
}  // namespace ngx_vrrp::engine
