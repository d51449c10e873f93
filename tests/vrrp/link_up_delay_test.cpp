// link_up_delay: a switch port forwards nothing for seconds after its link came
// up (spanning tree), and a node that receives nothing must not take this for
// silence.
#include <gtest/gtest.h>

#include "core/vrrp/instance.hpp"
#include "tests/support/routers.hpp"

namespace ngx_vrrp::vrrp {
namespace {

using test::classic_config;
using test::ip;
using test::Lines;
using test::Router;

constexpr Duration kDownTimer{3'609'375'000};  // priority 100, 1 s

const FaultChanged kLinkDown{"interface eth0 is down"};

Config link_up_config(Duration d = Seconds{6}) {
    Config config = classic_config();
    config.preempt = false;
    config.link_up_delay = d;
    return config;
}

// Its link was down, and is up now.
Lines flap(Router &router) {
    router.put(kLinkDown);
    router.after(Seconds{2}).put(LinkUp{});
    return router.put(FaultChanged{});
}

TEST(LinkUpDelay, SilenceProvesNothingBeforeItIsOver) {
    Router router = Router::active(link_up_config());
    EXPECT_EQ(flap(router),
              Lines{"transition fault -> backup: fault cleared: interface "
                    "eth0 is down, delayed by link_up_delay for 6000 ms"});
    EXPECT_EQ(router.due_in(), Seconds{6});

    EXPECT_EQ(router.after(Seconds{5}).put(TimeReached{}), Lines{});
    EXPECT_EQ(router.wait().back(),
              "transition backup -> active: no advertisement for 6000 ms");
}

// The port forwards after 5 s: the other node has been MASTER all the time.
TEST(LinkUpDelay, FollowsTheMasterThatIsHeardAtLast) {
    Router router = Router::active(link_up_config());
    flap(router);
    router.after(Seconds{5}).hear(90);

    EXPECT_EQ(router.state(), StateName::backup);
    EXPECT_EQ(router.due_in(), kDownTimer);
}

TEST(LinkUpDelay, HoldsBackAfterPriorityZeroToo) {
    Config config = link_up_config();
    config.unicast_peers = {ip("192.168.64.134")};
    Router router = Router::active(config);
    flap(router);
    router.after(Seconds{1}).hear(0);

    EXPECT_EQ(router.state(), StateName::backup);
    EXPECT_EQ(router.due_in(), Seconds{5});
}

TEST(LinkUpDelay, OfZeroDoesNotHoldBack) {
    Router router = Router::active(link_up_config(Duration{0}));
    EXPECT_EQ(flap(router),
              Lines{"transition fault -> backup: fault cleared: interface eth0 "
                    "is down"});
    EXPECT_EQ(router.due_in(), kDownTimer);
}

TEST(LinkUpDelay, IsForTheLinkAndNotForOtherFaults) {
    Router router = Router::active(link_up_config());
    router.put(FaultChanged{"0 of 1 nginx workers alive"});
    router.after(Seconds{2}).put(FaultChanged{});
    EXPECT_EQ(router.due_in(), kDownTimer);
}

TEST(LinkUpDelay, OutlastsAFaultThatIsClearedLater) {
    Router router = Router::active(link_up_config());
    router.put(FaultChanged{"0 of 1 nginx workers alive"});
    router.put(LinkUp{});
    router.after(Seconds{1}).put(FaultChanged{});
    EXPECT_EQ(router.due_in(), Seconds{5});
}

TEST(LinkUpDelay, BeginsAgainWithEachFlap) {
    Router router = Router::active(link_up_config());
    flap(router);
    router.after(Seconds{4});
    flap(router);
    EXPECT_EQ(router.due_in(), Seconds{6});
}

TEST(LinkUpDelay, HoldsTheAddressOwnerBack) {
    Config config = link_up_config();
    config.priority = kPriorityOwner;
    Router router{config};
    router.put(Startup{});
    ASSERT_EQ(router.state(), StateName::active);
    flap(router);
    EXPECT_EQ(router.due_in(), Seconds{6});
}

TEST(LinkUpDelay, TheLaterOfTwoDelaysCounts) {
    Config config = link_up_config();
    config.not_before = Router{config}.now() + Seconds{60};
    Router router = Router::backup(config);
    EXPECT_EQ(flap(router),
              Lines{"transition fault -> backup: fault cleared: interface "
                    "eth0 is down, delayed by startup_delay for 58000 ms"});
    EXPECT_EQ(router.due_in(), Seconds{58});
}

TEST(LinkUpDelay, RefusesAPreemption) {
    Router router = Router::active(link_up_config());
    flap(router);
    router.after(Seconds{1}).hear(90);
    EXPECT_EQ(router.instance().preempt_refusal(router.now()),
              "link_up_delay delays it for 5000 ms");
}

// A reload: the time continues, with the delay of the new configuration.
TEST(LinkUpDelay, ContinuesInTheNextProcess) {
    Router router = Router::active(link_up_config());
    flap(router);
    const Checkpoint checkpoint = router.instance().checkpoint().value();
    const Instant up_at = router.now();

    for (const int seconds : {6, 10}) {
        Instance next{link_up_config(Seconds{seconds})};
        next.resume(checkpoint, up_at + Seconds{1});
        EXPECT_EQ(next.deadline(), up_at + Seconds{seconds});
    }
}

}  // namespace
}  // namespace ngx_vrrp::vrrp
