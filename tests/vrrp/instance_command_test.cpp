// Commands of an operator, and windows; release*.case, failback.case and
// preempt_window*.case have more conversations.
#include <gtest/gtest.h>

#include "core/vrrp/instance.hpp"
#include "tests/support/routers.hpp"

namespace ngx_vrrp::vrrp {
namespace {

using test::classic_config;
using test::ip;
using test::Lines;
using test::Router;

const Release kRelease{"released", Milliseconds{1200}};
const Resume kResume{"resumed"};
const Preempt kPreempt{"failback"};

Config without_preemption() {
    Config config = classic_config();
    config.preempt = false;
    return config;
}

Config with_window() {
    Config config = classic_config();
    config.preempt_windows = {{Minutes{120}, Minutes{240}}};
    return config;
}

std::string refusal(const Router &router) {
    return router.instance().preempt_refusal(router.now());
}

// Release

TEST(Release, OfABackupSaysNothing) {
    Router router = Router::backup(classic_config());

    EXPECT_EQ(router.put(kRelease),
              Lines{"transition backup -> fault: released"});
    EXPECT_EQ(router.due_in(), std::nullopt);
}

TEST(Release, WithoutGraceDropsAtOnce) {
    Router router = Router::active(classic_config());

    EXPECT_EQ(router.put(Release{"released", {}}),
              (Lines{"send-advert priority 0", "remove-addresses",
                     "transition active -> fault: released"}));
}

TEST(Release, TwiceWhileLeavingIsOnce) {
    Router router = Router::active(classic_config());
    router.put(kRelease);

    EXPECT_EQ(router.after(Milliseconds{100}).put(kRelease), Lines{});
    EXPECT_TRUE(router.instance().is_leaving());
}

TEST(Release, APeerThatSendsPriorityZeroIsNoSuccessor) {
    Router router = Router::active(classic_config());
    router.put(kRelease);
    router.hear(0);
    router.put(kResume);

    EXPECT_FALSE(router.instance().is_leaving()) << "nobody is left in peace";
    EXPECT_EQ(router.state(), StateName::active);
}

TEST(Release, BeforeStartupHoldsFromTheStart) {
    Router router{classic_config()};
    router.put(kRelease);

    EXPECT_EQ(router.put(Startup{}),
              Lines{"transition initialize -> fault: released"});
}

TEST(Release, IsNoMoreForAnotherProcessThanAFault) {
    Router router = Router::active(classic_config());
    router.put(kRelease);

    EXPECT_EQ(router.instance().checkpoint(), std::nullopt);
}

// Release, and stand by

const Release kStandBy{"released", Milliseconds{1200}, true};

TEST(StandBy, LeavesAsAReleaseAndBecomesABackup) {
    Router router = Router::active(classic_config());

    EXPECT_EQ(router.put(kStandBy), Lines{"send-advert priority 0"});
    router.hear(90);
    EXPECT_EQ(router.wait(),
              (Lines{"remove-addresses",
                     "transition active -> backup: released, 192.168.64.134 "
                     "took over with priority 90"}));
}

TEST(StandBy, StaysActiveWithoutASuccessor) {
    Router router = Router::active(classic_config());
    router.put(kStandBy);

    EXPECT_EQ(router.after(Milliseconds{1200}).put(TimeReached{}),
              (Lines{"send-advert priority 100", "renew-addresses"}));
    EXPECT_FALSE(router.instance().is_leaving());
    EXPECT_EQ(router.state(), StateName::active);
}

TEST(StandBy, DropsTheAddressesInAFaultAndAtTheEnd) {
    for (const Input &end : {Input{FaultChanged{"link down"}},
                             Input{Shutdown{"end", false, {}}}}) {
        Router router = Router::active(classic_config());
        router.put(kStandBy);
        router.put(end);
        EXPECT_NE(router.state(), StateName::active);
    }
    Router router = Router::active(classic_config());
    router.put(kStandBy);
    router.put(Shutdown{"end", true, Milliseconds{1200}});
    router.after(Milliseconds{1200}).put(TimeReached{});
    EXPECT_EQ(router.state(), StateName::initialize);
}

TEST(StandBy, ABackupStaysOneAndAFaultIsNotEnded) {
    Router router = Router::backup(classic_config());
    EXPECT_EQ(router.put(kStandBy), Lines{});

    router.put(FaultChanged{"link down"});
    EXPECT_EQ(router.put(kStandBy), Lines{});
    EXPECT_EQ(router.state(), StateName::fault);
}

// Resume

TEST(Resume, OfARouterThatTakesPartIsNothing) {
    Router backup = Router::backup(classic_config());
    Router active = Router::active(classic_config());

    EXPECT_EQ(backup.put(kResume), Lines{});
    EXPECT_EQ(active.put(kResume), Lines{});
}

TEST(Resume, ReportsUnicastPeersWhereWeAre) {
    Config config = classic_config();
    config.unicast_peers = {ip("192.168.64.134")};
    Router router = Router::backup(config);
    router.put(kRelease);

    EXPECT_EQ(
        router.put(kResume),
        (Lines{"announce-source", "transition fault -> backup: resumed"}));
}

TEST(Resume, DoesNotEndAShutdown) {
    Router router = Router::active(classic_config());
    router.put(Shutdown{"quit", true, Milliseconds{1200}});

    EXPECT_EQ(router.put(kResume), Lines{});
    EXPECT_TRUE(router.instance().is_leaving());
}

// A preemption that the active router learns of before

TEST(PreemptsWithin, ALowerRouterThatIsHeard) {
    Router router = Router::backup(classic_config());
    const auto within = [&](Duration time) {
        return router.instance().preempts_within(time, router.now());
    };
    EXPECT_FALSE(within(Seconds{10})) << "no router is heard";
    router.after(Milliseconds{100}).hear(90);
    EXPECT_TRUE(within(Seconds{10}));
    EXPECT_FALSE(within(Seconds{1}));
    router.after(Milliseconds{3000});
    EXPECT_FALSE(within(Seconds{1})) << "it is not heard any more";
    router.hear(90);
    EXPECT_TRUE(within(Seconds{1}));
    router.hear(110);
    EXPECT_FALSE(within(Seconds{10})) << "it is followed";
}

// Until its end, the lower router is followed.
TEST(PreemptsWithin, TheEndOfThePreemptDelay) {
    Config config = classic_config();
    config.preempt_delay = Seconds{5};
    Router router = Router::backup(config);
    const auto within_a_second = [&] {
        return router.instance().preempts_within(Seconds{1}, router.now());
    };
    router.hear(90);
    for (int i = 0; i < 4; ++i) {
        router.after(Seconds{1}).hear(90);
    }
    EXPECT_FALSE(within_a_second());
    router.after(Milliseconds{700}).hear(90);
    EXPECT_TRUE(within_a_second());
}

TEST(PreemptsWithin, NothingWithoutPreemption) {
    Router router = Router::backup(without_preemption());
    router.hear(90);
    EXPECT_FALSE(router.instance().preempts_within(Seconds{10}, router.now()));
}

// Preempt

TEST(Preempt, OfTheActiveRouterIsNothing) {
    Router router = Router::active(classic_config());

    EXPECT_EQ(refusal(router), "");
    EXPECT_EQ(router.put(kPreempt), Lines{});
}

TEST(Preempt, IsRefusedByAHigherPriority) {
    Router router = Router::backup(without_preemption());
    router.hear(110);

    EXPECT_EQ(refusal(router), "priority 100 is below the MASTER's 110");
}

TEST(Preempt, OfEqualPrioritiesGoesByTheAddress) {
    Router router = Router::backup(classic_config());
    router.hear(100, "192.168.64.134");
    EXPECT_EQ(refusal(router),
              "priority 100 equals the MASTER's, and the MASTER's address "
              "192.168.64.134 is higher");

    router.hear(100, "192.168.64.129");
    EXPECT_EQ(refusal(router), "");
    EXPECT_EQ(router.put(kPreempt).back(),
              "transition backup -> active: failback, preempting priority 100 "
              "from 192.168.64.129");
}

TEST(Preempt, NeedsAMaster) {
    Router router = Router::backup(classic_config());

    EXPECT_EQ(refusal(router),
              "no MASTER is heard, it becomes MASTER automatically if there "
              "is none");
}

TEST(Preempt, WaitsForStartupDelay) {
    Config config = without_preemption();
    config.not_before = Router{config}.now() + Seconds{30};
    Router router = Router::backup(config);
    router.hear(90);

    EXPECT_EQ(refusal(router), "startup_delay delays it for 30000 ms");
    EXPECT_EQ(router.put(kPreempt), Lines{});
}

TEST(Preempt, IsRefusedOutsideOfTheElection) {
    Router router{classic_config()};
    EXPECT_EQ(refusal(router), "does not take part in the election yet");

    router.put(Startup{});
    router.put(FaultChanged{"broken"});
    EXPECT_EQ(refusal(router), "is in FAULT: broken");
    EXPECT_EQ(router.put(kPreempt), Lines{});

    Router leaving = Router::active(classic_config());
    leaving.put(kRelease);
    EXPECT_EQ(refusal(leaving), "is releasing the address: released");
}

TEST(Preempt, DoesNotWaitForAWindowOrADelay) {
    Config config = with_window();
    config.preempt_delay = Seconds{60};
    Router router = Router::backup(config);
    router.hear(90);

    router.put(kPreempt);

    EXPECT_EQ(router.state(), StateName::active);
}

// Windows

constexpr std::string_view kPeer = "192.168.64.134";
constexpr std::string_view kThird = "192.168.64.135";

// Hears one of them once a second for this time.
Router &listen(Router &router, unsigned priority, int seconds,
               std::string_view from = kPeer) {
    for (int i = 0; i < seconds; ++i) {
        router.hear(priority, from);
        router.wait_for(Seconds{1});
    }
    return router;
}

TEST(Window, IsClosedUntilItIsSaidToBeOpen) {
    Router router = Router::backup(with_window());

    EXPECT_EQ(listen(router, 90, 10).state(), StateName::backup);
}

TEST(Window, KnownBeforeStartupIsKnownAfterIt) {
    Router router{with_window()};
    router.put(WindowChanged{"02:00-04:00"});
    router.put(Startup{});

    EXPECT_EQ(listen(router, 90, 5).state(), StateName::active);
}

TEST(Window, DelayBeginsWhenItOpens) {
    Config config = with_window();
    config.preempt_delay = Seconds{10};
    Router router = Router::backup(config);
    listen(router, 90, 20);

    router.put(WindowChanged{"02:00-04:00"});

    EXPECT_EQ(listen(router, 90, 10).state(), StateName::backup);
    EXPECT_EQ(listen(router, 90, 4).state(), StateName::active);
}

TEST(Window, ThatOpensDoesNotMoveTheAddressesFromABetterRouter) {
    Router router = Router::backup(with_window());
    listen(router, 110, 2);

    router.put(WindowChanged{"02:00-04:00"});

    EXPECT_EQ(listen(router, 110, 10).state(), StateName::backup);
}

TEST(Window, ThatClosesDoesNotEndAFailover) {
    Router router = Router::backup(with_window());
    router.put(WindowChanged{"02:00-04:00"});
    router.hear(110);
    router.hear(90);

    router.put(WindowChanged{});

    EXPECT_EQ(listen(router, 90, 1).state(), StateName::active);
}

TEST(Window, SickRouterThatRecoversIsFollowedAgain) {
    Router router = Router::backup(with_window());
    router.hear(110);
    router.hear(90);
    router.after(Milliseconds{500}).hear(110);

    EXPECT_EQ(listen(router, 110, 5).state(), StateName::backup);
}

// Its successor is healthy: only the router whose priority fell has a problem.
TEST(Window, SicknessIsOfOneRouter) {
    Config config = with_window();
    config.preempt_delay = Seconds{3};
    Router router = Router::backup(config);
    router.hear(110);
    router.hear(90);

    EXPECT_EQ(listen(router, 95, 10, kThird).state(), StateName::backup);
}

TEST(Window, PriorityZeroMarksNoOtherRouter) {
    Config config = with_window();
    config.not_before = Router{config}.now() + Seconds{10};
    Router router = Router::backup(config);
    router.hear(110);
    router.hear(0);

    EXPECT_EQ(listen(router, 95, 20, kThird).state(), StateName::backup);
}

TEST(Window, DelayOfOneRouterIsNotThatOfTheNext) {
    Config config = with_window();
    config.preempt_delay = Seconds{10};
    Router router = Router::backup(config);
    router.hear(110);
    router.hear(90);
    listen(router, 95, 60, kThird);

    router.put(WindowChanged{"02:00-04:00"});

    EXPECT_EQ(listen(router, 95, 9, kThird).state(), StateName::backup);
}

// A router that was heard before the fault may no longer be active.
TEST(Window, ThatOpensDoesNotTakeOverFromWhoIsNotHeard) {
    Router router = Router::backup(with_window());
    router.hear(90);
    router.put(FaultChanged{"eth0 is down"});
    router.after(Seconds{60}).put(FaultChanged{});

    router.put(WindowChanged{"02:00-04:00"});

    EXPECT_EQ(router.due_in(), Duration{3'609'375'000});
}

TEST(Window, DoesNotMatterToWhoIsActive) {
    Router router = Router::active(with_window());

    router.hear(90);
    router.put(WindowChanged{});

    EXPECT_EQ(router.state(), StateName::active);
}

// nginx has crashed too often.
TEST(HeldPreemption, LeavesTheAddressesToAHealthyRouter) {
    Router router{classic_config()};
    router.put(PreemptionHeld{true});
    router.put(Startup{});
    EXPECT_EQ(listen(router, 90, 10).state(), StateName::backup);

    router.put(PreemptionHeld{false});

    EXPECT_EQ(listen(router, 90, 1).state(), StateName::active);
}

TEST(HeldPreemption, DoesNotDelayAFailover) {
    Router router{classic_config()};
    router.put(PreemptionHeld{true});
    router.put(Startup{});
    router.hear(110);
    router.hear(90);

    EXPECT_EQ(listen(router, 90, 1).state(), StateName::active);
}

TEST(HeldPreemption, OutlastsAnOpenWindow) {
    Router router = Router::backup(with_window());
    router.put(PreemptionHeld{true});
    listen(router, 90, 2);

    router.put(WindowChanged{"02:00-04:00"});
    EXPECT_EQ(listen(router, 90, 5).state(), StateName::backup);

    router.put(PreemptionHeld{false});
    EXPECT_EQ(listen(router, 90, 1).state(), StateName::active);
}

// It has asked this node to forward.
TEST(ActiveLeavesBy, ItIsNotPreemptedBefore) {
    Router router{classic_config()};
    router.put(Startup{});
    router.hear(90);
    router.put(ActiveLeavesBy{router.now() + Seconds{10}});
    EXPECT_EQ(listen(router, 90, 9).state(), StateName::backup);
    EXPECT_EQ(listen(router, 90, 2).state(), StateName::active);
}

TEST(ActiveLeavesBy, NorWhenItHasFallen) {
    Router router{classic_config()};
    router.put(Startup{});
    router.hear(110);
    router.hear(90);
    router.put(ActiveLeavesBy{router.now() + Seconds{3}});
    EXPECT_EQ(listen(router, 90, 2).state(), StateName::backup);
    EXPECT_EQ(listen(router, 90, 2).state(), StateName::active);
}

TEST(ActiveLeavesBy, ItLeavesAtAnyTime) {
    Router router = Router::backup(classic_config());
    router.put(ActiveLeavesBy{router.now() + Seconds{10}});
    router.hear(0);
    router.wait_for(Seconds{1});
    EXPECT_EQ(router.state(), StateName::active);
}

TEST(Window, FailoverContinuesInAnotherProcess) {
    Config config = with_window();
    config.preempt_delay = Seconds{3};
    Router router = Router::backup(config);
    router.hear(110);
    router.hear(90);
    const auto checkpoint = router.instance().checkpoint();
    ASSERT_TRUE(checkpoint);
    EXPECT_TRUE(checkpoint->backup.fallen);

    Instance successor{config};
    successor.resume(*checkpoint, router.now());

    EXPECT_EQ(successor.checkpoint(), checkpoint);
}

}  // namespace
}  // namespace ngx_vrrp::vrrp
