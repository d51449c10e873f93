#include "core/engine/worker_watch.hpp"

#include <gtest/gtest.h>

#include <vector>

namespace ngx_vrrp::engine {
namespace {

constexpr Duration kTimeout = Seconds{2};
constexpr Instant kNow = instant_from_ns(1'000'000'000'000);

Heartbeat beat(Duration ago, std::int32_t pid = 100) {
    return {pid, kNow - ago};
}

TEST(WorkerWatch, BeatsFourTimesInATimeout) {
    EXPECT_EQ(heartbeat_interval(Seconds{2}), Milliseconds{500});
}

TEST(WorkerWatch, NeverBeatsFasterThanATimerOfNginx) {
    EXPECT_EQ(heartbeat_interval(Milliseconds{2}), Milliseconds{1});
}

TEST(WorkerWatch, CountsFreshWorkersOnly) {
    const std::vector<Heartbeat> beats{
        beat(Milliseconds{100}), beat(Seconds{5}), beat(Milliseconds{1900})};

    const WorkerVerdict verdict = judge_workers(beats, 2, kTimeout, kNow);

    EXPECT_EQ(verdict.fresh, 2u);
    EXPECT_TRUE(verdict.healthy);
}

TEST(WorkerWatch, IgnoresEmptySlots) {
    const std::vector<Heartbeat> beats{beat(Duration{0}, 0)};

    const WorkerVerdict verdict = judge_workers(beats, 1, kTimeout, kNow);

    EXPECT_EQ(verdict.fresh, 0u);
    EXPECT_FALSE(verdict.healthy);
}

TEST(WorkerWatch, AWorkerIsStaleExactlyAtItsTimeout) {
    const std::vector<Heartbeat> beats{beat(kTimeout)};

    EXPECT_FALSE(judge_workers(beats, 1, kTimeout, kNow).healthy);
    EXPECT_TRUE(judge_workers(beats, 1, kTimeout, kNow - Duration{1}).healthy);
}

// One required: good as long as the youngest; two: as the second youngest.
TEST(WorkerWatch, IsGoodUntilTheRequiredNumberGetsStale) {
    const std::vector<Heartbeat> beats{beat(Milliseconds{1500}),
                                       beat(Milliseconds{100}),
                                       beat(Milliseconds{700})};

    EXPECT_EQ(judge_workers(beats, 1, kTimeout, kNow).good_until,
              kNow + Milliseconds{1900});
    EXPECT_EQ(judge_workers(beats, 2, kTimeout, kNow).good_until,
              kNow + Milliseconds{1300});
    EXPECT_EQ(judge_workers(beats, 3, kTimeout, kNow).good_until,
              kNow + Milliseconds{500});
}

TEST(WorkerWatch, GoodUntilIsWhenTheVerdictTurns) {
    const std::vector<Heartbeat> beats{beat(Milliseconds{1500}),
                                       beat(Milliseconds{100})};
    const Instant end = judge_workers(beats, 2, kTimeout, kNow).good_until;

    EXPECT_TRUE(judge_workers(beats, 2, kTimeout, end - Duration{1}).healthy);
    EXPECT_FALSE(judge_workers(beats, 2, kTimeout, end).healthy);
}

// A worker may beat between our reading the clock and its slot.
TEST(WorkerWatch, ABeatFromTheFutureIsFresh) {
    const std::vector<Heartbeat> beats{beat(-Milliseconds{5})};

    EXPECT_TRUE(judge_workers(beats, 1, kTimeout, kNow).healthy);
}

TEST(WorkerWatch, WithoutARequirementEverythingIsHealthyForEver) {
    const WorkerVerdict verdict = judge_workers({}, 0, kTimeout, kNow);

    EXPECT_TRUE(verdict.healthy);
    EXPECT_EQ(verdict.good_until, Instant::max());
}

TEST(WorkerWatch, NoWorkersAreNotEnough) {
    const WorkerVerdict verdict = judge_workers({}, 1, kTimeout, kNow);

    EXPECT_FALSE(verdict.healthy);
    EXPECT_EQ(verdict.fresh, 0u);
}

// nginx's master needs a moment to replace a worker that ended.
TEST(WorkerWatch, OneThatEndedCountsUntilItIsGone) {
    const Instant now = instant_from_ns(1'000'000'000);
    const Heartbeat ended{
        .pid = 7, .beat = now, .gone_at = now + Milliseconds{250}};
    const auto judge = [&](Instant at) {
        return judge_workers({&ended, 1}, 1, Seconds{2}, at);
    };
    EXPECT_TRUE(judge(now).healthy);
    EXPECT_EQ(judge(now).good_until, ended.gone_at);
    EXPECT_FALSE(judge(ended.gone_at).healthy);
}

}  // namespace
}  // namespace ngx_vrrp::engine
