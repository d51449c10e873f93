#include <gtest/gtest.h>

#include "tests/support/routers.hpp"

namespace ngx_vrrp::vrrp {
namespace {

using test::advert_of;
using test::ip;
using test::v3_config;

const Instant kStart = instant_from_ns(1'000'000'000);
const IpAddress kActivePeer = ip("192.168.64.134");

Instance active_at(Instant now, Config config = v3_config()) {
    Instance instance(std::move(config));
    instance.handle(Startup{}, now - Seconds{3});
    instance.handle(TimeReached{}, now);
    EXPECT_EQ(instance.state(), StateName::active);
    return instance;
}

template <class T>
std::size_t count(const Actions &actions) {
    return static_cast<std::size_t>(std::count_if(
        actions.begin(), actions.end(),
        [](const Action &a) { return std::holds_alternative<T>(a); }));
}

TEST(Handover, ActiveContinuesSilently) {
    const Instance old = active_at(kStart);
    Instance successor(v3_config());

    const Instant now = kStart + Milliseconds{60};
    EXPECT_TRUE(successor.resume(*old.checkpoint(), now).empty());
    EXPECT_EQ(successor.state(), StateName::active);
    EXPECT_EQ(successor.deadline(), old.deadline());
    EXPECT_EQ(successor.checkpoint(), old.checkpoint());
}

TEST(Handover, TheNextAdvertIsOnTime) {
    const Instance old = active_at(kStart);
    Instance successor(v3_config());
    successor.resume(*old.checkpoint(), kStart + Milliseconds{60});

    const Actions actions =
        successor.handle(TimeReached{}, kStart + Milliseconds{100});
    EXPECT_EQ(count<SendAdvert>(actions), 1u);
    EXPECT_EQ(count<AddAddresses>(actions), 0u);
    EXPECT_EQ(count<AnnounceAddresses>(actions), 0u);
}

TEST(Handover, NewPriorityIsSaidAtOnce) {
    const Instance old = active_at(kStart);
    Instance successor(v3_config(150));
    const Actions actions =
        successor.resume(*old.checkpoint(), kStart + Milliseconds{60});
    ASSERT_EQ(actions.size(), 1u);
    EXPECT_EQ(std::get<SendAdvert>(actions[0]).priority, Priority{150});
}

TEST(Handover, ShorterIntervalStartsAtOnce) {
    const Instance old = active_at(kStart);
    Instance successor(v3_config(100, Milliseconds{10}));
    const Instant now = kStart + Milliseconds{20};
    successor.resume(*old.checkpoint(), now);
    EXPECT_EQ(successor.deadline(), now + Milliseconds{10});
}

// The backups wait by the long interval, which was advertised last.
TEST(Handover, ShorterIntervalIsInTimeForBackups) {
    const Instance old = active_at(kStart, v3_config(100, Milliseconds{500}));
    Instance successor(v3_config(100, Milliseconds{10}));
    const Instant now = kStart + Milliseconds{400};
    EXPECT_EQ(count<RemoveAddresses>(successor.resume(*old.checkpoint(), now)),
              0u);
    EXPECT_EQ(successor.state(), StateName::active);

    // and from its first advert on, its own interval counts
    successor.handle(TimeReached{}, now + Milliseconds{10});
    successor.handle(TimeReached{}, now + Milliseconds{100});
    EXPECT_EQ(successor.state(), StateName::backup);
}

TEST(Handover, TooLateMeansListen) {
    const Instance old = active_at(kStart);
    Instance successor(v3_config());
    const Actions actions =
        successor.resume(*old.checkpoint(), kStart + Seconds{2});
    EXPECT_EQ(count<RemoveAddresses>(actions), 1u);
    EXPECT_EQ(successor.state(), StateName::backup);
}

TEST(Handover, FaultOfTheSuccessorReleases) {
    const Instance old = active_at(kStart);
    Instance successor(v3_config());
    successor.handle(FaultChanged{"interface eth0 is down"}, kStart);
    const Actions actions =
        successor.resume(*old.checkpoint(), kStart + Milliseconds{60});
    EXPECT_EQ(count<SendAdvert>(actions), 1u);
    EXPECT_EQ(count<RemoveAddresses>(actions), 1u);
    EXPECT_EQ(successor.state(), StateName::fault);
}

TEST(Handover, BackupKeepsItsTimerAndItsMaster) {
    Instance old(v3_config());
    old.handle(Startup{}, kStart);
    old.handle(
        AdvertReceived{advert_of(v3_config(), Priority{200}), kActivePeer},
        kStart + Milliseconds{50});
    Instance successor(v3_config());
    EXPECT_TRUE(
        successor.resume(*old.checkpoint(), kStart + Milliseconds{90}).empty());
    EXPECT_EQ(successor.state(), StateName::backup);
    EXPECT_EQ(successor.deadline(), old.deadline());
    EXPECT_EQ(successor.active_router()->address, kActivePeer);
}

TEST(Handover, BackupKeepsThatTheActiveRouterHasFallen) {
    Instance old(v3_config());
    old.handle(Startup{}, kStart);
    for (const unsigned priority : {150u, 80u}) {
        old.handle(
            AdvertReceived{
                advert_of(v3_config(),
                          Priority{static_cast<std::uint8_t>(priority)}),
                kActivePeer},
            kStart + Milliseconds{50});
    }
    Instance successor(v3_config());
    successor.resume(*old.checkpoint(), kStart + Milliseconds{90});
    EXPECT_EQ(successor.deadline(), old.deadline());
    EXPECT_LT(*successor.deadline(), kStart + Milliseconds{150});
}

TEST(Handover, NothingToHandOverBeforeStartupInFaultAndWhileLeaving) {
    Instance instance(v3_config());
    EXPECT_FALSE(instance.checkpoint());

    Instance leaving = active_at(kStart);
    leaving.handle(Shutdown{"quit", true, Seconds{1}}, kStart);
    EXPECT_FALSE(leaving.checkpoint());

    Instance faulty = active_at(kStart);
    faulty.handle(FaultChanged{"no workers"}, kStart);
    EXPECT_FALSE(faulty.checkpoint());
}

TEST(Handover, RetiredRouterIsQuiet) {
    Instance old = active_at(kStart);
    old.retire();
    EXPECT_EQ(old.state(), StateName::initialize);
    EXPECT_FALSE(old.deadline());
    EXPECT_TRUE(old.handle(TimeReached{}, kStart + Seconds{9}).empty());
}

}  // namespace
}  // namespace ngx_vrrp::vrrp
