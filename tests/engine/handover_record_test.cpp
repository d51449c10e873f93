#include "core/engine/handover_record.hpp"

#include <gtest/gtest.h>

#include <cstring>
#include <limits>

#include "tests/support/random_bytes.hpp"

namespace ngx_vrrp::engine {
namespace {

constexpr Instant kNow = instant_from_ns(1'000'000);

IpAddress ip(const char *text) {
    return *IpAddress::parse(text);
}

std::optional<Handover> pass(const Handover &handover) {
    return to_handover(to_record(handover), kNow);
}

TEST(HandoverRecord, ActiveSurvivesTheWay) {
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
    handover.counters.stayed_out = 9;
    handover.counters.dropped[2] = 8;
    handover.held = {1, 2};
    handover.failed = {3};
    handover.signs = {{SplitBrainSign::adverts_lost, instant_from_ns(7),
                       "02:00:00:00:00:0b still has 10.0.1.5"}};
    handover.lost_adverts = {instant_from_ns(8), "10.0.1.2 answers"};
    handover.distrust = {ip("fe80::2"), kNow + Seconds{9}};
    handover.drain_ends_at = kNow + Seconds{600};
    handover.forwards_to = MacAddress{2, 0, 0, 0, 0, 7};
    handover.replay = {~0ull, {{ip("10.0.1.2"), 10}, {ip("fe80::2"), 11}}};

    const auto back = pass(handover);
    ASSERT_TRUE(back);
    EXPECT_EQ(back->signs, handover.signs);
    EXPECT_EQ(back->lost_adverts, handover.lost_adverts);
    EXPECT_EQ(back->distrust, handover.distrust);
    EXPECT_EQ(back->drain_ends_at, handover.drain_ends_at);
    EXPECT_EQ(back->forwards_to, handover.forwards_to);
    EXPECT_EQ(back->checkpoint, handover.checkpoint);
    EXPECT_EQ(back->last, handover.last);
    EXPECT_EQ(back->counters.adverts_sent, 7u);
    EXPECT_EQ(back->counters.stayed_out, 9u);
    EXPECT_EQ(back->counters.dropped, handover.counters.dropped);
    EXPECT_EQ(back->held, handover.held);
    EXPECT_EQ(back->failed, handover.failed);
    EXPECT_EQ(back->replay, handover.replay);
}

TEST(HandoverRecord, DistrustHasABound) {
    Handover handover;
    handover.distrust = {ip("10.0.1.2"), kNow + kDistrust + Seconds{1}};
    const auto back = pass(handover);
    ASSERT_TRUE(back);
    EXPECT_EQ(back->distrust.value_or(Distrust{}).until, kNow + kDistrust);
}

// 255 addresses, excluded addresses, routes and rules.
TEST(HandoverRecord, HasAllThatAConfigurationCanHave) {
    Handover handover;
    for (std::uint64_t i = 0; i < 1020; ++i) {
        handover.held.push_back(i);
    }
    const auto back = pass(handover);
    ASSERT_TRUE(back);
    EXPECT_EQ(back->held, handover.held);
}

TEST(HandoverRecord, LastHeardMarksAreKept) {
    Handover handover;
    for (std::uint8_t i = 0; i < 2 * kMostMarks; ++i) {
        handover.replay.marks.push_back(
            {IpAddress::v4({10, 0, 1, i}), std::uint64_t{i}});
    }
    const auto back = pass(handover);
    ASSERT_TRUE(back);
    EXPECT_FALSE(back->replay.sent);
    ASSERT_EQ(back->replay.marks.size(), kMostMarks);
    EXPECT_EQ(back->replay.marks.back(), handover.replay.marks[kMostMarks - 1]);
}

TEST(HandoverRecord, BackupSurvivesTheWay) {
    Handover handover;
    handover.checkpoint.emplace();
    handover.checkpoint->backup.timer_started = instant_from_ns(1);
    handover.checkpoint->backup.fallen = true;
    handover.checkpoint->backup.named = true;
    handover.checkpoint->backup.active_interval = Milliseconds{10};
    handover.checkpoint->backup.fell_at = instant_from_ns(4);
    handover.checkpoint->backup.leaver = ip("fe80::2");
    handover.checkpoint->backup.preempt_at = instant_from_ns(4);
    handover.checkpoint->unheard_since = instant_from_ns(2);
    handover.checkpoint->link_up_at = instant_from_ns(3);
    handover.checkpoint->active_router = vrrp::ActiveRouter{
        ip("10.0.1.2"), Priority{200}, Milliseconds{10}, instant_from_ns(5)};

    const auto back = pass(handover);
    ASSERT_TRUE(back);
    EXPECT_EQ(back->checkpoint, handover.checkpoint);
}

TEST(HandoverRecord, TimeOutsAndFaultsSurvive) {
    Handover handover;
    handover.release = {true, kNow + Seconds{20}};
    handover.time_outs.push_back(
        {FaultCause::removal,
         {"a fight, staying in FAULT for 60 s",
          {.length = Seconds{60}, .ends_at = kNow + Seconds{7}}}});

    const auto back = pass(handover);
    ASSERT_TRUE(back);
    EXPECT_FALSE(back->checkpoint);
    EXPECT_EQ(back->release, handover.release);
    ASSERT_EQ(back->time_outs.size(), 1u);
    EXPECT_EQ(back->time_outs[0].cause, FaultCause::removal);
    EXPECT_EQ(back->time_outs[0].fault.text,
              "a fight, staying in FAULT for "
              "60 s");
    EXPECT_EQ(back->time_outs[0].fault.backoff.length, Seconds{60});
    EXPECT_EQ(back->time_outs[0].fault.backoff.ends_at, kNow + Seconds{7});
}

TEST(HandoverRecord, AnotherVersionOrLengthIsNotRead) {
    HandoverRecord record = to_record({});
    ++record.version;
    EXPECT_FALSE(to_handover(record, kNow));

    record = to_record({});
    --record.length;
    EXPECT_FALSE(to_handover(record, kNow));
    EXPECT_FALSE(to_handover(HandoverRecord{}, kNow));
}

TEST(HandoverRecord, ExtremeNumbersAreMadeSane) {
    Handover handover;
    handover.checkpoint.emplace();
    HandoverRecord record = to_record(handover);
    constexpr auto kMost = std::numeric_limits<std::int64_t>::max();
    constexpr auto kLeast = std::numeric_limits<std::int64_t>::min();
    record.checkpoint.advertise_at = kMost;
    record.checkpoint.timer_started = kMost;
    record.checkpoint.renew_at = kLeast;
    record.checkpoint.advertised_interval = kLeast;
    record.checkpoint.active_interval = kMost;
    record.checkpoint.leaver = {7, {}};
    record.held_count = 0xffffffff;
    record.failed_count = 0xffffffff;
    record.time_out_count = 0xffffffff;
    record.mark_count = 0xffffffff;
    record.marks[1].source.family = 4;
    record.time_outs[0].cause = 0xff;
    record.time_outs[1] = {1, {}, kMost, kMost};
    record.last_reason.data.fill('x');

    const auto back = to_handover(record, kNow);
    ASSERT_TRUE(back);
    const vrrp::Checkpoint &checkpoint = *back->checkpoint;
    constexpr Duration kYears = Seconds{10ll * 366 * 24 * 3600};
    EXPECT_LT(checkpoint.advertise_at, kNow + kYears);
    EXPECT_EQ(checkpoint.backup.timer_started, kNow);
    EXPECT_EQ(checkpoint.renew_at, Instant{});
    EXPECT_EQ(checkpoint.advertised_interval, Duration::zero());
    EXPECT_LT(checkpoint.backup.active_interval, kYears);
    EXPECT_FALSE(checkpoint.backup.leaver);
    EXPECT_EQ(back->held.size(), kMostHeld);
    EXPECT_EQ(back->failed.size(), kMostFailed);
    EXPECT_EQ(back->replay.marks.size(), 1u);
    ASSERT_EQ(back->time_outs.size(), 2u);
    EXPECT_EQ(back->time_outs[0].fault.backoff.length, kLongestBackoff);
    EXPECT_EQ(back->time_outs[0].fault.backoff.ends_at, kNow + kLongestBackoff);
    EXPECT_EQ(back->last.reason.size(), 256u);
}

TEST(HandoverRecord, AnyOctetsMayBeRead) {
    test::RandomBytes random(1);
    for (int i = 0; i < 1000; ++i) {
        const Buffer bytes = random.bytes(sizeof(HandoverRecord));
        HandoverRecord record{};
        std::memcpy(&record, bytes.data(), bytes.size());
        record.version = kHandoverVersion;
        record.length = sizeof(HandoverRecord);
        EXPECT_TRUE(to_handover(record, kNow));
    }
}

}  // namespace
}  // namespace ngx_vrrp::engine
