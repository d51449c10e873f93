// Events in words.

#include "core/notify/text.hpp"

#include <gtest/gtest.h>

#include "tests/notify/events.hpp"

namespace ngx_vrrp::notify {
namespace {

using namespace sample;

std::string details_of(const EventRecord &event) {
    std::string text;
    for (const Detail &detail : details(event)) {
        text += std::string(detail.name) + "=" + detail.value + "; ";
    }
    return text;
}

TEST(NotifyText, Headlines) {
    EXPECT_EQ(headline(state_event()), "VI_1: BACKUP -> MASTER");
    EXPECT_EQ(headline(tracker_event()),
              "VI_1: track_http http://127.0.0.1/ is down");
    EXPECT_EQ(headline(upstream_event("down", "up")),
              "upstream web: server 10.0.0.11:8080 is up");
    EXPECT_EQ(headline(split_brain_event()),
              "VI_1: split brain suspected: two masters");
    EXPECT_EQ(headline_with_node(state_event()), "lb1: VI_1: BACKUP -> MASTER");
}

TEST(NotifyText, SubjectsAreThoseOfKeepalived) {
    EXPECT_EQ(subject_line(state_event()),
              "[lb1] VRRP Instance VI_1 - Entering MASTER state");
    EXPECT_EQ(subject_line(state_event("MASTER", "STOP")),
              "[lb1] VRRP Instance VI_1 - Stopping");
    EXPECT_EQ(
        subject_line(tracker_event()),
        "[lb1] VRRP Instance VI_1 - track_http http://127.0.0.1/ is down");
    EXPECT_EQ(subject_line(upstream_event()),
              "[lb1] Upstream web - server 10.0.0.11:8080 is down");
    EXPECT_EQ(subject_line(split_brain_event("over")),
              "[lb1] VRRP Instance VI_1 - split brain over: two masters");
}

TEST(NotifyText, DetailsAreWhatIsKnown) {
    EXPECT_EQ(details_of(state_event()),
              "time=2024-02-29T23:59:57.250Z; node=lb1; "
              "instance=VI_1 (vrid 51); interface=eth0; "
              "reason=no advertisement for 3609 ms; priority=100; "
              "addresses=10.0.1.5/24 10.0.1.6/24; ");
    EXPECT_EQ(details_of(upstream_event()),
              "time=2024-02-29T23:59:57.250Z; node=lb1; "
              "reason=L4CON connection refused; ");
}

TEST(NotifyText, Gravity) {
    EXPECT_EQ(gravity_of(state_event("INIT", "BACKUP")), Gravity::info);
    EXPECT_EQ(gravity_of(state_event("BACKUP", "MASTER")), Gravity::warning);
    EXPECT_EQ(gravity_of(state_event("MASTER", "BACKUP")), Gravity::warning);
    EXPECT_EQ(gravity_of(state_event("MASTER", "FAULT")), Gravity::critical);
    EXPECT_EQ(gravity_of(tracker_event()), Gravity::warning);
    EXPECT_EQ(gravity_of(tracker_event("down", "up")), Gravity::good);
    EXPECT_EQ(gravity_of(split_brain_event()), Gravity::critical);
    EXPECT_EQ(gravity_of(split_brain_event("over")), Gravity::good);
    EXPECT_EQ(
        gravity_of(delivery({tracker_event(), upstream_event("down", "up")})),
        Gravity::warning);
}

TEST(NotifyText, CountsWhatIsMoreThanOne) {
    const EventRecord e = state_event();
    EXPECT_EQ(count_line(delivery({e})), "");
    EXPECT_EQ(count_line(delivery({e, e})), "2 events");
    EXPECT_EQ(count_line(delivery({e}, 1)), "1 event, and 1 older one skipped");
    EXPECT_EQ(count_line(delivery({e, e, e}, 12)),
              "3 events, and 12 older ones skipped");
}

TEST(NotifyText, IsOneLineOfUtf8) {
    EXPECT_EQ(one_line("a\r\nBcc: x\t\x7f\x1b[0m"), "a  Bcc: x   [0m");
    EXPECT_EQ(one_line("Z\xc3\xbcrich\xff"), "Z\xc3\xbcrich\xef\xbf\xbd");
    EventRecord event = state_event();
    event.instance.set("V\nI");
    event.reason.set("a\x01z");
    EXPECT_EQ(headline(event), "V I: BACKUP -> MASTER");
    EXPECT_NE(details_of(event).find("reason=a z"), std::string::npos);
}

}  // namespace
}  // namespace ngx_vrrp::notify
