#include "core/engine/backoff.hpp"

#include <gtest/gtest.h>

#include "core/engine/last_times.hpp"

namespace ngx_vrrp::engine {
namespace {

constexpr Instant kStart = instant_from_ns(5'000'000'000);

TEST(Backoff, IsOverAtFirst) {
    EXPECT_FALSE(Backoff{}.is_out(kStart));
    EXPECT_FALSE(Backoff{}.is_on_probation(instant_from_ns(1), kProbation));
}

TEST(Backoff, DoublesUpToALimit) {
    Backoff backoff;
    Instant now = kStart;
    for (const int seconds : {10, 20, 40, 80, 160, 320, 600, 600}) {
        backoff.begin(Seconds{10}, now);
        EXPECT_EQ(backoff.length, Seconds{seconds});
        EXPECT_TRUE(backoff.is_out(now + backoff.length - Milliseconds{1}));
        EXPECT_FALSE(backoff.is_out(now + backoff.length));
        now = backoff.ends_at + Seconds{599};
    }
}

TEST(Backoff, ForgetsAfterAQuietTime) {
    Backoff backoff;
    backoff.begin(Seconds{10}, kStart);
    backoff.begin(Seconds{10}, backoff.ends_at + kProbation);
    EXPECT_EQ(backoff.length, Seconds{10});
}

TEST(Backoff, BeginsAgainWithoutGrowing) {
    Backoff backoff;
    backoff.begin(Seconds{10}, kStart);
    backoff.restart(kStart + Seconds{9});
    EXPECT_TRUE(backoff.is_out(kStart + Seconds{18}));
    EXPECT_FALSE(backoff.is_out(kStart + Seconds{19}));
    EXPECT_EQ(to_string(backoff), "staying in FAULT for 10 s");
}

TEST(LastTimes, AreWithinThePeriodOrNot) {
    LastTimes<3> times;
    times.add(kStart);
    times.add(kStart + Seconds{1});
    EXPECT_FALSE(times.are_within(Seconds{60}));

    times.add(kStart + Seconds{60});
    EXPECT_FALSE(times.are_within(Seconds{60}));

    times.add(kStart + Milliseconds{60'999});
    EXPECT_TRUE(times.are_within(Seconds{60}));
}

}  // namespace
}  // namespace ngx_vrrp::engine
