// Receivers, order, and number of events in a delivery.
#include "core/notify/queue.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/notify/queue_fixture.hpp"

namespace ngx_vrrp::notify {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

class QueueTest : public QueueFixture {};

// Who

TEST_F(QueueTest, ChannelsHearWhatTheyWant) {
    ChannelConfig states = fifo();
    states.events = 1U << static_cast<unsigned>(EventKind::state);
    states.states = 1U << static_cast<unsigned>(StateWord::master) |
                    1U << static_cast<unsigned>(StateWord::stop);
    ChannelConfig servers = fifo();
    servers.events = 1U << static_cast<unsigned>(EventKind::upstream);
    make({states, servers, script("VI_2")});

    happen("MASTER");
    happen("BACKUP");
    happen("STOP");
    happen("FAULT", "VI_2");
    queue->add(test::upstream_event("web", "10.0.0.1:80", "down", now), now);
    queue->add(test::tracker_event("VI_1", "track_interface eth1", "down", now),
               now);
    EXPECT_THAT(take(), ElementsAre("0: VI_1 MASTER", "0: VI_1 STOP",
                                    "2: VI_2 FAULT", "1:  web down"));
}

TEST_F(QueueTest, UnknownStateHasNoReceiver) {
    make({fifo()});
    happen("SLEEPING");
    EXPECT_THAT(take(), IsEmpty());
}

// In which order

TEST_F(QueueTest, HookForTheEventComesBeforeTheOneForAll) {
    make({script(), script_for(StateWord::master)});
    happen("MASTER");
    EXPECT_THAT(take(), ElementsAre("1: VI_1 MASTER", "0: VI_1 MASTER"));
}

TEST_F(QueueTest, HooksOfAnInstanceRunOneAfterTheOther) {
    courier.answers_at_once = false;
    make({script(), script_for(StateWord::master)});
    happen("MASTER");
    happen("BACKUP");
    happen("MASTER", "VI_2");
    EXPECT_THAT(take(), ElementsAre("1: VI_1 MASTER", "1: VI_2 MASTER"));

    courier.answer_first(now);
    EXPECT_THAT(take(), ElementsAre("0: VI_1 MASTER"));
    EXPECT_EQ(courier.under_way.size(), 2u);
}

TEST_F(QueueTest, ChannelThatHangsDelaysNoOther) {
    courier.answers_at_once = false;
    make({fifo(), webhook()});
    happen("MASTER");
    happen("BACKUP");
    ASSERT_THAT(take(), ElementsAre("0: VI_1 MASTER", "1: VI_1 MASTER"));
    courier.answer_first(now);
    EXPECT_THAT(take(), ElementsAre("0: VI_1 BACKUP"));
}

// How much at once

TEST_F(QueueTest, MailsComeInBatches) {
    make({email()});
    happen("MASTER");
    happen("BACKUP");
    happen("MASTER", "VI_2");
    EXPECT_THAT(take(), ElementsAre("0: VI_1 MASTER")) << "the first at once";
    run_for(Milliseconds{9999});
    EXPECT_THAT(take(), IsEmpty());
    run_for(Milliseconds{1});
    EXPECT_THAT(take(), ElementsAre("0: VI_1 BACKUP VI_2 MASTER"));
    EXPECT_EQ(counts().delivered, 3u);
    EXPECT_FALSE(queue->deadline());
}

TEST_F(QueueTest, MessagesHaveSoManyEventsAtMost) {
    make({webhook(WebhookFormat::slack)});
    const std::size_t most = habits_of(webhook(WebhookFormat::slack)).batch;
    happen("MASTER");
    for (std::size_t i = 0; i < most + 1; ++i) {
        happen("BACKUP", "VI_" + std::to_string(i));
    }
    run_for(Seconds{1});
    run_for(Seconds{1});
    ASSERT_EQ(courier.attempts.size(), 3u);
    EXPECT_EQ(courier.attempts[1].events.size(), most);
    EXPECT_EQ(courier.attempts[2].events.size(), 1u);
}

TEST_F(QueueTest, DingTalkTakesTwentyMessagesInAMinute) {
    make({webhook(WebhookFormat::dingtalk)});
    for (int i = 0; i < 600; ++i) {
        happen(i % 2 == 0 ? "MASTER" : "BACKUP");
        run_for(Milliseconds{100});
    }
    EXPECT_LE(courier.attempts.size(), 21u);
    EXPECT_GE(courier.attempts.size(), 19u);
}

TEST_F(QueueTest, AlertsNeedNoPause) {
    courier.answers_at_once = false;
    make({webhook(WebhookFormat::alertmanager)});
    happen("MASTER");
    happen("BACKUP");
    happen("MASTER");
    courier.answer_first(now);
    EXPECT_THAT(take(),
                ElementsAre("0: VI_1 MASTER", "0: VI_1 BACKUP VI_1 MASTER"));
}

// Repetitions

TEST_F(QueueTest, OnlyAnAlertmanagerIsReportedAgain) {
    make({webhook(), webhook(WebhookFormat::alertmanager), email(), fifo(),
          script()});
    say_again();
    EXPECT_THAT(take(), ElementsAre("1: VI_1 FAULT"));
}

TEST_F(QueueTest, NothingNewWaitsForAnAlertmanagerThatIsAway) {
    make({webhook(WebhookFormat::alertmanager)});
    fail_with("refused");
    happen("FAULT");
    for (int minute = 0; minute < 3; ++minute) {
        run_for(kRepeat);
        say_again();
        EXPECT_EQ(counts().waiting, 1u);
    }
    take();
    succeed();
    run_for(kRepeat);
    EXPECT_THAT(take(), ElementsAre("0: VI_1 FAULT"));
    say_again();
    EXPECT_THAT(take(), ElementsAre("0: VI_1 FAULT"));
}

// When too much happens

TEST_F(QueueTest, WhatIsSupersededGoesWhenALaneBacksUp) {
    courier.answers_at_once = false;
    make({script()});
    happen("BACKUP");
    for (std::size_t i = 0; i < kBackedUp; ++i) {
        happen(i % 2 == 0 ? "MASTER" : "BACKUP");
    }
    EXPECT_EQ(counts().skipped, 0u);
    EXPECT_EQ(counts().waiting, kBackedUp + 1);

    happen("FAULT");
    EXPECT_EQ(counts().skipped, kBackedUp);
    EXPECT_EQ(counts().waiting, 2u);
    courier.answer_first(now);
    EXPECT_THAT(take(), ElementsAre("0: VI_1 BACKUP", "0: VI_1 FAULT"));
    EXPECT_EQ(log.count(""), 0u);
}

TEST_F(QueueTest, DeliveryKnowsWhatItHasSuperseded) {
    courier.answers_at_once = false;
    make({script()});
    for (std::size_t i = 0; i < kBackedUp + 2; ++i) {
        happen("MASTER");
    }
    courier.answer_first(now);
    ASSERT_EQ(courier.attempts.size(), 2u);
    EXPECT_EQ(courier.attempts[1].skipped, kBackedUp);
}

TEST_F(QueueTest, OtherSubjectsAreNotSuperseded) {
    courier.answers_at_once = false;
    make({fifo()});
    for (std::size_t i = 0; i < 2 * kBackedUp; ++i) {
        queue->add(
            test::upstream_event("web", "s" + std::to_string(i), "down", now),
            now);
    }
    EXPECT_EQ(counts().skipped, 0u);
    EXPECT_EQ(counts().waiting, 2 * kBackedUp);
}

TEST_F(QueueTest, WhatOneInstanceDoesSupersedesNothingOfAnother) {
    courier.answers_at_once = false;
    make({email()});
    happen("MASTER", "VI_2");
    happen("BACKUP", "VI_2");
    happen("MASTER", "VI_2");
    for (std::size_t i = 0; i < 3 * kBackedUp; ++i) {
        happen("MASTER");
    }
    courier.answer_first(now);
    run_for(Seconds{10});
    ASSERT_EQ(courier.attempts.size(), 2u);
    EXPECT_THAT(courier.attempts[1].events,
                ::testing::IsSupersetOf({"VI_2 BACKUP", "VI_2 MASTER"}));
    EXPECT_LE(courier.attempts[1].events.size(), 2 + kBackedUp);
    EXPECT_EQ(courier.attempts[1].events.back(), "VI_1 MASTER");
}

TEST_F(QueueTest, OldestGoesWhenThereIsNoOtherWay) {
    courier.answers_at_once = false;
    make({fifo()});
    for (std::size_t i = 0; i < kMostWaiting + 3; ++i) {
        queue->add(
            test::upstream_event("web", "s" + std::to_string(i), "down", now),
            now);
    }
    EXPECT_EQ(counts().dropped, 2u) << "one is under way";
    EXPECT_EQ(counts().waiting, kMostWaiting + 1);
    EXPECT_EQ(log.count("notify_fifo \"target\": queue full, dropped UPSTREAM "
                        "\"web\" \"s1\" DOWN"),
              1u);
    EXPECT_EQ(log.count("queue full, "), 1u) << "one line is enough";
}

// A courier that finishes within deliver(), and a thousand events.
TEST_F(QueueTest, ManyAtOnce) {
    courier.answers_at_once = false;
    make({fifo()});
    for (int i = 0; i < 1000; ++i) {
        happen(i % 2 == 0 ? "MASTER" : "BACKUP");
    }
    happen("FAULT");
    courier.answers_at_once = true;
    courier.answer_first(now);
    EXPECT_TRUE(queue->idle());
    EXPECT_EQ(courier.attempts.back().events.back(), "VI_1 FAULT");
    EXPECT_EQ(counts().delivered + counts().skipped, 1001u);
}

}  // namespace
}  // namespace ngx_vrrp::notify
