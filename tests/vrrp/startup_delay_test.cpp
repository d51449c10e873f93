// startup_delay: Config::not_before.
#include <gtest/gtest.h>

#include "core/vrrp/instance.hpp"
#include "tests/support/routers.hpp"

namespace ngx_vrrp::vrrp {
namespace {

using test::classic_config;
using test::ip;
using test::Lines;
using test::Router;

constexpr Duration kFirstTimer{3'609'375'000};  // priority 100, 1 s

// Not before d after the beginning of the router's time.
Config startup_config(Duration d, unsigned priority = 100) {
    Config config = classic_config(priority);
    config.not_before = Router{config}.now() + d;
    return config;
}

TEST(StartupDelay, SilenceProvesNothingBeforeItIsOver) {
    Router router{startup_config(Seconds{60})};
    EXPECT_EQ(router.put(Startup{}),
              Lines{"transition initialize -> backup: startup, delayed by "
                    "startup_delay for 60000 ms"});
    EXPECT_EQ(router.due_in(), Seconds{60});

    router.after(Seconds{59});
    EXPECT_EQ(router.put(TimeReached{}), Lines{});
    EXPECT_EQ(router.wait().back(),
              "transition backup -> active: no advertisement for 60000 ms");
}

TEST(StartupDelay, ShorterThanTheTimerHasNoEffect) {
    Router router = Router::backup(startup_config(Seconds{1}));
    EXPECT_EQ(router.due_in(), kFirstTimer);
}

TEST(StartupDelay, ThatIsOverBeforeStartupIsNotMentioned) {
    Router router{startup_config(Seconds{1})};
    router.after(Seconds{1});
    EXPECT_EQ(router.put(Startup{}),
              Lines{"transition initialize -> backup: startup"});
}

TEST(StartupDelay, HoldsTheAddressOwnerBackInBackup) {
    Config config = startup_config(Seconds{10}, 255);
    config.preempt = false;
    Router router = Router::backup(config);
    EXPECT_EQ(router.state(), StateName::backup);

    router.after(Seconds{9});
    router.hear(200);
    EXPECT_EQ(router.due_in(), Seconds{1});
    EXPECT_EQ(router.wait().back(),
              "transition backup -> active: preempting lower priority 200 "
              "from 192.168.64.134");
}

TEST(StartupDelay, HoldsASoleBackupBackAfterPriorityZero) {
    Config config = startup_config(Seconds{10});
    config.unicast_peers = {ip("192.168.64.134")};
    Router router = Router::backup(config);
    router.hear(150);

    EXPECT_EQ(router.hear(0), Lines{});
    EXPECT_EQ(router.due_in(), Seconds{10});
    EXPECT_EQ(router.wait().back(),
              "transition backup -> active: priority 0 from 192.168.64.134");
}

TEST(StartupDelay, FollowsAMasterAsAlways) {
    Router router = Router::backup(startup_config(Seconds{10}));
    router.after(Seconds{9});
    router.hear(150);
    EXPECT_EQ(router.due_in(), kFirstTimer);
}

TEST(StartupDelay, HoldsBackAfterAFaultToo) {
    Router router = Router::backup(startup_config(Seconds{60}));
    router.put(FaultChanged{"interface eth0 is down"});
    router.after(Seconds{5});
    router.put(FaultChanged{});
    EXPECT_EQ(router.due_in(), Seconds{55});
}

// The router that was active is so, whatever process it lives in.
TEST(StartupDelay, DoesNotHoldBackWhatWasHandedOver) {
    Router old = Router::active(classic_config());
    Instance instance{startup_config(Seconds{3600})};
    instance.resume(old.instance().checkpoint().value(), old.now());
    EXPECT_EQ(instance.state(), StateName::active);
}

}  // namespace
}  // namespace ngx_vrrp::vrrp
