// keepalived's words.
#include "core/notify/keepalived_format.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/events.hpp"

namespace ngx_vrrp::notify {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;

EventRecord split_brain() {
    EventRecord event = test::tracker_event("VI_1", "two masters", "suspected");
    event.kind = EventKind::split_brain;
    return event;
}

TEST(KeepalivedFormat, Arguments) {
    EXPECT_THAT(arguments(test::state_event("VI_1", "MASTER")),
                ElementsAre("INSTANCE", "VI_1", "MASTER", "100"));
    EXPECT_THAT(
        arguments(test::tracker_event("VI_1", "track_http http://a/", "down")),
        ElementsAre("TRACKER", "VI_1", "track_http http://a/", "DOWN"));
    EXPECT_THAT(arguments(test::upstream_event("web", "10.0.0.1:80", "up")),
                ElementsAre("UPSTREAM", "web", "10.0.0.1:80", "UP"));
    EXPECT_THAT(arguments(split_brain()),
                ElementsAre("SPLIT_BRAIN", "VI_1", "two masters", "SUSPECTED"));
}

TEST(KeepalivedFormat, Lines) {
    EXPECT_EQ(line(test::state_event("VI_1", "MASTER")),
              "INSTANCE \"VI_1\" MASTER 100");
    EXPECT_EQ(line(test::tracker_event("VI_1", "track_http http://a/", "down")),
              "TRACKER \"VI_1\" \"track_http http://a/\" DOWN");
    EXPECT_EQ(line(test::upstream_event("web", "10.0.0.1:80", "down")),
              "UPSTREAM \"web\" \"10.0.0.1:80\" DOWN");
    EXPECT_EQ(line(split_brain()),
              "SPLIT_BRAIN \"VI_1\" \"two masters\" SUSPECTED");
}

// keepalived: notify_priority_changes and notify_master_rx_lower_pri.
TEST(KeepalivedFormat, EventsOfAnInstanceAreItsLines) {
    EventRecord event = test::state_event("VI_1", "MASTER");
    event.kind = EventKind::priority;
    event.state = State::backup;
    event.to.set("80");
    EXPECT_EQ(line(event), "INSTANCE \"VI_1\" BACKUP_PRIORITY 80");

    event = test::state_event("VI_1", "MASTER");
    event.kind = EventKind::master_rx_lower_pri;
    event.subject.set("10.0.0.2");
    EXPECT_EQ(line(event), "INSTANCE \"VI_1\" MASTER_RX_LOWER_PRI 100");
}

TEST(KeepalivedFormat, SyncGroup) {
    EventRecord event = test::state_event("edge", "MASTER");
    event.of_group = 1;
    event.group.set("edge");
    EXPECT_THAT(arguments(event),
                ElementsAre("GROUP", "edge", "MASTER", "100"));
    EXPECT_EQ(line(event), "GROUP \"edge\" MASTER 100");
    EXPECT_THAT(environment(event), Contains("VRRP_GROUP=edge"));
}

TEST(KeepalivedFormat, NamesCannotEndALine) {
    EXPECT_EQ(line(test::tracker_event("a\"b\\", "x\ny", "up")),
              "TRACKER \"a\\\"b\\\\\" \"x?y\" UP");
}

TEST(KeepalivedFormat, Environment) {
    const auto list = environment(test::state_event("VI_1", "MASTER"));
    EXPECT_THAT(list, ElementsAre("VRRP_EVENT=state", "VRRP_NODE=lb01",
                                  "VRRP_INSTANCE=VI_1", "VRRP_GROUP=",
                                  "VRRP_IFACE=eth0", "VRRP_STATE=MASTER",
                                  "VRRP_PREV_STATE=BACKUP", "VRRP_PRIORITY=100",
                                  "VRRP_SUBJECT=", "VRRP_SERVER=",
                                  "VRRP_REASON=priority 0 from 10.0.0.2",
                                  "VRRP_VIPS=10.0.0.5 10.0.0.6", "VRRP_SEQ=7",
                                  "VRRP_TIME=2023-11-14T22:13:20.123Z"));
    EXPECT_THAT(environment(test::upstream_event("web", "10.0.0.1:80", "down")),
                Contains("VRRP_SERVER=10.0.0.1:80"));
}

}  // namespace
}  // namespace ngx_vrrp::notify
