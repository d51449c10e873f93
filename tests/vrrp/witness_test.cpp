// takeover_check with a witness: a Backup that may be cut off.
#include <gtest/gtest.h>

#include <algorithm>

#include "core/vrrp/instance.hpp"
#include "core/vrrp/timing.hpp"
#include "tests/support/routers.hpp"

namespace ngx_vrrp::vrrp {
namespace {

using test::ip;
using test::Lines;
using test::Router;
using test::v3_config;

constexpr auto kActive = "192.168.64.134";

Config witnessed(Duration interval = Seconds{1}) {
    Config config = v3_config(100, interval);
    config.witness = true;
    return config;
}

Duration down_time(Duration interval) {
    return 3 * interval + skew_time(Version::v3, Priority{100}, interval);
}

Router following(const Config &config) {
    Router router = Router::backup(config);
    router.hear(200, kActive);
    return router;
}

void answer(Router &router) {
    router.put(WitnessAnswered{router.now()});
}

// The time from now to the takeover.
Duration to_takeover(Router &router) {
    const Instant begin = router.now();
    for (int i = 0; i < 1000 && router.state() == StateName::backup; ++i) {
        router.after(std::max(router.due_in().value(), Duration::zero()));
        router.put(TimeReached{});
    }
    EXPECT_EQ(router.state(), StateName::active);
    return router.now() - begin;
}

TEST(Witness, IsAskedWhenTheFirstAdvertIsOverdue) {
    Router router = following(witnessed());
    EXPECT_EQ(router.due_in(), Milliseconds{1500});
    EXPECT_EQ(router.wait(), Lines{"ask-witness"});
}

TEST(Witness, IsNotAskedWhileAdvertsArrive) {
    Router router = following(witnessed());
    for (int i = 0; i < 10; ++i) {
        EXPECT_EQ(router.wait_for(Seconds{1}), Lines{});
        router.hear(200, kActive);
    }
}

TEST(Witness, AnAnswerInTimeDelaysNothing) {
    for (const int ms : {10, 100, 1000}) {
        const Duration interval = Milliseconds{ms};
        Router router = following(witnessed(interval));
        const Instant heard = router.now();
        EXPECT_EQ(router.wait(), Lines{"ask-witness"});
        answer(router);
        to_takeover(router);
        EXPECT_EQ(router.now() - heard, down_time(interval)) << ms;
    }
}

TEST(Witness, WithoutAnAnswerSilenceIsNoReason) {
    for (const int ms : {10, 100, 1000}) {
        Router router = following(witnessed(Milliseconds{ms}));
        for (const std::string &line : router.wait_for(Seconds{60})) {
            ASSERT_EQ(line, "ask-witness");
        }
        EXPECT_EQ(router.state(), StateName::backup);
    }
}

TEST(Witness, IsAskedAgainAfterPausesThatDouble) {
    Router router = following(witnessed(Milliseconds{10}));
    router.wait();
    for (const int ms : {100, 100, 200, 400, 800, 1000, 1000}) {
        EXPECT_EQ(router.due_in(), Milliseconds{ms});
        EXPECT_EQ(router.wait(), Lines{"ask-witness"});
    }
}

TEST(Witness, ALateAnswerLeadsToTheTakeoverAtOnce) {
    Router router = following(witnessed());
    router.wait_for(Seconds{20});
    answer(router);
    EXPECT_EQ(to_takeover(router), Duration::zero());
}

TEST(Witness, TheReasonOfTheTakeoverNamesIt) {
    Router router = following(witnessed());
    router.wait();
    answer(router);
    EXPECT_EQ(router.wait().back(),
              "transition backup -> active: no advertisement for 3609 ms, the "
              "witness answers, the last with priority 200 from "
              "192.168.64.134");
}

TEST(Witness, IfItIsNotAskedTheReasonSaysSo) {
    Router router = following(witnessed());
    router.wait();
    router.put(WitnessAnswered{router.now(), false});
    EXPECT_EQ(router.wait().back(),
              "transition backup -> active: no advertisement for 3609 ms, "
              "whether the witness answers is not known, the last with "
              "priority 200 from 192.168.64.134");
}

TEST(Witness, AnEarlierAnswerDoesNotCount) {
    Router router = following(witnessed());
    router.wait_for(Milliseconds{1499});
    answer(router);
    EXPECT_EQ(router.wait(), Lines{"ask-witness"});
    EXPECT_EQ(router.wait_for(Seconds{10}).front(), "ask-witness");
    EXPECT_EQ(router.state(), StateName::backup);
}

TEST(Witness, AnAdvertEndsTheQuestions) {
    Router router = following(witnessed());
    router.wait_for(Seconds{20});
    router.hear(200, kActive);
    EXPECT_EQ(router.due_in(), Milliseconds{1500});
    answer(router);  // to a question of the last silence
    EXPECT_EQ(router.wait(), Lines{"ask-witness"});
    router.wait_for(Seconds{10});
    EXPECT_EQ(router.state(), StateName::backup);
}

TEST(Witness, IsNeededAtTheStartToo) {
    Router router = Router::backup(witnessed());
    EXPECT_EQ(router.wait(), Lines{"ask-witness"});
    router.wait_for(Seconds{10});
    EXPECT_EQ(router.state(), StateName::backup);
    answer(router);
    EXPECT_EQ(to_takeover(router), Duration::zero());
}

TEST(Witness, IsAskedAtTheEndOfStartupDelay) {
    Config config = witnessed();
    config.not_before = Router{config}.now() + Seconds{30};
    Router router = Router::backup(config);
    EXPECT_EQ(router.due_in(), Seconds{30});
    EXPECT_EQ(router.wait(), Lines{"ask-witness"});
    EXPECT_FALSE(
        router.instance().cut_off_since(config.not_before - Milliseconds{1}));
    EXPECT_EQ(router.state(), StateName::backup);
    answer(router);
    EXPECT_EQ(to_takeover(router), Duration::zero());
}

TEST(Witness, APriorityZeroAProofAndAnOrderNeedNone) {
    Router left = following(witnessed());
    left.hear(0, kActive);
    EXPECT_EQ(left.wait().front(), "send-advert priority 100");

    Router dead = following(witnessed());
    dead.put(ActiveDied{ip(kActive), "it has ended"});
    EXPECT_EQ(dead.wait().front(), "send-advert priority 100");

    Router named = following(witnessed());
    EXPECT_EQ(named.put(MasterLeaves{ip(kActive)}).front(),
              "send-advert priority 100");
}

TEST(Witness, ALowerRouterIsPreemptedWithoutIt) {
    Router router = Router::backup(witnessed());
    for (int i = 0; i < 4; ++i) {
        router.hear(50, kActive);
        EXPECT_EQ(router.state() == StateName::backup
                      ? router.wait_for(Seconds{1}).size()
                      : 0,
                  i == 3 ? 4U : 0U);
    }
    EXPECT_EQ(router.state(), StateName::active);
}

// It may not be MASTER any more.
TEST(Witness, ALowerRouterThatIsSilentIsNotPreemptedWithoutIt) {
    Config config = witnessed();
    config.preempt_delay = Seconds{10};
    Router heard = Router::backup(config);
    for (int i = 0; i < 12; ++i) {
        heard.hear(50, kActive);
        heard.wait_for(Seconds{1});
    }
    EXPECT_EQ(heard.state(), StateName::active);

    Router silent = Router::backup(config);
    for (int i = 0; i < 8; ++i) {
        silent.hear(50, kActive);
        silent.wait_for(Seconds{1});
    }
    silent.wait_for(Seconds{60});
    EXPECT_EQ(silent.state(), StateName::backup);
}

// It was heard while this node was held back.
TEST(Witness, ALowerRouterThatWasHeardEarlierIsNotPreemptedWithoutIt) {
    Config config = witnessed();
    config.not_before = Router{config}.now() + Seconds{30};
    Router router = Router::backup(config);
    for (int i = 0; i < 5; ++i) {
        router.hear(50, kActive);
        router.wait_for(Seconds{1});
    }
    router.wait_for(Seconds{60});
    EXPECT_EQ(router.state(), StateName::backup);
    answer(router);
    EXPECT_EQ(to_takeover(router), Duration::zero());
}

// With a peer link

Router linked(Duration interval = Seconds{1}) {
    Config config = witnessed(interval);
    config.peer_link = true;
    config.takeover_check = true;
    Router router = Router::backup(config);
    router.put(ActiveLinked{true});
    router.hear(200, kActive);
    return router;
}

ActiveAnswered still_active() {
    return {ip(kActive), true, Priority{200}, true};
}

// The active router answers all questions for this time; true: no other
// question but the first one was for the witness.
bool answers_for(Router &router, Duration time) {
    const Instant end = router.now() + time;
    while (router.now() + router.due_in().value() <= end) {
        const Lines lines = router.wait();
        for (const std::string &line : lines) {
            if (line == "ask-active") {
                router.put(still_active());
            } else {
                return false;
            }
        }
    }
    return true;
}

TEST(Witness, IsAskedTogetherWithTheLink) {
    Router router = linked();
    EXPECT_EQ(router.wait(), (Lines{"ask-active", "ask-witness"}));
}

TEST(Witness, IsNotAskedWhileTheActiveRouterAnswers) {
    for (const int ms : {10, 100, 1000}) {
        Router router = linked(Milliseconds{ms});
        router.wait();
        router.put(still_active());
        answer(router);
        EXPECT_TRUE(answers_for(router, Seconds{60})) << ms;
        EXPECT_FALSE(router.instance().cut_off_since(router.now()));
    }
}

TEST(Witness, HasToAnswerAgainWhenTheLinkDoesNot) {
    Router router = linked();
    router.wait();
    router.put(still_active());
    answer(router);
    ASSERT_TRUE(answers_for(router, Seconds{60}));
    router.put(ActiveLinked{false});
    const Lines lines = router.wait_for(Seconds{10});
    ASSERT_GT(lines.size(), 5U);
    for (const std::string &line : lines) {
        EXPECT_EQ(line, "ask-witness");
    }
    answer(router);
    EXPECT_EQ(to_takeover(router), Duration::zero());
}

TEST(Witness, AnswersInTimeWhenTheLinkDoesNot) {
    for (const int ms : {10, 100, 1000}) {
        Router router = linked(Milliseconds{ms});
        router.wait();
        router.put(still_active());
        ASSERT_TRUE(answers_for(router, Seconds{60}));
        const Instant last = router.now();
        router.put(ActiveLinked{false});
        EXPECT_EQ(router.wait(), Lines{"ask-witness"});
        answer(router);
        to_takeover(router);
        EXPECT_LE(router.now() - last, answer_lifetime(Milliseconds{ms}));
    }
}

// The report

TEST(Witness, CutOffIsWhatOnlyTheWitnessKeepsFromATakeover) {
    Router router = following(witnessed());
    const Instant heard = router.now();
    router.wait_for(Milliseconds{3600});
    EXPECT_FALSE(router.instance().cut_off_since(router.now()));
    router.wait_for(Milliseconds{10});
    EXPECT_EQ(router.instance().cut_off_since(router.now()), heard);
    answer(router);
    EXPECT_FALSE(router.instance().cut_off_since(router.now()));
    router.wait();
    EXPECT_FALSE(router.instance().cut_off_since(router.now()));

    Config without = witnessed();
    without.witness = false;
    Router usual = following(without);
    usual.after(Seconds{10});
    EXPECT_FALSE(usual.instance().cut_off_since(usual.now()));
}

TEST(Witness, AnswersOfTheActiveRouterAreNotReportedWithoutIt) {
    Router router = linked();
    router.wait();
    router.put(still_active());
    router.put(ActiveLinked{false});
    router.wait_for(Seconds{10});
    EXPECT_FALSE(router.instance().unheard_since(router.now()));
    EXPECT_TRUE(router.instance().cut_off_since(router.now()));
}

// Group, handover

TEST(Witness, AMemberOfAGroupAsks) {
    Config member = witnessed();
    member.sync.group = "G";
    Router router = following(member);
    EXPECT_EQ(router.wait(), Lines{"ask-witness"});
    router.wait_for(Seconds{10});
    EXPECT_GT(router.instance().takeover_at(), router.now() + Seconds{3600});
    answer(router);
    EXPECT_LE(router.instance().takeover_at(), router.now());
}

TEST(Witness, TheNextProcessAsksByItself) {
    Router router = following(witnessed());
    router.wait();
    answer(router);

    Instance next(witnessed());
    const Instant then = router.now() + Milliseconds{5};
    next.resume(router.instance().checkpoint().value(), then);
    EXPECT_EQ(next.deadline(), router.now());
    EXPECT_EQ(test::to_text(next.handle(TimeReached{}, then)),
              Lines{"ask-witness"});
}

}  // namespace
}  // namespace ngx_vrrp::vrrp
