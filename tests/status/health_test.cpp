#include "core/status/health.hpp"

#include <gtest/gtest.h>

#include "tests/status/view_fixture.hpp"

namespace ngx_vrrp::status {
namespace {

Snapshot two_instances(const char *first, const char *second) {
    Snapshot s = snapshot();
    s.instances.push_back(s.instances[0]);
    s.instances[0].state.set(first);
    s.instances[1].state.set(second);
    s.instances[1].name.set("VI_2");
    return s;
}

Health ask(const Snapshot &s, const HealthQuestion &question = {}) {
    return judge_health(s, question, moment().now);
}

TEST(Health, MasterAndBackupAreHealthy) {
    const Health health = ask(two_instances("MASTER", "BACKUP"));
    EXPECT_TRUE(health.healthy);
    EXPECT_EQ(health.text, "healthy\nVI_1 MASTER\nVI_2 BACKUP\n");
}

TEST(Health, OneThatIsNotInTheElectionIsUnhealthy) {
    EXPECT_FALSE(ask(two_instances("MASTER", "INIT")).healthy);
    EXPECT_FALSE(ask(two_instances("INIT", "MASTER")).healthy);

    Snapshot s = two_instances("MASTER", "FAULT");
    s.instances[1].fault.set("interface eth0 is down");
    const Health health = ask(s);
    EXPECT_FALSE(health.healthy);
    EXPECT_EQ(health.text,
              "unhealthy\nVI_1 MASTER\nVI_2 FAULT: interface eth0 is down\n");
}

TEST(Health, BackupThatHasTheAddressIsUnhealthy) {
    Snapshot s = two_instances("MASTER", "BACKUP");
    SignRecord &stray = s.instances[1].signs[3];
    stray.since_ns = 1;
    stray.detail.set("10.0.1.5 is on eth0");
    EXPECT_FALSE(ask(s).healthy);
    EXPECT_EQ(ask(s).text,
              "unhealthy\nVI_1 MASTER\nVI_2 BACKUP: 10.0.1.5 is on eth0\n");
}

TEST(Health, MasterMayBeRequired) {
    const HealthQuestion question{.require_master = true, .instance = ""};
    EXPECT_TRUE(ask(two_instances("MASTER", "MASTER"), question).healthy);
    EXPECT_FALSE(ask(two_instances("MASTER", "BACKUP"), question).healthy);
}

TEST(Health, OneInstanceMayBeAskedFor) {
    const Snapshot s = two_instances("MASTER", "FAULT");
    EXPECT_TRUE(ask(s, {.require_master = true, .instance = "VI_1"}).healthy);
    EXPECT_FALSE(ask(s, {.require_master = false, .instance = "VI_2"}).healthy);

    const Health unknown = ask(s, {.require_master = false, .instance = "V"});
    EXPECT_FALSE(unknown.known);
    EXPECT_FALSE(unknown.healthy);
}

TEST(Health, OldNewsAreNoGoodNews) {
    Snapshot s = snapshot();
    s.node.published_at_ns = to_ns(moment().now - kFresh);
    EXPECT_TRUE(ask(s).healthy);

    s.node.published_at_ns = to_ns(moment().now - kFresh - Milliseconds{1});
    EXPECT_FALSE(ask(s).healthy);
    EXPECT_EQ(ask(s).text,
              "unhealthy\nthe last report of the vrrp process was 3001 ms "
              "ago\n");
}

// The vrrp process has ended, and nginx has started no other one.
TEST(Health, WithoutAVrrpProcessTheFaultIsReported) {
    Snapshot s = two_instances("FAULT", "FAULT");
    s.instances.pop_back();
    s.instances[0].fault.set("this nginx has no vrrp process");
    s.node.pid = 0;
    s.node.published_at_ns = to_ns(moment().now - 2 * kFresh);
    EXPECT_EQ(ask(s).text,
              "unhealthy\nVI_1 FAULT: this nginx has no vrrp process\n");
}

}  // namespace
}  // namespace ngx_vrrp::status
