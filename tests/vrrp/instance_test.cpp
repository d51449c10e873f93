// Initialize, Fault, and the facts in every state.
#include "core/vrrp/instance.hpp"

#include <gtest/gtest.h>

#include "tests/support/routers.hpp"

namespace ngx_vrrp::vrrp {
namespace {

using test::classic_config;
using test::ip;
using test::Lines;
using test::Router;
using test::v3_config;

Config owner_config() {
    return classic_config(255);
}

Config one_peer_config(unsigned priority = 100) {
    Config config = classic_config(priority);
    config.unicast_peers = {ip("192.168.64.134")};
    return config;
}

// Initialize

TEST(Instance, WaitsForStartup) {
    Router router{classic_config()};

    EXPECT_EQ(router.state(), StateName::initialize);
    EXPECT_EQ(router.due_in(), std::nullopt);
    EXPECT_EQ(router.hear(90), Lines{});
    EXPECT_EQ(router.put(TimeReached{}), Lines{});
}

// RFC 9568, 6.4.1 (Startup)
TEST(Instance, StartsAsBackupWithItsOwnDownInterval) {
    Router router{classic_config(100)};

    EXPECT_EQ(router.put(Startup{}),
              Lines{"transition initialize -> backup: startup"});
    EXPECT_EQ(router.due_in(), Duration{3'609'375'000});
}

// RFC 9568, 6.4.1 (Startup with priority 255)
TEST(Instance, AddressOwnerIsActiveAtOnce) {
    Router router{owner_config()};

    EXPECT_EQ(router.put(Startup{}),
              (Lines{"send-advert priority 255", "add-addresses",
                     "announce-addresses 5",
                     "transition initialize -> active: startup as address "
                     "owner"}));
}

TEST(Instance, StartsInFaultWhenThereIsOne) {
    Router router{owner_config()};

    EXPECT_EQ(router.put(FaultChanged{"interface eth0 is down"}), Lines{});
    EXPECT_EQ(router.put(Startup{}),
              Lines{"transition initialize -> fault: interface eth0 is "
                    "down"});
    EXPECT_EQ(router.due_in(), std::nullopt);
}

TEST(Instance, FaultThatIsOverBeforeStartupIsForgotten) {
    Router router{classic_config()};
    router.put(FaultChanged{"interface eth0 is down"});
    router.put(FaultChanged{""});

    router.put(Startup{});

    EXPECT_EQ(router.state(), StateName::backup);
}

TEST(Instance, RemembersPriorityAndSourceFromBeforeStartup) {
    Router router{classic_config(100)};
    EXPECT_EQ(router.put(PriorityChanged{Priority{80}, "pool web is down"}),
              Lines{});
    EXPECT_EQ(router.put(SourceChanged{ip("192.168.64.131")}), Lines{});
    router.put(Startup{});

    EXPECT_EQ(router.due_in(), Duration{3'687'500'000});
    router.wait();

    EXPECT_EQ(router.hear(80, "192.168.64.132").back(),
              "transition active -> backup: equal priority 80, higher "
              "address 192.168.64.132");
}

TEST(Instance, ShutdownBeforeStartupIsNothing) {
    Router router{classic_config()};

    EXPECT_EQ(router.put(Shutdown{"quit", true, Seconds{1}}), Lines{});
    EXPECT_EQ(router.state(), StateName::initialize);
}

TEST(Instance, SecondStartupIsNothing) {
    Router router = Router::active(classic_config());

    EXPECT_EQ(router.put(Startup{}), Lines{});
    EXPECT_EQ(router.state(), StateName::active);
}

TEST(Instance, CanStartAgainAfterShutdown) {
    Router router = Router::backup(classic_config());
    router.put(Shutdown{"quit", false, {}});

    EXPECT_EQ(router.put(Startup{}),
              Lines{"transition initialize -> backup: startup"});
}

// Fault

TEST(Instance, BackupGoesToFaultQuietly) {
    Router router = Router::backup(classic_config());

    EXPECT_EQ(router.put(FaultChanged{"interface eth0 is down"}),
              Lines{"transition backup -> fault: interface eth0 is down"});
    EXPECT_EQ(router.due_in(), std::nullopt);
}

TEST(Instance, ActiveSendsPriorityZeroBeforeItDropsTheAddressesForAFault) {
    Router router = Router::active(classic_config());

    EXPECT_EQ(router.put(FaultChanged{"0 of 1 nginx workers alive"}),
              (Lines{"send-advert priority 0", "remove-addresses",
                     "transition active -> fault: 0 of 1 nginx workers "
                     "alive"}));
}

TEST(Instance, LeavesFaultAsBackupWithTheFullTimer) {
    Router router = Router::active(classic_config());
    router.put(FaultChanged{"interface eth0 is down"});
    router.after(Seconds{30});

    EXPECT_EQ(router.put(FaultChanged{""}),
              Lines{"transition fault -> backup: fault cleared: interface "
                    "eth0 is down"});
    EXPECT_EQ(router.due_in(), Duration{3'609'375'000});
}

TEST(Instance, OwnerAlsoListensAfterAFault) {
    Router router{owner_config()};
    router.put(Startup{});
    router.put(FaultChanged{"interface eth0 is down"});

    router.put(FaultChanged{""});

    EXPECT_EQ(router.state(), StateName::backup);
}

// keepalived does so too: the active router may not know us any more.
TEST(Instance, AnnouncesItsSourceAfterAFaultInUnicast) {
    Router router = Router::backup(one_peer_config());
    router.put(FaultChanged{"interface eth0 is down"});

    EXPECT_EQ(router.put(FaultChanged{""}),
              (Lines{"announce-source",
                     "transition fault -> backup: fault cleared: interface "
                     "eth0 is down"}));
}

TEST(Instance, ChangeOfTheFaultIsNoTransition) {
    Router router = Router::backup(classic_config());
    router.put(FaultChanged{"interface eth0 is down"});

    EXPECT_EQ(router.put(FaultChanged{"interface eth0 does not exist"}),
              Lines{});
    EXPECT_EQ(router.put(FaultChanged{""}),
              Lines{"transition fault -> backup: fault cleared: interface "
                    "eth0 does not exist"});
}

TEST(Instance, AbsenceOfAFaultIsNothingNew) {
    Router backup = Router::backup(classic_config());
    Router active = Router::active(classic_config());

    EXPECT_EQ(backup.put(FaultChanged{""}), Lines{});
    EXPECT_EQ(active.put(FaultChanged{""}), Lines{});
}

TEST(Instance, ShutdownInFaultIsQuiet) {
    Router router = Router::backup(classic_config());
    router.put(FaultChanged{"interface eth0 is down"});

    EXPECT_EQ(router.put(Shutdown{"quit", true, Seconds{1}}),
              Lines{"transition fault -> initialize: quit"});
}

TEST(Instance, KnowsTheActiveRouterInFault) {
    Router router = Router::backup(classic_config());
    router.put(FaultChanged{"interface eth0 is down"});

    EXPECT_EQ(router.hear(90), Lines{});
    ASSERT_TRUE(router.instance().active_router());
    EXPECT_EQ(router.instance().active_router()->address, ip("192.168.64.134"));

    router.hear(0);
    EXPECT_FALSE(router.instance().active_router());
}

// Priority

TEST(Instance, EffectivePriorityStaysWithinItsRange) {
    Router router = Router::backup(classic_config());

    router.put(PriorityChanged{Priority{0}, ""});
    EXPECT_EQ(router.instance().effective_priority(), Priority{1});

    router.put(PriorityChanged{Priority{255}, ""});
    EXPECT_EQ(router.instance().effective_priority(), Priority{254});
}

TEST(Instance, PriorityOfTheOwnerNeverChanges) {
    Router router{owner_config()};
    router.put(Startup{});

    EXPECT_EQ(router.put(PriorityChanged{Priority{80}, "pool web is down"}),
              Lines{});
    EXPECT_EQ(router.instance().effective_priority(), kPriorityOwner);
}

TEST(Instance, ChangeOfPriorityRescalesTheRunningTimerOfABackup) {
    Router router = Router::backup(classic_config(100));
    router.after(Seconds{1});

    EXPECT_EQ(router.put(PriorityChanged{Priority{200}, ""}), Lines{});

    EXPECT_EQ(router.due_in(), Duration{3'218'750'000} - Seconds{1});
}

TEST(Instance, ChangeOfPriorityIsAdvertisedAtOnce) {
    Router router = Router::active(v3_config(100));
    router.after(Milliseconds{40});

    EXPECT_EQ(router.put(PriorityChanged{Priority{80}, "pool web is down"}),
              Lines{"send-advert priority 80"});
    EXPECT_EQ(router.due_in(), Milliseconds{100});
    EXPECT_EQ(router.wait().front(), "send-advert priority 80");
}

TEST(Instance, SamePriorityIsNotAdvertisedAgain) {
    Router router = Router::active(classic_config(100));

    EXPECT_EQ(router.put(PriorityChanged{Priority{100}, ""}), Lines{});
}

TEST(Instance, UnknownSourceLosesATie) {
    Config config = classic_config(100);
    config.source.reset();
    Router router = Router::active(config);

    router.hear(100, "192.168.64.2");

    EXPECT_EQ(router.state(), StateName::backup);
}

}  // namespace
}  // namespace ngx_vrrp::vrrp
