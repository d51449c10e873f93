// takeover_check with a witness: who asks it and when, what the operator hears.
#include <gtest/gtest.h>

#include "core/engine/witness.hpp"
#include "tests/engine/tracking_fixture.hpp"

namespace ngx_vrrp::engine {
namespace {

class WitnessTest : public TrackingTest {
protected:
    static TrackerConfig witness() {
        TrackerConfig config = service(0);
        config.type = "takeover_check";
        config.name = "ping=10.0.1.254";
        config.witness = true;
        return config;
    }

    void start_witnessed(bool serves = true) {
        serves_ = serves;
        vrrp::Config c = config();
        c.witness = true;
        beat();
        make(std::move(c), {witness()});
        engine->start(world(), now);
    }

    // Runs the engine, and its witness.
    void pass(Duration time) {
        const Instant end = now + time;
        while (now < end) {
            run(Milliseconds{1});
            if (!std::exchange(machine.demanded, {}).empty()) {
                ++questions;
                if (checker_runs_) {
                    answer(serves_);
                }
            }
        }
    }

    void answer(bool passed) {
        failures_ = passed ? 0 : failures_ + 1;
        CheckResult &result = machine.checks[kCheck];
        if (failures_ == 0 || failures_ >= 3) {
            result.verdict = passed ? Verdict::up : Verdict::down;
        }
        result.text = "L3TOUT no answer";
        result.passed = passed;
        result.checked_at = now;
        engine->handle_checks(now);
    }

    void become_master() {
        start_witnessed();
        pass(Seconds{1});
        ASSERT_EQ(state(), vrrp::StateName::active);
        machine.take();
        questions = 0;
    }

    void set_links(LinkedPeers links) {
        engine->set_linked_peers(0, links, now);
    }

