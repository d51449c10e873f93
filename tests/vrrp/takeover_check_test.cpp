// takeover_check: adverts that are missing while the active router answers on a
// peer link.
#include <gtest/gtest.h>

#include "core/vrrp/instance.hpp"
#include "core/vrrp/timing.hpp"
#include "tests/support/routers.hpp"

namespace ngx_vrrp::vrrp {
namespace {

using test::ip;
using test::Lines;
using test::Router;
using test::v3_config;

constexpr auto kLinked = "192.168.64.134";
constexpr Duration kCheckSkew =
    skew_time(Version::v3, Priority{100}, Seconds{1});

Config checked(Duration interval = Seconds{1}) {
    Config config = v3_config(100, interval);
    config.peer_link = true;
    config.takeover_check = true;
    return config;
}

// It has just heard a router with priority 200, which is linked.
Router linked(const Config &config, bool is_linked = true) {
    Router router = Router::backup(config);
    router.put(ActiveLinked{is_linked});
    router.hear(200, kLinked);
    return router;
}

ActiveAnswered answer(unsigned priority = 200) {
    return {ip(kLinked), true, Priority{static_cast<std::uint8_t>(priority)},
            true};
}

// The active router answers each question for this time. True: there was never
// another action.
bool answers_for(Router &router, Duration time) {
    const Instant end = router.now() + time;
    while (router.now() + router.due_in().value() <= end) {
        if (router.wait() != Lines{"ask-active"} ||
            router.put(answer()) != Lines{}) {
            return false;
        }
    }
    return true;
}

Duration to_takeover(Router &router) {
    const Instant begin = router.now();
    while (router.state() == StateName::backup) {
        router.wait();
    }
    return router.now() - begin;
}

// The question

TEST(TakeoverCheck, AsksWhenTheFirstAdvertIsOverdue) {
    Router router = linked(checked());
    EXPECT_EQ(router.due_in(), Milliseconds{1500});
    EXPECT_EQ(router.wait(), Lines{"ask-active"});
}

TEST(TakeoverCheck, AsksNothingWhileAdvertsArrive) {
    Router router = linked(checked());
    for (int i = 0; i < 10; ++i) {
        EXPECT_EQ(router.wait_for(Seconds{1}), Lines{});
        router.hear(200, kLinked);
    }
}

TEST(TakeoverCheck, AsksNothingWithoutALinkOrWithoutTheCheck) {
    Router unlinked = linked(checked(), false);
    EXPECT_EQ(unlinked.due_in(), 3 * Seconds{1} + kCheckSkew);

    Config off = checked();
    off.takeover_check = false;
    Router router = linked(off);
    EXPECT_EQ(router.due_in(), 3 * Seconds{1} + kCheckSkew);

    Router lost = linked(checked());
    lost.put(ActiveLinked{false});
    EXPECT_EQ(lost.due_in(), 3 * Seconds{1} + kCheckSkew);
}

TEST(TakeoverCheck, ALinkThatComesUpInTheSilenceIsAskedAtOnce) {
    Router router = linked(checked(), false);
    router.after(Milliseconds{2900});
    router.put(ActiveLinked{true});
    EXPECT_EQ(router.wait(), Lines{"ask-active"});
}

TEST(TakeoverCheck, WithOneAdvertItAsksWithinTheSkewTime) {
    Config one = checked();
    one.down_adverts = 1;
    Router router = linked(one);
    EXPECT_EQ(router.due_in(), Seconds{1} + kCheckSkew / 2);
}

TEST(TakeoverCheck, PriorityZeroIsNotQuestioned) {
    Router router = linked(checked());
    router.hear(0, kLinked);
    EXPECT_EQ(router.due_in(), kCheckSkew);
    EXPECT_EQ(router.wait().front(), "send-advert priority 100");
}

// No answer

TEST(TakeoverCheck, WithoutAnAnswerTheTakeoverIsNotLater) {
    for (const Duration interval :
         {Duration{Milliseconds{100}}, Duration{Seconds{1}}}) {
        Router router = linked(checked(interval));
        EXPECT_EQ(
            to_takeover(router),
            3 * interval + skew_time(Version::v3, Priority{100}, interval));
    }
}

TEST(TakeoverCheck, BelowHundredMillisecondsItIsAtMostOneIntervalLater) {
    for (const int ms : {10, 20, 50, 60, 90, 99}) {
        const Duration interval = Milliseconds{ms};
        Config fast = checked(interval);
        fast.priority = Priority{254};
        Router router = linked(fast);
        EXPECT_LE(to_takeover(router), 4 * interval) << ms;
    }
}

TEST(TakeoverCheck, BelowHundredMillisecondsALateAnswerIsInTime) {
    Router router = linked(checked(Milliseconds{10}));
    EXPECT_EQ(router.wait_for(Milliseconds{39}), Lines{"ask-active"});
    router.put(answer());
    EXPECT_TRUE(answers_for(router, Seconds{1}));
}

TEST(TakeoverCheck, WithoutALinkTheTakeoverIsNeverLater) {
    Router router = linked(checked(Milliseconds{10}), false);
    EXPECT_EQ(to_takeover(router),
              Milliseconds{30} +
                  skew_time(Version::v3, Priority{100}, Milliseconds{10}));
}

TEST(TakeoverCheck, TheReasonNamesTheMissingAnswer) {
    Router router = linked(checked());
    for (int i = 0; i < 5; ++i) {
        EXPECT_EQ(router.wait(), Lines{"ask-active"});
    }
    EXPECT_EQ(router.wait().back(),
              "transition backup -> active: no advertisement for 3609 ms and "
              "no answer on the peer link for 2109 ms, the last with priority "
              "200 from 192.168.64.134");
}

// This process was not scheduled: what waits for it may be an answer.
TEST(TakeoverCheck, AnOverdueQuestionIsAskedBeforeTheTakeover) {
    Router router = linked(checked());
    router.after(Seconds{60});
    EXPECT_EQ(router.put(TimeReached{}), Lines{"ask-active"});
    EXPECT_EQ(router.due_in(), Milliseconds{150});
    router.put(answer());
    EXPECT_TRUE(answers_for(router, Seconds{10}));
}

// Answers

TEST(TakeoverCheck, AnswersStopTheTakeover) {
    for (const int ms : {10, 100, 1000}) {
        Router router = linked(checked(Milliseconds{ms}));
        EXPECT_TRUE(answers_for(router, Seconds{60})) << ms;
        EXPECT_EQ(router.state(), StateName::backup);
    }
}

TEST(TakeoverCheck, WhenTheAnswersStopItTakesOver) {
    Router slow = linked(checked());
    ASSERT_TRUE(answers_for(slow, Seconds{60}));
    EXPECT_LE(to_takeover(slow), Seconds{1});

    Router fast = linked(checked(Milliseconds{10}));
    ASSERT_TRUE(answers_for(fast, Seconds{60}));
    EXPECT_LE(to_takeover(fast), Milliseconds{100});
}

TEST(TakeoverCheck, AQuestionWithoutAnAnswerDoesNotDelayTheTakeover) {
    for (const int ms : {10, 40, 100, 150, 250, 300, 1000}) {
        Router router = linked(checked(Milliseconds{ms}));
        ASSERT_TRUE(answers_for(router, Seconds{5}));
        EXPECT_LE(to_takeover(router), answer_lifetime(Milliseconds{ms})) << ms;
    }
}

// The link was reset, and the question was lost with it.
TEST(TakeoverCheck, ALinkThatIsUpAgainIsAskedAtOnce) {
    Router router = linked(checked());
    ASSERT_TRUE(answers_for(router, Seconds{10}));
    ASSERT_EQ(router.wait(), Lines{"ask-active"});
    router.put(ActiveLinked{false});
    router.after(Milliseconds{2});
    router.put(ActiveLinked{true});
    EXPECT_EQ(router.put(TimeReached{}), Lines{"ask-active"});
    router.put(answer());
    EXPECT_TRUE(answers_for(router, Seconds{10}));
}

TEST(TakeoverCheck, ALinkThatIsUpAgainHasTimeToAnswer) {
    Router router = linked(checked());
    ASSERT_TRUE(answers_for(router, Milliseconds{3900}));
    router.put(ActiveLinked{false});
    router.after(Milliseconds{990});
    router.put(ActiveLinked{true});
    EXPECT_EQ(router.put(TimeReached{}), Lines{"ask-active"});
    EXPECT_EQ(router.wait_for(Milliseconds{149}), Lines{});
    router.put(answer());
    EXPECT_TRUE(answers_for(router, Seconds{10}));
}

// TCP sends a lost segment again until it arrives.
TEST(TakeoverCheck, AnOldAnswerStopsNothing) {
    Router router = linked(checked());
    ActiveAnswered old = answer();
    ASSERT_EQ(router.wait(), Lines{"ask-active"});
    old.asked_at = router.now();
    EXPECT_EQ(router.wait_for(Seconds{2} + Milliseconds{100}),
              (Lines{"ask-active", "ask-active", "ask-active", "ask-active"}));
    EXPECT_EQ(router.put(old), Lines{});
    EXPECT_EQ(to_takeover(router), kCheckSkew - Milliseconds{600});
}

TEST(TakeoverCheck, AnAnswerCountsFromItsQuestion) {
    Router router = linked(checked());
    ASSERT_TRUE(answers_for(router, Seconds{3}));
    ActiveAnswered late = answer();
    ASSERT_EQ(router.wait(), Lines{"ask-active"});
    late.asked_at = router.now();
    router.after(Milliseconds{400});
    router.put(late);
    EXPECT_LE(to_takeover(router), Milliseconds{600});
}

// The answer to the question before was waiting, and is too old.
TEST(TakeoverCheck, AProcessThatDidNotRunAsksAgain) {
    Router router = linked(checked());
    ASSERT_TRUE(answers_for(router, Seconds{10}));
    ActiveAnswered old = answer();
    ASSERT_EQ(router.wait(), Lines{"ask-active"});
    old.asked_at = router.now();
    router.after(Seconds{5});
    EXPECT_EQ(router.put(old), Lines{});
    EXPECT_TRUE(router.instance().owes_question(router.now()));
    EXPECT_EQ(router.put(TimeReached{}), Lines{"ask-active"});
    EXPECT_EQ(router.due_in(), Milliseconds{150});
}

TEST(TakeoverCheck, AProcessThatDidNotRunWaitsForTheAnswerAgain) {
    Router router = linked(checked());
    ASSERT_EQ(router.wait(), Lines{"ask-active"});
    router.after(Seconds{5});
    EXPECT_EQ(router.put(TimeReached{}), Lines{"ask-active"});
    EXPECT_EQ(router.due_in(), Milliseconds{150});
}

// One of two linked nodes has been followed by the other one.
TEST(TakeoverCheck, AnAnswerOfAnotherNodeMayStillCome) {
    Router router = linked(checked());
    ASSERT_TRUE(answers_for(router, Seconds{10}));
    ASSERT_EQ(router.wait(), Lines{"ask-active"});
    ActiveAnswered no = answer();
    no.is_active = false;
    router.put(no);
    EXPECT_EQ(router.wait_for(Milliseconds{149}), Lines{});
    ActiveAnswered yes = answer();
    yes.peer = ip("192.168.64.135");
    router.put(yes);
    EXPECT_EQ(router.wait_for(Milliseconds{800}), Lines{"ask-active"});
}

TEST(TakeoverCheck, ALateAnswerIsInTime) {
    for (const int ms : {10, 100, 1000}) {
        const Duration late = answer_lifetime(Milliseconds{ms}) * 2 / 5;
        Router router = linked(checked(Milliseconds{ms}));
        ASSERT_TRUE(answers_for(router, Seconds{5}));
        for (int i = 0; i < 20; ++i) {
            EXPECT_EQ(router.wait(), Lines{"ask-active"});
            EXPECT_EQ(router.wait_for(late), Lines{});
            EXPECT_EQ(router.put(answer()), Lines{});
        }
    }
}

TEST(TakeoverCheck, AnAnswerThatItIsNotActiveStopsNothing) {
    Router router = linked(checked());
    ASSERT_TRUE(answers_for(router, Seconds{10}));
    ActiveAnswered no = answer();
    no.is_active = false;
    router.put(no);
    EXPECT_EQ(router.wait().front(), "send-advert priority 100");
}

TEST(TakeoverCheck, AnotherNodeThatIsNotActiveChangesNothing) {
    Router router = linked(checked());
    ASSERT_TRUE(answers_for(router, Seconds{10}));
    router.put(
        ActiveAnswered{ip("192.168.64.135"), false, Priority{150}, true});
    EXPECT_TRUE(answers_for(router, Seconds{10}));
}

TEST(TakeoverCheck, AdvertsThatArriveAgainAreFollowed) {
    Router router = linked(checked());
    ASSERT_TRUE(answers_for(router, Seconds{10}));
    router.hear(200, kLinked);
    EXPECT_EQ(router.due_in(), Milliseconds{1500});
    EXPECT_FALSE(router.instance().unheard_since(router.now()));

    router.put(ActiveLinked{false});
    EXPECT_EQ(to_takeover(router), 3 * Seconds{1} + kCheckSkew);
}

TEST(TakeoverCheck, ALowerRouterIsPreempted) {
    Router router = linked(checked());
    router.wait();
    router.put(answer(50));
    EXPECT_EQ(to_takeover(router), Milliseconds{1500} + kCheckSkew);

    Config no_preempt = checked();
    no_preempt.preempt = false;
    Router patient = linked(no_preempt);
    patient.wait();
    patient.put(answer(50));
    EXPECT_EQ(patient.wait_for(Milliseconds{900}), Lines{"ask-active"});
}

TEST(TakeoverCheck, ALowerRouterThatAnswersIsPreemptedAtTheSameTime) {
    Router router = linked(checked());
    const Instant begin = router.now();
    while (router.state() == StateName::backup &&
           router.now() < begin + Seconds{10}) {
        if (router.wait() == Lines{"ask-active"}) {
            router.put(answer(50));
        }
    }
    EXPECT_EQ(router.now() - begin, 3 * Seconds{1} + kCheckSkew);
}

TEST(TakeoverCheck, ANodeThatNeverHeardAnAdvertAsks) {
    Router router = Router::backup(checked());
    router.put(ActiveLinked{true});
    EXPECT_TRUE(answers_for(router, Seconds{60}));
}

TEST(TakeoverCheck, UnheardIsWhatOnlyAnswersKeepFromATakeover) {
    Router router = linked(checked());
    const Instant heard = router.now();
    ASSERT_TRUE(answers_for(router, Milliseconds{3600}));
    EXPECT_FALSE(router.instance().unheard_since(router.now()));
    ASSERT_TRUE(answers_for(router, Seconds{1}));
    EXPECT_EQ(router.instance().unheard_since(router.now()), heard);
    to_takeover(router);
    EXPECT_FALSE(router.instance().unheard_since(router.now()));
}

// Members of a group ask, and only the group takes over.
TEST(TakeoverCheck, AMemberAsks) {
    Config member = checked();
    member.sync.group = "G";
    Router router = linked(member);
    ASSERT_TRUE(answers_for(router, Seconds{10}));
    EXPECT_GT(router.instance().takeover_at(), router.now());
    EXPECT_LE(router.instance().takeover_at(), router.now() + Seconds{1});
    EXPECT_EQ(router.wait_for(Seconds{5}).front(), "ask-active");
    EXPECT_EQ(router.state(), StateName::backup);
    EXPECT_LT(router.instance().takeover_at(), router.now());
}

// A process that continues has to ask by itself.
TEST(TakeoverCheck, TheNextProcessHasTimeToAsk) {
    Router router = linked(checked());
    ASSERT_TRUE(answers_for(router, Seconds{60}));
    const Instant last = router.now();

    Instance next(checked());
    next.handle(ActiveLinked{true}, last);
    next.resume(router.instance().checkpoint().value(), last + Milliseconds{5});
    EXPECT_EQ(next.state(), StateName::backup);
    EXPECT_EQ(next.takeover_at(), last + 3 * Seconds{1} + kCheckSkew);
    const auto since = router.instance().unheard_since(last);
    ASSERT_TRUE(since);
    EXPECT_EQ(next.unheard_since(last + Milliseconds{5}), since);
    EXPECT_EQ(next.checkpoint()->unheard_since, since);
    EXPECT_FALSE(next.unheard_since(*next.takeover_at()));
}

// A MASTER that is known by its answers only: its end

Router unheard(const Config &config) {
    Router router = Router::backup(config);
    router.put(ActiveLinked{true});
    EXPECT_TRUE(answers_for(router, Seconds{5}));
    return router;
}

TEST(TakeoverCheck, ARouterThatOnlyAnswersIsFollowed) {
    Router router = unheard(checked());
    EXPECT_EQ(router.instance().followed(), ip(kLinked));
    ActiveAnswered no = answer();
    no.is_active = false;
    router.put(no);
    EXPECT_FALSE(router.instance().followed());
}

TEST(TakeoverCheck, ARouterThatOnlyAnsweredMayLeaveOrDie) {
    Router left = unheard(checked());
    EXPECT_EQ(left.put(MasterLeaves{ip("192.168.64.135")}), Lines{});
    EXPECT_EQ(left.put(MasterLeaves{ip(kLinked)}).back(),
              "transition backup -> active: 192.168.64.134 leaves, and has "
              "named this node");

    Router dead = unheard(checked());
    EXPECT_EQ(dead.put(ActiveDied{ip("192.168.64.135"), "dead"}), Lines{});
    EXPECT_EQ(dead.put(ActiveDied{ip(kLinked), "dead"}), Lines{});
    EXPECT_EQ(dead.due_in(), kCheckSkew);
    EXPECT_EQ(dead.wait().back(), "transition backup -> active: dead");

    Router named = unheard(checked());
    named.set_successor_of(ip(kLinked));
    named.put(ActiveDied{ip(kLinked), "dead"});
    EXPECT_EQ(named.state(), StateName::active);
}

// The answers were of an earlier silence.
TEST(TakeoverCheck, AnOlderAnswerIsNotFollowed) {
    Router router = unheard(checked());
    router.hear(200, kLinked);
    router.hear(0, kLinked);
    EXPECT_EQ(router.put(ActiveDied{ip(kLinked), "dead"}), Lines{});
    EXPECT_EQ(router.wait().back(),
              "transition backup -> active: priority 0 from 192.168.64.134");
}

// Two that are active

TEST(TakeoverCheck, AnActiveRouterAsksAnotherOne) {
    Router router = Router::active(checked());
    EXPECT_EQ(router.wait_for(Milliseconds{900}), Lines{});
    router.put(ActiveLinked{true});
    EXPECT_EQ(router.due_in(), Milliseconds{100});
    EXPECT_EQ(
        router.wait_for(Milliseconds{500}),
        (Lines{"send-advert priority 100", "renew-addresses", "ask-active"}));
    router.put(ActiveLinked{false});
    EXPECT_GT(router.due_in(), Milliseconds{500});
}

TEST(TakeoverCheck, TheBetterOneStays) {
    for (const unsigned priority : {99U, 100U, 101U}) {
        for (const bool higher : {false, true}) {
            Router router = Router::active(checked());
            ActiveAnswered in = answer(priority);
            in.is_higher = higher;
            const bool yields = priority > 100 || (priority == 100 && higher);
            const Lines lines = router.put(in);
            EXPECT_EQ(router.state(),
                      yields ? StateName::backup : StateName::active);
            EXPECT_EQ(lines.empty(), !yields);
        }
    }
}

TEST(TakeoverCheck, TheWorseOneYieldsAsToAnAdvert) {
    Router router = Router::active(checked());
    EXPECT_EQ(router.put(answer(200)),
              (Lines{"remove-addresses", "send-advert priority 100",
                     "transition active -> backup: 192.168.64.134 is MASTER, "
                     "too, and has higher priority 200: it says so on the peer "
                     "link, but its advertisements do not arrive"}));
    router.put(ActiveLinked{true});
    EXPECT_TRUE(answers_for(router, Seconds{30}));
}

// It may have been active when it answered, and is not any more.
TEST(TakeoverCheck, AnOldAnswerIsNoRival) {
    Router router = Router::active(checked());
    ActiveAnswered in = answer(200);
    in.asked_at = router.now();
    router.after(Milliseconds{1001});
    router.put(TimeReached{});
    EXPECT_EQ(router.put(in), Lines{});
    in.asked_at = router.now() - Seconds{1};
    router.put(in);
    EXPECT_EQ(router.state(), StateName::backup);
}

// The question was asked before it left.
TEST(TakeoverCheck, ThePredecessorIsNoRival) {
    Router router = linked(checked());
    ASSERT_EQ(router.wait(), Lines{"ask-active"});
    ActiveAnswered in = answer(200);
    in.asked_at = router.now();
    router.set_successor_of(ip(kLinked));
    router.after(Milliseconds{50});
    router.hear(0, kLinked);
    ASSERT_EQ(router.state(), StateName::active);
    EXPECT_EQ(router.put(in), Lines{});
    in.asked_at = router.now();
    router.put(in);
    EXPECT_EQ(router.state(), StateName::backup);
}

TEST(TakeoverCheck, ARouterThatIsNotActiveAnyMoreIsNoRival) {
    Router router = Router::active(checked());
    ActiveAnswered in = answer(200);
    in.is_active = false;
    EXPECT_EQ(router.put(in), Lines{});
}

// Its first member compares the addresses.
TEST(TakeoverCheck, AnotherMemberDoesNotCompareAddresses) {
    Config member = checked();
    member.sync = {"G", false};
    Router router = Router::backup(member);
    router.put(TakeOver{});
    ASSERT_EQ(router.state(), StateName::active);
    EXPECT_EQ(router.put(answer(100)), Lines{});
    router.put(answer(101));
    EXPECT_EQ(router.state(), StateName::backup);
}

}  // namespace
}  // namespace ngx_vrrp::vrrp
