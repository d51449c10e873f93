// The Backup state.
#include <gtest/gtest.h>

#include "core/vrrp/instance.hpp"
#include "core/vrrp/timing.hpp"
#include "tests/support/routers.hpp"

namespace ngx_vrrp::vrrp {
namespace {

using test::classic_config;
using test::ip;
using test::Lines;
using test::Router;
using test::v3_config;

constexpr Duration kFullTimer{3'609'375'000};  // priority 100, 1 s
constexpr Duration kSkew{609'375'000};

Config nopreempt_config() {
    Config config = classic_config(100);
    config.preempt = false;
    return config;
}

Config delayed_config(Duration delay) {
    Config config = classic_config(100);
    config.preempt_delay = delay;
    return config;
}

Config with_peers(std::vector<UnicastPeer> peers) {
    Config config = classic_config(100);
    config.unicast_peers = std::move(peers);
    return config;
}

// Silence

// RFC 9568, 6.4.2 (Active_Down_Timer)
TEST(Backup, BecomesActiveAfterSilence) {
    Router router = Router::backup(classic_config());

    EXPECT_EQ(router.wait(),
              (Lines{"send-advert priority 100", "add-addresses",
                     "announce-addresses 5",
                     "transition backup -> active: no advertisement for "
                     "3609 ms"}));
}

TEST(Backup, DoesNothingBeforeTheDeadline) {
    Router router = Router::backup(classic_config());
    router.after(kFullTimer - Duration{1});

    EXPECT_EQ(router.put(TimeReached{}), Lines{});
    EXPECT_EQ(router.due_in(), Duration{1});
}

TEST(Backup, KnowsTheActiveRouter) {
    Router router = Router::backup(classic_config());
    router.after(Seconds{1});
    router.hear(150, "192.168.64.134");

    const auto &active = router.instance().active_router();
    ASSERT_TRUE(active);
    EXPECT_EQ(active->address, ip("192.168.64.134"));
    EXPECT_EQ(active->priority, Priority{150});
    EXPECT_EQ(active->interval, Seconds{1});
    EXPECT_EQ(active->heard_at, router.now());

    router.wait();
    EXPECT_FALSE(router.instance().active_router());
}

// Higher and equal priority

// RFC 9568, 6.4.2 (Active_Down_Timer)
TEST(Backup, RestartsItsTimerForAHigherPriority) {
    Router router = Router::backup(classic_config(100));
    router.after(Seconds{3});

    EXPECT_EQ(router.hear(150), Lines{});
    EXPECT_EQ(router.due_in(), kFullTimer);
}

// RFC 9568, 6.4.2 (Active_Down_Timer)
TEST(Backup, RestartsItsTimerForAnEqualPriority) {
    Router router = Router::backup(classic_config(100));
    router.after(Seconds{3});

    EXPECT_EQ(router.hear(100, "192.168.64.1"), Lines{});
    EXPECT_EQ(router.due_in(), kFullTimer);
}

// RFC 9568, 6.4.2 (Active_Adver_Interval)
TEST(Backup, LearnsTheIntervalInVersion3) {
    Router router = Router::backup(v3_config(100, Milliseconds{100}));

    router.hear_interval(Seconds{3}, 150);

    EXPECT_EQ(router.due_in(), Duration{10'828'125'000});
}

TEST(Backup, ForgetsTheLearnedIntervalWhenItBecomesActive) {
    Router router = Router::backup(v3_config(100, Milliseconds{100}));
    router.hear_interval(Seconds{3}, 150);
    router.wait();

    EXPECT_EQ(router.state(), StateName::active);
    EXPECT_EQ(router.due_in(), Milliseconds{100});
}

TEST(Backup, ForgetsTheLearnedIntervalInAFault) {
    Router router = Router::backup(v3_config(100, Milliseconds{100}));
    router.hear_interval(Seconds{3}, 150);
    router.put(FaultChanged{"interface eth0 is down"});
    router.put(FaultChanged{""});

    EXPECT_EQ(router.due_in(), Duration{360'937'500});
}

// Lower priority

// RFC 9568, 6.4.2 (advertisement that is discarded)
TEST(Backup, LetsItsTimerRunOnForALowerPriority) {
    Router router = Router::backup(classic_config(100));
    router.after(Seconds{3});

    EXPECT_EQ(router.hear(90), Lines{});
    EXPECT_EQ(router.due_in(), kFullTimer - Seconds{3});
    EXPECT_EQ(router.wait().back(),
              "transition backup -> active: preempting lower priority 90 "
              "from 192.168.64.134");
}

TEST(Backup, DoesNotLearnFromAnAdvertThatItDiscards) {
    Router router = Router::backup(v3_config(100, Milliseconds{100}));

    router.hear_interval(Seconds{30}, 90);

    EXPECT_EQ(router.due_in(), Duration{360'937'500});
}

// RFC 9568, 6.4.2 (Preempt_Mode)
TEST(Backup, LeavesALowerPriorityAloneWithoutPreemption) {
    Router router = Router::backup(nopreempt_config());
    router.after(Seconds{3});

    EXPECT_EQ(router.hear(1), Lines{});
    EXPECT_EQ(router.due_in(), kFullTimer);
}

TEST(Backup, TakesOverFromSilenceWithoutPreemption) {
    Router router = Router::backup(nopreempt_config());
    router.hear(1);

    EXPECT_EQ(router.wait().back(),
              "transition backup -> active: no advertisement for 3609 ms, "
              "the last with priority 1 from 192.168.64.134");
}

// A priority that rises makes the active router's the lower one.
TEST(Backup, PreemptsWhenItsOwnPriorityRises) {
    Router router = Router::backup(classic_config(80));
    router.hear(90);
    router.put(PriorityChanged{Priority{100}, "pool web is up"});
    router.after(Seconds{1});
    router.hear(90);

    EXPECT_EQ(router.due_in(), kFullTimer - Seconds{1});
}

// A priority that falls

// Differs from RFC 9568, 6.4.2 (advertisement that is discarded)
TEST(Backup, PreemptsAfterTheSkewWhenTheActiveRouterHasFallen) {
    for (const unsigned before : {100u, 150u}) {
        Router router = Router::backup(classic_config(100));
        router.hear(before);
        router.after(Milliseconds{400});

        EXPECT_EQ(router.hear(80), Lines{});
        EXPECT_EQ(router.due_in(), kSkew) << before;
        EXPECT_EQ(router.wait().back(),
                  "transition backup -> active: preempting lower priority 80 "
                  "from 192.168.64.134");
    }
}

TEST(Backup, PreemptsTheFallenNoLaterThanASilentOne) {
    Router router = Router::backup(classic_config(100));
    router.hear(150);
    router.after(kFullTimer - Milliseconds{100}).hear(80);

    EXPECT_EQ(router.due_in(), Milliseconds{100});
}

TEST(Backup, FurtherAdvertsOfTheFallenHaveNoEffect) {
    Router router = Router::backup(classic_config(100));
    router.hear(150);
    router.hear(80);
    router.after(Milliseconds{500}).hear(80);
    router.hear(70);

    EXPECT_EQ(router.due_in(), kSkew - Milliseconds{500});
}

TEST(Backup, FollowsABetterBackupThatIsFaster) {
    Router router = Router::backup(classic_config(100));
    router.hear(150);
    router.hear(80);
    router.after(Milliseconds{400}).hear(120, "192.168.64.135");

    EXPECT_EQ(router.due_in(), kFullTimer);
}

TEST(Backup, FollowsTheFallenAgainWhenItRecovers) {
    Router router = Router::backup(classic_config(100));
    router.hear(150);
    router.hear(80);
    router.after(Milliseconds{400}).hear(150);

    EXPECT_EQ(router.due_in(), kFullTimer);
}

TEST(Backup, LowerPriorityOfAnotherRouterIsNoFall) {
    Router router = Router::backup(classic_config(100));
    router.hear(150);
    router.hear(80, "192.168.64.135");

    EXPECT_EQ(router.due_in(), kFullTimer);
}

TEST(Backup, LeavesTheFallenAloneWithoutPreemption) {
    Router router = Router::backup(nopreempt_config());
    router.hear(150);
    router.hear(80);

    EXPECT_EQ(router.due_in(), kFullTimer);
}

TEST(Backup, DelaysThePreemptionOfTheFallenToo) {
    Router router = Router::backup(delayed_config(Seconds{30}));
    router.hear(150);
    router.hear(80);

    EXPECT_EQ(router.due_in(), kFullTimer);
}

// The weights of a shared pool.
TEST(Backup, LeavesTheFallenAloneWhenItFallsItself) {
    Router router = Router::backup(classic_config(100));
    router.hear(110);
    router.hear(90);
    router.put(PriorityChanged{Priority{95}, "weight"});
    EXPECT_LT(router.due_in(), Seconds{1}) << "still better";

    router.put(PriorityChanged{Priority{80}, "weight"});
    EXPECT_GT(router.due_in(), Seconds{3});
    router.put(PriorityChanged{Priority{100}, "weight"});
    EXPECT_EQ(router.due_in(), kFullTimer);
}

// The adverts that were discarded as worse than ours: it is not silent.
TEST(Backup, WaitsInFullForTheActiveRouterThatItFallsBelow) {
    Router router = Router::backup(v3_config(100));
    for (int n = 0; n < 3; ++n) {
        router.after(Milliseconds{100}).hear(90);
    }
    router.after(Milliseconds{50});
    EXPECT_LT(router.due_in(), Milliseconds{20});

    EXPECT_EQ(router.put(PriorityChanged{Priority{80}, "weight"}), Lines{});
    EXPECT_EQ(router.due_in(), active_down_interval(Version::v3, Priority{80},
                                                    Milliseconds{100}) -
                                   Milliseconds{50});
}

TEST(Backup, LearnsTheIntervalOfTheActiveRouterThatItFallsBelow) {
    Router router = Router::backup(v3_config(100));
    router.hear_interval(Seconds{2}, 90);
    router.put(PriorityChanged{Priority{90}, "weight"});

    EXPECT_EQ(router.due_in(),
              active_down_interval(Version::v3, Priority{90}, Seconds{2}));
}

TEST(Backup, DoesNotFallBelowARouterThatLeft) {
    Router router = Router::backup(v3_config(100));
    router.hear(90);
    router.hear(0);
    const auto skew = skew_time(Version::v3, Priority{80}, Milliseconds{100});
    router.put(PriorityChanged{Priority{80}, "weight"});

    EXPECT_EQ(router.due_in(), skew);
}

// preempt_delay

TEST(Backup, StartsPreemptDelayAgainAfterItFellBelowTheActiveRouter) {
    Router router = Router::backup(delayed_config(Seconds{30}));
    router.hear(90);
    router.after(Seconds{29}).hear(90);
    router.put(PriorityChanged{Priority{80}, "weight"});
    router.put(PriorityChanged{Priority{100}, "weight"});
    router.after(Seconds{1}).hear(90);
    router.after(Seconds{2});

    EXPECT_EQ(router.hear(90), Lines{});
    EXPECT_EQ(router.due_in(), kFullTimer);
}

TEST(Backup, DelaysPreemptionFromTheFirstLowerAdvertOn) {
    Router router = Router::backup(delayed_config(Seconds{30}));
    router.after(Seconds{1}).hear(90);

    for (int second = 0; second < 27; ++second) {
        router.after(Seconds{1}).hear(90);
        ASSERT_EQ(router.due_in(), kFullTimer) << second;
    }
    for (int second = 27; second < 30; ++second) {
        router.after(Seconds{1}).hear(90);
    }

    EXPECT_EQ(router.due_in(), kSkew) << "and no silence is waited for";
    EXPECT_EQ(router.wait().back(),
              "transition backup -> active: preempting lower priority 90 from "
              "192.168.64.134");
}

// 0.5 s adverts and 3 s of delay.
TEST(Backup, TakesOverAfterTheDelayAndTheSkewWithFastAdvertsToo) {
    Config config = v3_config(100, Milliseconds{500});
    config.preempt_delay = Seconds{3};
    Router router = Router::backup(config);
    router.hear(90);
    const Instant first = router.now();

    while (router.state() == StateName::backup) {
        router.after(Milliseconds{500}).hear(90);
        if (*router.due_in() < Milliseconds{500}) {
            router.wait();
        }
    }

    EXPECT_EQ(
        router.now() - first,
        Seconds{3} + skew_time(Version::v3, Priority{100}, Milliseconds{500}));
}

// The last advert of the router that is active was one of a lower priority.
TEST(Backup, SilenceDuringTheDelayIsSilence) {
    Router router = Router::backup(delayed_config(Seconds{30}));
    router.hear(90);
    router.after(Seconds{1}).hear(90);

    EXPECT_EQ(router.due_in(), kFullTimer);
    EXPECT_EQ(router.wait().back(),
              "transition backup -> active: no advertisement for 3609 ms, the "
              "last with priority 90 from 192.168.64.134");
}

TEST(Backup, DelayDoesNotHoldBackATakeoverFromSilence) {
    Router router = Router::backup(delayed_config(Seconds{300}));

    EXPECT_EQ(router.due_in(), kFullTimer);
    router.hear(90);
    EXPECT_EQ(router.due_in(), kFullTimer);
    router.wait();

    EXPECT_EQ(router.state(), StateName::active);
}

TEST(Backup, HigherOrEqualPriorityMakesTheDelayVoid) {
    for (const unsigned priority : {100u, 150u}) {
        Router router = Router::backup(delayed_config(Seconds{3}));
        router.hear(90);
        router.after(Seconds{2}).hear(priority);
        router.after(Seconds{2}).hear(90);

        EXPECT_EQ(router.due_in(), kFullTimer) << priority;
    }
}

// Priority 0

// RFC 9568, 6.4.2 (priority 0)
TEST(Backup, WaitsForTheSkewOnlyAfterPriorityZero) {
    Router router = Router::backup(classic_config(100));
    router.after(Seconds{1}).hear(150);

    EXPECT_EQ(router.hear(0), Lines{});
    EXPECT_EQ(router.due_in(), kSkew);
    EXPECT_EQ(router.wait().back(),
              "transition backup -> active: priority 0 from "
              "192.168.64.134");
}

// RFC 9568, 6.4.2 (priority 0)
TEST(Backup, WaitsForTheSkewOnlyWithoutPreemptionToo) {
    Router router = Router::backup(nopreempt_config());

    router.hear(0);

    EXPECT_EQ(router.due_in(), kSkew);
}

TEST(Backup, RepeatedPriorityZeroDoesNotPostponeTheTakeover) {
    Router router = Router::backup(classic_config(100));
    router.hear(0);
    router.after(Milliseconds{500}).hear(0);

    EXPECT_EQ(router.due_in(), kSkew - Milliseconds{500});
}

TEST(Backup, FollowsASuccessorThatIsFaster) {
    Router router = Router::backup(classic_config(100));
    router.hear(0);
    router.after(Milliseconds{100}).hear(150, "192.168.64.135");

    EXPECT_EQ(router.due_in(), kFullTimer);
}

// Their packets take different paths. Otherwise this router would be active
// after the skew time, before the next advertisement of the successor.
TEST(Backup, FollowsASuccessorThatIsFasterThanThePriorityZero) {
    Router router = Router::backup(classic_config(100));
    router.hear(150);
    router.after(Seconds{1}).hear(150, "192.168.64.135");
    router.after(Milliseconds{1}).hear(0);

    EXPECT_EQ(router.due_in(), kFullTimer - Milliseconds{1});
}

TEST(Backup, ForgetsTheActiveRouterThatLeft) {
    Router router = Router::backup(classic_config(100));
    router.hear(150);
    router.hear(0, "192.168.64.135");
    EXPECT_TRUE(router.instance().active_router());

    router.hear(0);

    EXPECT_FALSE(router.instance().active_router());
}

// The skew keeps backups from racing each other, and there is no other.
TEST(Backup, SoleBackupTakesOverAtOnceAfterPriorityZero) {
    Router router = Router::backup(with_peers({ip("192.168.64.134")}));

    EXPECT_EQ(router.hear(0),
              (Lines{"send-advert priority 100", "add-addresses",
                     "announce-addresses 5",
                     "transition backup -> active: priority 0 from "
                     "192.168.64.134"}));
}

TEST(Backup, SoleBackupTakesOverAtOnceWithoutPreemptionToo) {
    Config config = with_peers({ip("192.168.64.134")});
    config.preempt = false;
    Router router = Router::backup(config);
    router.hear(150);

    router.hear(0);

    EXPECT_EQ(router.state(), StateName::active);
}

TEST(Backup, TakesOverAtOnceIfTheActiveRouterHasNamedIt) {
    Router router = Router::backup(classic_config(100));
    router.hear(150);
    router.set_successor_of(ip("192.168.64.134"));

    EXPECT_EQ(router.hear(0),
              (Lines{"send-advert priority 100", "add-addresses",
                     "announce-addresses 5",
                     "transition backup -> active: priority 0 from "
                     "192.168.64.134, which has named this node"}));
}

TEST(Backup, TakesOverAtOnceWhenTheActiveRouterSaysThatItLeaves) {
    for (const bool preempt : {true, false}) {
        Config config = classic_config(100);
        config.preempt = preempt;
        Router router = Router::backup(config);
        router.hear(150);

        EXPECT_EQ(router.put(MasterLeaves{ip("192.168.64.134")}),
                  (Lines{"send-advert priority 100", "add-addresses",
                         "announce-addresses 5",
                         "transition backup -> active: 192.168.64.134 leaves, "
                         "and has named this node"}));
    }
}

// It was sent before the message, and arrives after it.
TEST(Backup, AnAdvertThatTheMessageHasOvertakenIsDiscarded) {
    Router router = Router::backup(v3_config());
    router.hear(200, "192.168.64.134");
    router.put(MasterLeaves{ip("192.168.64.134")});
    ASSERT_EQ(router.state(), StateName::active);
    EXPECT_EQ(router.hear(200, "192.168.64.134"), Lines{});
    Router other = router;
    other.hear(200, "192.168.64.135");
    EXPECT_EQ(other.state(), StateName::backup) << "of another router";
    Router again = router;
    again.hear(0, "192.168.64.134");
    again.hear(200, "192.168.64.134");
    EXPECT_EQ(again.state(), StateName::backup) << "after priority 0";
    router.after(Milliseconds{20});
    router.hear(200, "192.168.64.134");
    EXPECT_EQ(router.state(), StateName::backup);
}

// The two ways have no order.
TEST(Backup, TakesOverIfPriorityZeroCameBeforeTheMessage) {
    Router router = Router::backup(classic_config(100));
    router.hear(150);
    router.hear(0);
    ASSERT_EQ(router.state(), StateName::backup);

    router.put(MasterLeaves{ip("192.168.64.134")});

    EXPECT_EQ(router.state(), StateName::active);
}

TEST(Backup, TakesOverFromTheRouterThatItFollowsOnly) {
    Router router = Router::backup(classic_config(100));
    EXPECT_EQ(router.put(MasterLeaves{ip("192.168.64.134")}), Lines{});
    router.hear(150);
    const auto due = router.due_in();

    EXPECT_EQ(router.put(MasterLeaves{ip("192.168.64.135")}), Lines{});
    EXPECT_EQ(router.state(), StateName::backup);
    EXPECT_EQ(router.due_in(), due);
    EXPECT_EQ(router.instance().followed(), ip("192.168.64.134"));
}

TEST(Backup, OnlyABackupTakesOver) {
    Router fault = Router::backup(classic_config(100));
    fault.hear(150);
    fault.put(FaultChanged{"broken"});
    EXPECT_EQ(fault.put(MasterLeaves{ip("192.168.64.134")}), Lines{});

    Config config = classic_config(100);
    config.not_before = instant_from_ns(1'000'000'000'000) + Seconds{9};
    Router delayed = Router::backup(config);
    delayed.hear(150);
    EXPECT_EQ(delayed.put(MasterLeaves{ip("192.168.64.134")}), Lines{});
    EXPECT_EQ(delayed.due_in(), Seconds{9}) << "then at once";
}

TEST(Backup, ARouterThatGoesOnIsFollowedAgain) {
    Config config = classic_config(100);
    config.sync.group = "G";
    Router router = Router::backup(config);
    router.hear(150);
    router.put(MasterLeaves{ip("192.168.64.134")});
    EXPECT_EQ(router.state(), StateName::backup) << "the group decides";
    EXPECT_EQ(router.instance().takeover_at(), router.now());

    router.hear(150);
    EXPECT_EQ(router.instance().takeover_at(),
              router.now() + Seconds{3} + kSkew);
    router.hear(0);
    EXPECT_EQ(router.instance().takeover_at(), router.now() + kSkew)
        << "it has not named this node again";
}

TEST(Backup, WaitsForTheSkewIfAnotherRouterHasNamedIt) {
    Router router = Router::backup(classic_config(100));
    router.hear(150);
    router.set_successor_of(ip("192.168.64.135"));

    router.hear(0);

    EXPECT_EQ(router.state(), StateName::backup);
    EXPECT_EQ(router.due_in(), kSkew);
}

// The packet with priority 0 is not needed for each member at once.
TEST(Backup, AMemberOfAGroupHasNoSkewIfItIsNamed) {
    Config config = classic_config(100);
    config.sync.group = "G";
    Router router = Router::backup(config);
    router.hear(150);
    router.set_successor_of(ip("192.168.64.134"));

    router.hear(0);

    EXPECT_EQ(router.state(), StateName::backup);
    EXPECT_EQ(router.instance().takeover_at(), router.now());
}

TEST(Backup, WaitsForTheSkewWhenThereAreOtherPeers) {
    Router router = Router::backup(
        with_peers({ip("192.168.64.134"), ip("192.168.64.135")}));

    router.hear(0);

    EXPECT_EQ(router.state(), StateName::backup);
    EXPECT_EQ(router.due_in(), kSkew);
}

// Death

constexpr const char *kDied = "lb1 (192.168.64.134) has ended";

Lines die(Router &router, std::string_view address = "192.168.64.134") {
    return router.put(ActiveDied{ip(address), kDied});
}

TEST(Backup, TakesOverAtOnceFromADeadRouterThatHasNamedIt) {
    Router router = Router::backup(classic_config(100));
    router.hear(150);
    router.set_successor_of(ip("192.168.64.134"));
    router.after(Milliseconds{500});

    EXPECT_EQ(die(router),
              (Lines{"send-advert priority 100", "add-addresses",
                     "announce-addresses 5",
                     "transition backup -> active: lb1 (192.168.64.134) has "
                     "ended"}));
    EXPECT_FALSE(router.instance().active_router());
}

TEST(Backup, TakesOverAtOnceFromItsDeadSolePeer) {
    Router router = Router::backup(with_peers({ip("192.168.64.134")}));
    router.hear(150);
    die(router);
    EXPECT_EQ(router.state(), StateName::active);
}

TEST(Backup, WaitsForTheSkewAfterTheDeathOfARouterThatHasNotNamedIt) {
    Router router = Router::backup(classic_config(100));
    router.hear(150);
    router.after(Milliseconds{500});

    EXPECT_EQ(die(router), Lines{});
    EXPECT_EQ(router.due_in(), kSkew);
    router.after(Milliseconds{300});
    EXPECT_EQ(die(router), Lines{});
    EXPECT_EQ(router.due_in(), kSkew - Milliseconds{300});
    EXPECT_EQ(router.wait().back(),
              "transition backup -> active: lb1 (192.168.64.134) has ended");
}

TEST(Backup, FollowsTheSuccessorOfADeadRouter) {
    Router router = Router::backup(classic_config(100));
    router.hear(150);
    die(router);
    EXPECT_EQ(router.hear(120, "192.168.64.135"), Lines{});
    EXPECT_EQ(router.due_in(), kFullTimer);
}

TEST(Backup, TheDeathOfARouterThatIsNotActiveHasNoEffect) {
    Router router = Router::backup(classic_config(100));
    router.hear(150);
    const auto due = router.due_in();
    EXPECT_EQ(die(router, "192.168.64.135"), Lines{});
    EXPECT_EQ(router.due_in(), due);
    ASSERT_TRUE(router.instance().active_router());
}

TEST(Backup, AMemberOfAGroupWaitsForTheOthersAfterADeath) {
    Config config = classic_config(100);
    config.sync.group = "G";
    Router router = Router::backup(config);
    router.hear(150);
    router.set_successor_of(ip("192.168.64.134"));
    EXPECT_EQ(die(router), Lines{});
    EXPECT_EQ(router.instance().takeover_at(), router.now());
    EXPECT_EQ(router.put(TakeOver{}).back(),
              "transition backup -> active: lb1 (192.168.64.134) has ended");
}

// A firewall has answered, or another host has its address.
TEST(Backup, ADeadRouterThatAdvertisesIsFollowed) {
    Router router = Router::backup(classic_config(100));
    router.hear(150);
    die(router);
    EXPECT_EQ(router.hear(150), Lines{"false-death 192.168.64.134"});
    EXPECT_EQ(router.due_in(), kFullTimer);
    EXPECT_EQ(router.hear(150), Lines{});
}

TEST(Backup, ADeadRouterThatAdvertisesALowerPriorityIsPreemptedAsUsual) {
    Router router = Router::backup(classic_config(100));
    router.hear(90);
    die(router);
    EXPECT_EQ(router.hear(90), Lines{"false-death 192.168.64.134"});
    EXPECT_EQ(router.due_in(), kFullTimer);
}

TEST(Backup, ARouterThatStartsAgainAfterItsDeathHasDied) {
    Router router = Router::backup(classic_config(100));
    router.hear(150);
    die(router);
    router.hear(120, "192.168.64.135");
    EXPECT_EQ(router.hear(0), Lines{});
    router.after(Seconds{3});
    EXPECT_EQ(router.hear(150), Lines{});
}

TEST(Backup, AnAddressOwnerThatStartsAgainAtOnceHasDied) {
    Router router = Router::backup(classic_config(100));
    router.hear(255);
    die(router);
    EXPECT_EQ(router.hear(255), Lines{});
    EXPECT_EQ(router.due_in(), kFullTimer);
}

TEST(Active, YieldsToABetterRouterThatHasNotDied) {
    Router router = Router::backup(classic_config(100));
    router.hear(150);
    router.set_successor_of(ip("192.168.64.134"));
    die(router);
    EXPECT_EQ(router.hear(150),
              (Lines{"false-death 192.168.64.134", "remove-addresses",
                     "send-advert priority 100",
                     "transition active -> backup: advertisement with higher "
                     "priority 150 from 192.168.64.134"}));
}

// The lease is 2 s, and the kernel may remove the addresses 300 ms later.
TEST(Active, AnnouncesRepeatedlyWhileTheKernelOfADeadRouterAnswers) {
    Config config = classic_config(100);
    config.announce.delay = Duration{};
    Router router = Router::backup(config);
    router.hear(150);
    router.set_successor_of(ip("192.168.64.134"));
    die(router);

    const Lines lines = router.wait_for(Seconds{5});
    EXPECT_EQ(std::ranges::count(lines, "announce-addresses 1"), 12);
    EXPECT_EQ(lines[0], "announce-addresses 1");
    EXPECT_EQ(lines.back().find("announce"), std::string::npos);
}

// Shutdown

TEST(Backup, LeavesQuietly) {
    Router router = Router::backup(classic_config());

    EXPECT_EQ(router.put(Shutdown{"nginx quits", true, Seconds{1}}),
              Lines{"transition backup -> initialize: nginx quits"});
    EXPECT_EQ(router.due_in(), std::nullopt);
}

// The same list is on all nodes: it contains this node, too.
TEST(Backup, ItsOwnAddressInTheListOfPeersDoesNotCount) {
    Router router = Router::backup(
        with_peers({ip("192.168.64.130"), ip("192.168.64.134")}));
    router.put(SourceChanged{ip("192.168.64.130")});
    router.hear(110);
    router.hear(0);
    EXPECT_EQ(router.state(), StateName::active);
}

// down_timer_adverts

Config with_adverts(unsigned adverts) {
    Config config = classic_config(100);
    config.down_adverts = adverts;
    return config;
}

TEST(Backup, WaitsForTheConfiguredNumberOfAdverts) {
    EXPECT_EQ(Router::backup(with_adverts(1)).due_in(),
              Duration{1'609'375'000});
    EXPECT_EQ(Router::backup(with_adverts(10)).due_in(),
              Duration{10'609'375'000});
}

TEST(Active, MayWakeAsLateAsPeersWait) {
    for (const auto &[adverts, state] :
         {std::pair{3U, StateName::backup}, {7U, StateName::active}}) {
        Router router = Router::active(with_adverts(adverts));
        router.after(Milliseconds{6500}).put(TimeReached{});
        EXPECT_EQ(router.state(), state) << adverts;
    }
}

}  // namespace
}  // namespace ngx_vrrp::vrrp