    bool serves_ = true;
    bool checker_runs_ = true;
    unsigned failures_ = 0;
    unsigned questions = 0;
};

constexpr auto kCutOff =
    "cut off: the peer links have ended, and the witness of "
    "\"takeover_check\" does not answer";

// BACKUP

TEST_F(WitnessTest, ABackupTakesOverWhenItAnswers) {
    start_witnessed();
    pass(Milliseconds{400});
    EXPECT_EQ(state(), vrrp::StateName::active);
    EXPECT_EQ(questions, 1U);
}

TEST_F(WitnessTest, ABackupThatIsCutOffWaitsAndReportsIt) {
    start_witnessed(false);
    pass(Milliseconds{900});
    EXPECT_EQ(log.count("this node may be cut off"), 0U);
    pass(Seconds{30});
    EXPECT_EQ(state(), vrrp::StateName::backup);
    EXPECT_LT(questions, 40U);
    EXPECT_EQ(log.count("this node may be cut off"), 1U);

    serves_ = true;
    pass(Milliseconds{1100});
    EXPECT_EQ(state(), vrrp::StateName::active);
}

// It asks after 150 ms, and then 2.6 s later for the seventh time.
TEST_F(WitnessTest, WithoutACheckerABackupTakesOverLater) {
    checker_runs_ = false;
    start_witnessed();
    pass(kNoResult);
    EXPECT_EQ(state(), vrrp::StateName::backup);
    pass(Milliseconds{300});
    EXPECT_EQ(state(), vrrp::StateName::active);
    EXPECT_EQ(log.count("the checker process has not asked the witness of "
                        "\"takeover_check\" for 2500 ms: it is not known "
                        "whether this node is cut off, so the witness is "
                        "ignored"),
              1U);
}

TEST_F(WitnessTest, ACheckerThatIsBackIsBelieved) {
    checker_runs_ = false;
    start_witnessed(false);
    pass(Milliseconds{2500});
    answer(false);
    pass(Milliseconds{2000});
    EXPECT_EQ(state(), vrrp::StateName::backup);
    checker_runs_ = true;
    pass(Seconds{20});
    EXPECT_EQ(state(), vrrp::StateName::backup);
}

// The checker process did not run, either. The last question was 0.75 s before.
TEST_F(WitnessTest, ABackupThatDidNotRunWaitsForTheChecker) {
    checker_runs_ = false;
    for (const Duration pause :
         {Duration{Milliseconds{900}}, Duration{Seconds{10}}}) {
        start_witnessed();
        pass(Milliseconds{2500});
        now += pause;
        pass(Milliseconds{500});
        EXPECT_EQ(state(), vrrp::StateName::backup);
    }
}

TEST_F(WitnessTest, WithoutACheckerAMasterStays) {
    become_master();
    set_links(LinkedPeers::some);
    set_links(LinkedPeers::lost);
    checker_runs_ = false;
    pass(Seconds{60});
    EXPECT_EQ(state(), vrrp::StateName::active);
}

TEST_F(WitnessTest, ItIsNoReasonToWaitNorAFault) {
    start_witnessed(false);
    pass(Milliseconds{5});
    EXPECT_EQ(state(), vrrp::StateName::backup);
    answer(false);
    answer(false);
    answer(false);
    EXPECT_EQ(fault(), "");
    EXPECT_EQ(router().instance().effective_priority(), Priority{100});
}

TEST_F(WitnessTest, ItsFailureIsReportedBeforeItIsNeeded) {
    become_master();
    for (int i = 0; i < 3; ++i) {
        answer(false);
    }
    EXPECT_EQ(log.count("the witness of \"takeover_check\" (ping=10.0.1.254) "
                        "does not answer: L3TOUT no answer; until it does, "
                        "this node does not take over from a MASTER that "
                        "becomes silent"),
              1U);
    EXPECT_EQ(state(), vrrp::StateName::active);
    answer(true);
    EXPECT_EQ(log.count("(ping=10.0.1.254) answers again"), 1U);
}

// MASTER

TEST_F(WitnessTest, AMasterAsksNothingWhileItHasALink) {
    become_master();
    pass(Seconds{5});
    set_links(LinkedPeers::some);
    pass(Seconds{5});
    EXPECT_EQ(questions, 0U);
}

// Its network works: later, a gateway may restart.
TEST_F(WitnessTest, AfterAnAnswerAMasterWaitsLonger) {
    become_master();
    set_links(LinkedPeers::some);
    set_links(LinkedPeers::lost);
    pass(Milliseconds{9500});
    EXPECT_EQ(questions, 10U);
    serves_ = false;
    pass(Seconds{29});
    EXPECT_EQ(state(), vrrp::StateName::active);
    serves_ = true;
    pass(Seconds{1});
    serves_ = false;
    pass(Seconds{29});
    EXPECT_EQ(state(), vrrp::StateName::active);
    pass(Seconds{2});
    EXPECT_EQ(state(), vrrp::StateName::fault);

    set_links(LinkedPeers::some);
    serves_ = true;
    pass(Seconds{1});
    ASSERT_EQ(state(), vrrp::StateName::active);
    questions = 0;
    pass(Seconds{5});
    EXPECT_EQ(questions, 0U);
    set_links(LinkedPeers::lost);
    serves_ = false;
    pass(Seconds{3});
    EXPECT_EQ(state(), vrrp::StateName::fault) << "they are lost again";
}

TEST_F(WitnessTest, AMasterWithoutLinkAndWitnessGivesUp) {
    become_master();
    set_links(LinkedPeers::lost);
    serves_ = false;
    pass(Milliseconds{1950});
    EXPECT_EQ(questions, 2U);
    EXPECT_EQ(state(), vrrp::StateName::active) << "only two in a row";
    machine.take();
    pass(Seconds{1});
    EXPECT_EQ(state(), vrrp::StateName::fault);
    EXPECT_EQ(fault(), kCutOff);
    const Done done = machine.take();
    ASSERT_GE(done.size(), 2U);
    EXPECT_EQ(done[done.size() - 2], "advert 0 224.0.0.18");
    EXPECT_EQ(done.back(), "remove 10.0.1.5");

    pass(Seconds{10});
    EXPECT_EQ(state(), vrrp::StateName::fault);
    serves_ = true;
    pass(Milliseconds{1600});
    EXPECT_EQ(state(), vrrp::StateName::active);
}

TEST_F(WitnessTest, ALinkThatComesBackEndsTheFault) {
    become_master();
    set_links(LinkedPeers::lost);
    serves_ = false;
    pass(Seconds{3});
    ASSERT_EQ(state(), vrrp::StateName::fault);
    set_links(LinkedPeers::some);
    EXPECT_EQ(state(), vrrp::StateName::backup);
}

TEST_F(WitnessTest, AMasterThatNeverHadALinkServesOn) {
    become_master();
    serves_ = false;
    pass(Seconds{10});
    for (int i = 0; i < 5; ++i) {
        answer(false);
    }
    EXPECT_EQ(state(), vrrp::StateName::active);
}

// They may be of a BACKUP, or of another time.
TEST_F(WitnessTest, EarlierFailuresDoNotCount) {
    become_master();
    for (int i = 0; i < 5; ++i) {
        answer(false);
    }
    set_links(LinkedPeers::lost);
    EXPECT_EQ(state(), vrrp::StateName::active);
    serves_ = true;
    pass(Seconds{5});
    EXPECT_EQ(state(), vrrp::StateName::active);
}

TEST_F(WitnessTest, ABackupWithoutLinkDoesNotGiveUp) {
    start_witnessed(false);
    set_links(LinkedPeers::lost);
    pass(Seconds{10});
    EXPECT_EQ(state(), vrrp::StateName::backup);
    receive(0);
    pass(Milliseconds{500});
    EXPECT_EQ(state(), vrrp::StateName::active)
        << "failures from before do not count";
    pass(Seconds{10});
    EXPECT_EQ(state(), vrrp::StateName::active)
        << "it has heard the node that has left";
}

// Another router asks the same one.
TEST_F(WitnessTest, OnlyResultsOfItsOwnQuestionsAreFailures) {
    become_master();
    set_links(LinkedPeers::some);
    serves_ = false;
    set_links(LinkedPeers::lost);
    for (int i = 0; i < 4; ++i) {
        pass(Milliseconds{450});
        answer(false);
    }
    EXPECT_EQ(state(), vrrp::StateName::active);
    pass(Milliseconds{300});
    EXPECT_EQ(state(), vrrp::StateName::fault);
    EXPECT_EQ(questions, 3U);
}

}  // namespace
}  // namespace ngx_vrrp::engine
