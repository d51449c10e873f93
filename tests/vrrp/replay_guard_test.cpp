#include "core/vrrp/replay_guard.hpp"

#include <gtest/gtest.h>

#include <string>

#include "core/vrrp/hmac_key.hpp"

namespace ngx_vrrp::vrrp {
namespace {

using wire::Sequence;
using wire::sequence_of;

constexpr WallTime kNow{Seconds{1'700'000'000}};

HmacConfig by_time() {
    return {.keys = {{1, Buffer(32, 'k')}}, .active_key = 1};
}

HmacConfig monotonic() {
    HmacConfig config = by_time();
    config.anti_replay = AntiReplay::monotonic;
    return config;
}

IpAddress peer(unsigned n = 2) {
    return IpAddress::v4({10, 0, 1, static_cast<std::uint8_t>(n)});
}

class ReplayGuardTest : public ::testing::Test {
protected:
    bool admit(Sequence sequence, WallTime now = kNow,
               const HmacConfig &config = by_time()) {
        return ReplayGuard::is_in_time(config, sequence, now) &&
               guard.admit(config, peer(), sequence, 0, now);
    }

    ReplayGuard guard;
};

TEST_F(ReplayGuardTest, SequenceIsTheTimeAndGrows) {
    const Sequence first = guard.next(by_time(), kNow);
    EXPECT_EQ(first, sequence_of(kNow));
    EXPECT_EQ(guard.next(by_time(), kNow), first + 1);
    EXPECT_EQ(guard.next(by_time(), kNow - Seconds{5}), first + 2);
    EXPECT_EQ(guard.next(by_time(), kNow + Seconds{1}),
              sequence_of(kNow + Seconds{1}));
}

// The receivers refuse a time beyond the window.
TEST_F(ReplayGuardTest, ClockThatIsSetBackBeginsAgain) {
    guard.next(by_time(), kNow);
    EXPECT_EQ(guard.next(by_time(), kNow - Seconds{6}),
              sequence_of(kNow - Seconds{6}));

    const Sequence first = guard.next(monotonic(), kNow);
    EXPECT_EQ(guard.next(monotonic(), kNow - Seconds{6000}), first + 1);
}

// The seconds have 32 bits.
TEST_F(ReplayGuardTest, WorksAfter2038) {
    const WallTime later{Seconds{0xf000'0000}};
    const Sequence first = guard.next(monotonic(), later);
    EXPECT_EQ(first, sequence_of(later));
    EXPECT_EQ(guard.next(monotonic(), later), first + 1);
    EXPECT_TRUE(admit(first, later));
    EXPECT_FALSE(admit(first, later));
}

TEST_F(ReplayGuardTest, CopyIsNotAdmitted) {
    const Sequence sequence = sequence_of(kNow);
    EXPECT_TRUE(admit(sequence));
    EXPECT_FALSE(admit(sequence));
    EXPECT_FALSE(admit(sequence - 1));
    EXPECT_TRUE(admit(sequence + 1));
    EXPECT_FALSE(admit(sequence));
}

TEST_F(ReplayGuardTest, WindowIsOnBothSides) {
    const auto is_in_time = [](int ahead) {
        return ReplayGuard::is_in_time(
            by_time(), sequence_of(kNow + Seconds{ahead}), kNow);
    };
    for (const int ahead : {-5, 5}) {
        EXPECT_TRUE(is_in_time(ahead)) << ahead;
    }
    for (const int ahead : {-6, 6, -100000, 100000}) {
        EXPECT_FALSE(is_in_time(ahead)) << ahead;
    }
    EXPECT_EQ(clock_difference(sequence_of(kNow + Seconds{37}), kNow),
              Seconds{37});
    EXPECT_EQ(clock_difference(sequence_of(kNow - Seconds{37}), kNow),
              Seconds{-37});
}

// Its clock was ahead, and was corrected: the mark is outside of the window
// soon, and then forbids nothing.
TEST_F(ReplayGuardTest, SenderWhoseClockWasSetBackIsHeardAgain) {
    EXPECT_TRUE(admit(sequence_of(kNow + Seconds{5})));
    EXPECT_FALSE(admit(sequence_of(kNow)));
    EXPECT_FALSE(admit(sequence_of(kNow + Seconds{4}), kNow + Seconds{4}));
    EXPECT_TRUE(admit(sequence_of(kNow + Seconds{11}), kNow + Seconds{11}));

    // or ours was ahead
    EXPECT_TRUE(admit(sequence_of(kNow), kNow));
}

TEST_F(ReplayGuardTest, MonotonicHasNoWindow) {
    const Sequence old = sequence_of(kNow - Seconds{100'000});
    EXPECT_TRUE(admit(old, kNow, monotonic()));
    EXPECT_FALSE(admit(old, kNow, monotonic()));
    EXPECT_TRUE(admit(old + 1, kNow, monotonic()));
    EXPECT_TRUE(admit(sequence_of(kNow + Seconds{9999}), kNow, monotonic()));
    EXPECT_FALSE(admit(sequence_of(kNow), kNow, monotonic()));
}

TEST_F(ReplayGuardTest, SendersAreApart) {
    const Sequence sequence = sequence_of(kNow);
    EXPECT_TRUE(guard.admit(by_time(), peer(2), sequence, 0, kNow));
    EXPECT_TRUE(guard.admit(by_time(), peer(3), sequence, 0, kNow));
    EXPECT_FALSE(guard.admit(by_time(), peer(2), sequence, 0, kNow));
}

// Among multicast senders, those heard longest ago are forgotten; unicast peers
// all have their mark.
TEST_F(ReplayGuardTest, MarksAreBounded) {
    const Sequence sequence = sequence_of(kNow);
    for (const std::size_t peers : {std::size_t{0}, std::size_t{40}}) {
        guard.resume({});
        for (unsigned n = 1; n <= 40; ++n) {
            EXPECT_TRUE(guard.admit(by_time(), peer(n), sequence, peers, kNow));
        }
        EXPECT_EQ(guard.state().marks.size(), peers == 0 ? 16u : 40u);
        EXPECT_EQ(guard.state().marks[0].source, peer(40));
        EXPECT_FALSE(guard.admit(by_time(), peer(25), sequence, peers, kNow));
    }
}

TEST_F(ReplayGuardTest, NextProcessContinues) {
    const Sequence sent = guard.next(by_time(), kNow);
    EXPECT_TRUE(admit(sequence_of(kNow)));

    ReplayGuard next;
    next.resume(guard.state());
    EXPECT_EQ(next.next(by_time(), kNow), sent + 1);
    EXPECT_FALSE(next.admit(by_time(), peer(), sequence_of(kNow), 0, kNow));
}

// After a crash, the time continues the sequence.
TEST_F(ReplayGuardTest, NewProcessContinuesWithTheTime) {
    const Sequence sent = guard.next(by_time(), kNow);
    EXPECT_TRUE(wire::is_after(
        ReplayGuard{}.next(by_time(), kNow + Milliseconds{1}), sent));
}

TEST(HmacKey, HasTheFormsOfKeepalived) {
    const std::string digits =
        "000102030405060708090a0b0c0d0e0f"
        "101112131415161718191A1B1C1D1E1F";
    const Buffer hex = read_hmac_key("hex:" + digits).secret;
    ASSERT_EQ(hex.size(), 32u);
    EXPECT_EQ(hex[31], 0x1f);

    const std::string text(32, 'k');
    EXPECT_EQ(read_hmac_key(text).secret, Buffer(32, 'k'));
    EXPECT_EQ(read_hmac_key("ascii:" + text).secret, Buffer(32, 'k'));
    EXPECT_EQ(read_hmac_key(digits).secret.size(), 64u);
}

TEST(HmacKey, WrongOnesAreRefused) {
    const std::string_view length = "must have 32 to 64 bytes";
    EXPECT_EQ(read_hmac_key("").wrong, length);
    EXPECT_EQ(read_hmac_key("hex:").wrong, length);
    EXPECT_EQ(read_hmac_key(std::string(31, 'k')).wrong, length);
    EXPECT_EQ(read_hmac_key(std::string(65, 'k')).wrong, length);
    EXPECT_EQ(read_hmac_key(std::string(64, 'k')).wrong, nullptr);
    EXPECT_EQ(read_hmac_key("hex:" + std::string(62, '0')).wrong, length);
    for (const std::string &digits :
         {std::string(63, '0'), std::string(63, '0') + "g",
          std::string(62, '0') + " 0"}) {
        EXPECT_EQ(std::string_view(read_hmac_key("hex:" + digits).wrong),
                  "must have pairs of hexadecimal digits after \"hex:\"");
    }
}

}  // namespace
}  // namespace ngx_vrrp::vrrp
