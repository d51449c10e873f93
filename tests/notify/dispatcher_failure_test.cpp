// The queue without answers, and at the end of the process.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/notify/dispatcher.hpp"
#include "tests/notify/dispatcher_fixture.hpp"

namespace ngx_vrrp::notify {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

class QueueFailureTest : public DispatcherFixture {
protected:
    // Between one attempt and the next.
    std::vector<Duration> waits() const {
        std::vector<Duration> list;
        for (std::size_t i = 1; i < transport.attempts.size(); ++i) {
            list.push_back(transport.attempts[i].at -
                           transport.attempts[i - 1].at);
        }
        return list;
    }
};

TEST_F(QueueFailureTest, ScriptsHaveOneAttempt) {
    make({script()});
    fail_with("exit status 1");
    happen("MASTER");
    run_for(Seconds{600});
    EXPECT_THAT(take(), ElementsAre("0: VI_1 MASTER"));
    EXPECT_EQ(counts().failures, 1u);
    EXPECT_EQ(counts().dropped, 1u);
    EXPECT_EQ(counts().last_error, "exit status 1");
    EXPECT_EQ(log.count("notify \"target\": delivery of INSTANCE \"VI_1\" "
                        "MASTER 100 failed: exit status 1"),
              1u);
}

TEST_F(QueueFailureTest, IsTriedMoreAndMoreSeldom) {
    make({webhook()});
    fail_with("HTTP 503");
    happen("MASTER");
    run_for(Seconds{250});
    Duration expected = kFirstBackoff;
    ASSERT_GE(transport.attempts.size(), 10u);
    for (const Duration wait : waits()) {
        EXPECT_LE(wait, expected);
        EXPECT_GT(wait, expected * 3 / 4 - Milliseconds{1});
        expected = std::min<Duration>(expected * 2, kLongestBackoff);
    }
    EXPECT_EQ(counts().waiting, 1u);

    succeed();
    run_for(kLongestBackoff);
    EXPECT_EQ(counts().delivered, 1u);
    EXPECT_EQ(counts().delivered_at, transport.attempts.back().at);
    EXPECT_EQ(log.count(": delivery recovered"), 1u);
}

TEST_F(QueueFailureTest, FirstFailureOfManyIsAWarning) {
    make({webhook()});
    fail_with("HTTP 503");
    happen("MASTER");
    run_for(Seconds{100});
    std::size_t warnings = 0;
    for (const auto &line : log.lines) {
        warnings += line.level <= LogLevel::warn;
    }
    EXPECT_EQ(warnings, 1u);
}

TEST_F(QueueFailureTest, BeginsAgainAfterASuccess) {
    make({webhook()});
    fail_with("HTTP 503");
    happen("MASTER");
    run_for(Seconds{20});
    succeed();
    run_for(Seconds{30});
    ASSERT_TRUE(dispatcher->idle());
    fail_with("HTTP 503");
    transport.attempts.clear();
    happen("BACKUP");
    run_for(kFirstBackoff);
    EXPECT_EQ(transport.attempts.size(), 2u);
}

TEST_F(QueueFailureTest, KeepsTheOrder) {
    make({webhook()});
    fail_with("HTTP 503");
    happen("MASTER");
    happen("BACKUP");
    happen("FAULT");
    run_for(Seconds{10});
    succeed();
    transport.attempts.clear();
    run_for(Seconds{10});
    EXPECT_THAT(take(), ElementsAre("0: VI_1 MASTER", "0: VI_1 BACKUP",
                                    "0: VI_1 FAULT"));
}

TEST_F(QueueFailureTest, PermanentFailureIsNotTriedAgain) {
    make({webhook()});
    fail_with("HTTP 404", true);
    happen("MASTER");
    run_for(Seconds{100});
    EXPECT_EQ(transport.attempts.size(), 1u);
    EXPECT_EQ(counts().dropped, 1u);
    succeed();
    happen("BACKUP");
    EXPECT_EQ(counts().delivered, 1u);
}

TEST_F(QueueFailureTest, NoAnswerIsAFailure) {
    transport.answers_at_once = false;
    make({script()});
    happen("MASTER");
    run_for(Milliseconds{4999});
    EXPECT_EQ(transport.under_way.size(), 1u);
    run_for(Milliseconds{1});
    EXPECT_THAT(transport.under_way, IsEmpty());
    EXPECT_EQ(counts().last_error, "no answer");
}

TEST_F(QueueFailureTest, LateAnswersAreIgnored) {
    transport.answers_at_once = false;
    make({webhook()});
    happen("MASTER");
    const DeliveryId id = transport.under_way.begin()->first;
    run_for(Seconds{5});
    dispatcher->finished(id, {.delivered = true, .text = {}}, now);
    EXPECT_EQ(counts().delivered, 0u);
    EXPECT_EQ(counts().waiting, 1u);
}

TEST_F(QueueFailureTest, TooOldEventsAreDropped) {
    make({webhook()});
    fail_with("HTTP 503");
    happen("MASTER");
    run_for(Seconds{100});
    happen("BACKUP");
    run_for(Seconds{200});
    EXPECT_EQ(counts().dropped, 1u);
    EXPECT_EQ(counts().waiting, 1u);
    EXPECT_EQ(log.count(": dropped INSTANCE \"VI_1\" MASTER 100: "
                        "expired, last failure: HTTP 503"),
              1u);
    run_for(Seconds{100});
    EXPECT_TRUE(dispatcher->idle());
    EXPECT_EQ(counts().dropped, 2u);
    EXPECT_FALSE(dispatcher->deadline());
}

TEST_F(QueueFailureTest, WithoutALimitEventsWaitForEver) {
    ChannelConfig config = webhook();
    config.expire = Duration{0};
    make({config});
    fail_with("HTTP 503");
    happen("MASTER");
    run_for(Seconds{3600});
    EXPECT_EQ(counts().waiting, 1u);
}

TEST_F(QueueFailureTest, BacksUpWhileTheReceiverIsAway) {
    make({webhook()});
    fail_with("no connection");
    for (int i = 0; i < 600; ++i) {
        happen(i % 2 == 0 ? "MASTER" : "BACKUP");
        run_for(Milliseconds{100});
    }
    EXPECT_LE(counts().waiting, kBackedUp + 1);
    succeed();
    transport.attempts.clear();
    run_for(Seconds{60});
    EXPECT_TRUE(dispatcher->idle());
    EXPECT_EQ(transport.attempts.back().events.back(), "VI_1 BACKUP");
    EXPECT_EQ(counts().dropped, 0u);
}

// Begin and end

TEST_F(QueueFailureTest, HeldBackUntilReleased) {
    make({fifo()});
    dispatcher->hold();
    happen("MASTER");
    happen("BACKUP");
    run_for(Seconds{10});
    EXPECT_THAT(take(), IsEmpty());
    dispatcher->release(now);
    EXPECT_THAT(take(), ElementsAre("0: VI_1 MASTER", "0: VI_1 BACKUP"));
}

TEST_F(QueueFailureTest, InAHurryEachHasOneAttempt) {
    make({webhook(), email()});
    fail_with("HTTP 503");
    happen("MASTER");
    happen("BACKUP");
    transport.attempts.clear();
    dispatcher->drain(now);
    EXPECT_THAT(take(), ElementsAre("0: VI_1 MASTER", "0: VI_1 BACKUP",
                                    "1: VI_1 MASTER VI_1 BACKUP"));
    EXPECT_TRUE(dispatcher->idle());

    succeed();
    happen("STOP");
    EXPECT_THAT(take(), ElementsAre("0: VI_1 STOP", "1: VI_1 STOP"));
}

TEST_F(QueueFailureTest, GivesUpWithoutForgettingToSaySo) {
    transport.answers_at_once = false;
    make({webhook(), script()});
    happen("MASTER");
    happen("BACKUP");
    dispatcher->give_up(now);
    EXPECT_THAT(transport.under_way, IsEmpty());
    EXPECT_TRUE(dispatcher->idle());
    EXPECT_EQ(counts(0).dropped, 2u);
    EXPECT_EQ(counts(1).dropped, 2u);
    EXPECT_EQ(counts(0).waiting, 0u);
    EXPECT_EQ(log.count(": delivery of INSTANCE \"VI_1\" MASTER 100 failed: "
                        "no answer"),
              2u);
    EXPECT_EQ(log.count(": dropped INSTANCE \"VI_1\" BACKUP 100: the "
                        "process is exiting"),
              2u);
}

}  // namespace
}  // namespace ngx_vrrp::notify
