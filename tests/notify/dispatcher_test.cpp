// Receivers, order, and number of events in a delivery.
#include "core/notify/dispatcher.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/notify/dispatcher_fixture.hpp"

namespace ngx_vrrp::notify {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

class DispatcherTest : public DispatcherFixture {};

// Who

TEST_F(DispatcherTest, ChannelsHearWhatTheyWant) {
    ChannelConfig states = fifo();
    states.events = 1U << static_cast<unsigned>(EventKind::state);
    states.states = 1U << static_cast<unsigned>(State::master) |
                    1U << static_cast<unsigned>(State::stop);
    ChannelConfig servers = fifo();
    servers.events = 1U << static_cast<unsigned>(EventKind::upstream);
    make({states, servers, script("VI_2")});

    happen("MASTER");
    happen("BACKUP");
    happen("STOP");
    happen("FAULT", "VI_2");
    dispatcher->add(test::upstream_event("web", "10.0.0.1:80", "down", now),
                    now);
    dispatcher->add(
        test::tracker_event("VI_1", "track_interface eth1", "down", now), now);
    EXPECT_THAT(take(), ElementsAre("0: VI_1 MASTER", "0: VI_1 STOP",
                                    "2: VI_2 FAULT", "1:  web down"));
}

TEST_F(DispatcherTest, UnknownStateHasNoReceiver) {
    make({fifo()});
    happen("SLEEPING");
    EXPECT_THAT(take(), IsEmpty());
}

// In which order

TEST_F(DispatcherTest, HookForTheEventComesBeforeTheOneForAll) {
    make({script(), script_for(State::master)});
    happen("MASTER");
    EXPECT_THAT(take(), ElementsAre("1: VI_1 MASTER", "0: VI_1 MASTER"));
}

TEST_F(DispatcherTest, HooksOfAnInstanceRunOneAfterTheOther) {
    transport.answers_at_once = false;
    make({script(), script_for(State::master)});
    happen("MASTER");
    happen("BACKUP");
    happen("MASTER", "VI_2");
    EXPECT_THAT(take(), ElementsAre("1: VI_1 MASTER", "1: VI_2 MASTER"));

    transport.answer_first(now);
    EXPECT_THAT(take(), ElementsAre("0: VI_1 MASTER"));
    EXPECT_EQ(transport.under_way.size(), 2u);
}

TEST_F(DispatcherTest, ChannelThatHangsDelaysNoOther) {
    transport.answers_at_once = false;
    make({fifo(), webhook()});
    happen("MASTER");
    happen("BACKUP");
    ASSERT_THAT(take(), ElementsAre("0: VI_1 MASTER", "1: VI_1 MASTER"));
    transport.answer_first(now);
    EXPECT_THAT(take(), ElementsAre("0: VI_1 BACKUP"));
}

// How much at once

TEST_F(DispatcherTest, MailsComeInBatches) {
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
    EXPECT_FALSE(dispatcher->deadline());
}

TEST_F(DispatcherTest, MessagesHaveSoManyEventsAtMost) {
    make({webhook(WebhookFormat::slack)});
    const std::size_t most = policy_of(webhook(WebhookFormat::slack)).batch;
    happen("MASTER");
    for (std::size_t i = 0; i < most + 1; ++i) {
        happen("BACKUP", "VI_" + std::to_string(i));
    }
    run_for(Seconds{1});
    run_for(Seconds{1});
    ASSERT_EQ(transport.attempts.size(), 3u);
    EXPECT_EQ(transport.attempts[1].events.size(), most);
    EXPECT_EQ(transport.attempts[2].events.size(), 1u);
}

TEST_F(DispatcherTest, DingTalkTakesTwentyMessagesInAMinute) {
    make({webhook(WebhookFormat::dingtalk)});
    for (int i = 0; i < 600; ++i) {
        happen(i % 2 == 0 ? "MASTER" : "BACKUP");
        run_for(Milliseconds{100});
    }
    EXPECT_LE(transport.attempts.size(), 21u);
    EXPECT_GE(transport.attempts.size(), 19u);
}

TEST_F(DispatcherTest, AlertsNeedNoPause) {
    transport.answers_at_once = false;
    make({webhook(WebhookFormat::alertmanager)});
    happen("MASTER");
    happen("BACKUP");
    happen("MASTER");
    transport.answer_first(now);
    EXPECT_THAT(take(),
                ElementsAre("0: VI_1 MASTER", "0: VI_1 BACKUP VI_1 MASTER"));
}

// Repetitions

TEST_F(DispatcherTest, OnlyAnAlertmanagerIsReportedAgain) {
    make({webhook(), webhook(WebhookFormat::alertmanager), email(), fifo(),
          script()});
    say_again();
    EXPECT_THAT(take(), ElementsAre("1: VI_1 FAULT"));
}

TEST_F(DispatcherTest, NothingNewWaitsForAnAlertmanagerThatIsAway) {
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

TEST_F(DispatcherTest, WhatIsSupersededGoesWhenALaneBacksUp) {
    transport.answers_at_once = false;
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
    transport.answer_first(now);
    EXPECT_THAT(take(), ElementsAre("0: VI_1 BACKUP", "0: VI_1 FAULT"));
    EXPECT_EQ(log.count(""), 0u);
}

TEST_F(DispatcherTest, DeliveryKnowsWhatItHasSuperseded) {
    transport.answers_at_once = false;
    make({script()});
    for (std::size_t i = 0; i < kBackedUp + 2; ++i) {
        happen("MASTER");
    }
    transport.answer_first(now);
    ASSERT_EQ(transport.attempts.size(), 2u);
    EXPECT_EQ(transport.attempts[1].skipped, kBackedUp);
}

TEST_F(DispatcherTest, OtherSubjectsAreNotSuperseded) {
    transport.answers_at_once = false;
    make({fifo()});
    for (std::size_t i = 0; i < 2 * kBackedUp; ++i) {
        dispatcher->add(
            test::upstream_event("web", "s" + std::to_string(i), "down", now),
            now);
    }
    EXPECT_EQ(counts().skipped, 0u);
    EXPECT_EQ(counts().waiting, 2 * kBackedUp);
}

TEST_F(DispatcherTest, WhatOneInstanceDoesSupersedesNothingOfAnother) {
    transport.answers_at_once = false;
    make({email()});
    happen("MASTER", "VI_2");
    happen("BACKUP", "VI_2");
    happen("MASTER", "VI_2");
    for (std::size_t i = 0; i < 3 * kBackedUp; ++i) {
        happen("MASTER");
    }
    transport.answer_first(now);
    run_for(Seconds{10});
    ASSERT_EQ(transport.attempts.size(), 2u);
    EXPECT_THAT(transport.attempts[1].events,
                ::testing::IsSupersetOf({"VI_2 BACKUP", "VI_2 MASTER"}));
    EXPECT_LE(transport.attempts[1].events.size(), 2 + kBackedUp);
    EXPECT_EQ(transport.attempts[1].events.back(), "VI_1 MASTER");
}

TEST_F(DispatcherTest, OldestGoesWhenThereIsNoOtherWay) {
    transport.answers_at_once = false;
    make({fifo()});
    for (std::size_t i = 0; i < kMostWaiting + 3; ++i) {
        dispatcher->add(
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

// A transport that finishes within deliver(), and a thousand events.
TEST_F(DispatcherTest, ManyAtOnce) {
    transport.answers_at_once = false;
    make({fifo()});
    for (int i = 0; i < 1000; ++i) {
        happen(i % 2 == 0 ? "MASTER" : "BACKUP");
    }
    happen("FAULT");
    transport.answers_at_once = true;
    transport.answer_first(now);
    EXPECT_TRUE(dispatcher->idle());
    EXPECT_EQ(transport.attempts.back().events.back(), "VI_1 FAULT");
    EXPECT_EQ(counts().delivered + counts().skipped, 1001u);
}

}  // namespace
}  // namespace ngx_vrrp::notify
