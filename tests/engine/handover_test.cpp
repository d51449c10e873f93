#include "core/engine/handover.hpp"

#include <gtest/gtest.h>

namespace ngx_vrrp::engine {
namespace {

IpAddress ip(const char *text) {
    return *IpAddress::parse(text);
}

TEST(Handover, ActiveSurvivesTheWayAsText) {
    Handover handover;
    handover.checkpoint.emplace();
    handover.checkpoint->active = true;
    handover.checkpoint->advertised = Priority{90};
    handover.checkpoint->advertised_interval = Milliseconds{10};
    handover.checkpoint->advertised_at = instant_from_ns(1);
    handover.checkpoint->advertise_at = instant_from_ns(2);
    handover.checkpoint->renew_at = instant_from_ns(3);
    handover.checkpoint->refresh_at = instant_from_ns(5);
    handover.last = {instant_from_ns(6), "no advertisement for 3609 ms"};
    handover.counters.adverts_sent = 7;
    handover.counters.dropped[2] = 8;
    handover.held = {{ip("10.0.1.5"), 24, "eth0", "eth0:1"},
                     {ip("2001:db8::5"), 128, "eth1", ""}};
    handover.failed = {"track_upstream web", "track_interface eth1"};

    handover.signs = {{SplitBrainSign::adverts_lost, instant_from_ns(7),
                       "02:00:00:00:00:0b still has 10.0.1.5"}};

    const auto back = parse_handover(to_text(handover));
    ASSERT_TRUE(back);
    EXPECT_EQ(back->signs, handover.signs);
    EXPECT_EQ(back->checkpoint, handover.checkpoint);
    EXPECT_EQ(back->last.reason, handover.last.reason);
    EXPECT_EQ(back->last.at, handover.last.at);
    EXPECT_EQ(back->counters.adverts_sent, 7u);
    EXPECT_EQ(back->counters.dropped, handover.counters.dropped);
    EXPECT_EQ(back->held, handover.held);
    EXPECT_EQ(back->failed, handover.failed);
}

TEST(Handover, TimeOutsAndFaultsSurvive) {
    Handover handover;
    handover.counters.stayed_out = 3;
    handover.released = true;
    handover.time_outs.push_back(
        {FaultCause::removal,
         {"a fight, staying out for 60 s",
          {.length = Seconds{60}, .ends_at = instant_from_ns(7)}}});

    const auto back = parse_handover(to_text(handover));
    ASSERT_TRUE(back);
    EXPECT_FALSE(back->checkpoint);
    EXPECT_EQ(back->counters.stayed_out, 3u);
    EXPECT_TRUE(back->released);
    ASSERT_EQ(back->time_outs.size(), 1u);
    EXPECT_EQ(back->time_outs[0].cause, FaultCause::removal);
    EXPECT_EQ(back->time_outs[0].fault.text, "a fight, staying out for 60 s");
    EXPECT_EQ(back->time_outs[0].fault.backoff.length, Seconds{60});
    EXPECT_EQ(back->time_outs[0].fault.backoff.ends_at, instant_from_ns(7));
}

TEST(Handover, BackupSurvivesTheWayAsText) {
    Handover handover;
    handover.checkpoint.emplace();
    handover.checkpoint->timer_started = instant_from_ns(1);
    handover.checkpoint->fallen = true;
    handover.checkpoint->active_interval = Milliseconds{10};
    handover.checkpoint->fell_at = instant_from_ns(4);
    handover.checkpoint->leaver = ip("10.0.1.2");
    handover.checkpoint->preempt_at = instant_from_ns(4);
    handover.checkpoint->link_up_at = instant_from_ns(3);
    handover.checkpoint->active_router = vrrp::ActiveRouter{
        ip("10.0.1.2"), Priority{200}, Milliseconds{10}, instant_from_ns(5)};

    const auto back = parse_handover(to_text(handover));
    ASSERT_TRUE(back);
    EXPECT_EQ(back->checkpoint, handover.checkpoint);
}

TEST(Handover, UnknownKeysAreSkippedAndMissingOnesHaveDefaults) {
    const auto back = parse_handover(
        "ngx_vrrp handover 1\nstate active\ncolour blue\nempty\n");
    ASSERT_TRUE(back);
    EXPECT_TRUE(back->checkpoint->active);
    EXPECT_EQ(back->checkpoint->refresh_at, std::nullopt);
}

TEST(Handover, AnythingElseIsRefused) {
    EXPECT_FALSE(parse_handover(""));
    EXPECT_FALSE(parse_handover("ngx_vrrp handover 2\nstate active\n"));
}

}  // namespace
}  // namespace ngx_vrrp::engine
