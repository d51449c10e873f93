// Notification channels: in shared memory, and in each format.
#include "core/status/channels.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>

#include "core/status/render.hpp"
#include "tests/status/view_fixture.hpp"

namespace ngx_vrrp::status {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

ChannelRecord webhook() {
    ChannelRecord record{};
    record.name.set("notify_webhook");
    record.target.set("hooks.example.org");
    record.instance.set("VI_1");
    record.last_error.set("HTTP 503");
    record.delivered = 12;
    record.dropped = 1;
    record.skipped = 3;
    record.waiting = 2;
    record.failures = 5;
    record.failed_at_ns = 9'000'000'000;
    record.delivered_at_ns = 8'000'000'000;
    return record;
}

ChannelRecord script() {
    ChannelRecord record{};
    record.name.set("notify");
    record.target.set("/usr/local/bin/told <me>");
    record.delivered = 1;
    record.delivered_at_ns = 7'000'000'000;
    return record;
}

View view() {
    View view = view_of(snapshot());
    view.notifier = 99;
    view.channels = {webhook(), webhook(), script()};
    return view;
}

class ChannelBoardTest : public ::testing::Test {
protected:
    // As it lies in shared memory.
    struct Memory {
        alignas(ChannelBoard) unsigned char bytes[sizeof(ChannelBoard)];
    };

    std::unique_ptr<Memory> memory = std::make_unique<Memory>();
    ChannelBoard &board = *reinterpret_cast<ChannelBoard *>(memory->bytes);
};

TEST_F(ChannelBoardTest, IsEmptyAtFirst) {
    EXPECT_TRUE(board.read().empty());
}

TEST_F(ChannelBoardTest, HasWhatWasWrittenLast) {
    board.write({script()});
    board.write({webhook(), script()});
    const auto channels = board.read();
    ASSERT_EQ(channels.size(), 2u);
    EXPECT_EQ(channels[0].target.view(), "hooks.example.org");
    EXPECT_EQ(channels[0].delivered, 12u);
    EXPECT_EQ(channels[1].name.view(), "notify");

    board.write({});
    EXPECT_TRUE(board.read().empty());
}

TEST_F(ChannelBoardTest, HasSoManyAtMost) {
    board.write(std::vector<ChannelRecord>(ChannelBoard::kMost + 1, script()));
    EXPECT_EQ(board.read().size(), ChannelBoard::kMost);
}

TEST(ChannelStatusTest, Json) {
    const std::string json = to_json(view());
    EXPECT_THAT(
        json,
        HasSubstr(
            R"("notifier":{"pid":99,"channels":[{"name":"notify_webhook",)"
            R"("target":"hooks.example.org","instance":"VI_1",)"
            R"("waiting":2,"delivered":12,"dropped":1,"superseded":3,)"
            R"("failures":5,"last_error":"HTTP 503",)"
            R"("failed_ago_ms":1000,"delivered_ago_ms":2000})"));
    EXPECT_THAT(json, HasSubstr(R"("instance":null,"waiting":0,"delivered":1,)"
                                R"("dropped":0,"superseded":0,"failures":0,)"
                                R"("last_error":null,"failed_ago_ms":null,)"
                                R"("delivered_ago_ms":3000}]})"));
}

TEST(ChannelStatusTest, JsonOfNodeThatHasNoReceiver) {
    EXPECT_THAT(to_json(view_of(snapshot())), HasSubstr(R"("notifier":null)"));
}

TEST(ChannelStatusTest, Metrics) {
    const std::string text = to_metrics(view(), MetricsFormat::prometheus);
    const std::string labels =
        R"({channel="notify_webhook",target="hooks.example.org",)"
        R"(vrrp_instance="VI_1",number="1")";
    EXPECT_THAT(text, HasSubstr("nginx_vrrp_notifications_total" + labels +
                                R"(,result="ok"} 12)"));
    EXPECT_THAT(text, HasSubstr(R"(,number="1",result="failed"} 5)"));
    EXPECT_THAT(text, HasSubstr(R"(,number="1",result="dropped"} 1)"));
    EXPECT_THAT(text, HasSubstr(R"(,number="1",result="superseded"} 3)"));
    EXPECT_THAT(text, HasSubstr(R"(,number="2",result="ok"} 12)"));
    EXPECT_THAT(text, HasSubstr("nginx_vrrp_notification_queue_length" +
                                labels + "} 2"));
    EXPECT_THAT(
        text,
        HasSubstr("nginx_vrrp_notification_last_success_timestamp_seconds" +
                  labels + "} 1709251196.0"));
}

TEST(ChannelStatusTest, NoMetricsOfNodeThatHasNoReceiver) {
    EXPECT_THAT(to_metrics(view_of(snapshot()), MetricsFormat::prometheus),
                Not(HasSubstr("nginx_vrrp_notification")));
}

}  // namespace
}  // namespace ngx_vrrp::status
