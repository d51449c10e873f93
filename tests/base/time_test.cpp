#include "core/base/time.hpp"

#include <gtest/gtest.h>

#include <type_traits>

namespace ngx_vrrp {
namespace {

using namespace std::chrono_literals;

// The classic mistake of VRRP implementations.
static_assert(!std::is_convertible_v<Centiseconds, std::chrono::seconds>);
static_assert(!std::is_convertible_v<Duration, Centiseconds>);
static_assert(!std::is_convertible_v<int, Duration>);
static_assert(!std::is_convertible_v<Duration, Instant>);
static_assert(std::is_convertible_v<Centiseconds, Duration>);

TEST(Time, HoldsTheLargestAdvertIntervalExactly) {
    EXPECT_EQ(Duration{Centiseconds{4095}}, 40'950ms);
    EXPECT_EQ(Duration{Centiseconds{1}}, 10ms);
}

TEST(Time, KeepsTheSkewOfPriority254At10ms) {
    EXPECT_EQ(Duration{10ms} * (256 - 254) / 256, 78'125ns);
}

TEST(Time, CountsNanosecondsSinceBoot) {
    const Instant t = instant_from_ns(1'500'000'000);

    EXPECT_EQ(to_ns(t), 1'500'000'000);
    EXPECT_EQ(to_ns(t + 250ms), 1'750'000'000);
    EXPECT_EQ(t - instant_from_ns(0), 1500ms);
}

TEST(Time, ReachesFurtherThanAnyUptime) {
    const Instant century = instant_from_ns(0) + std::chrono::years{100};

    EXPECT_GT(century, instant_from_ns(0));
}

TEST(Time, RoundsMillisecondsDown) {
    EXPECT_EQ(to_ms(3'609'999'999ns), 3609);
    EXPECT_EQ(to_ms(999'999ns), 0);
}

}  // namespace
}  // namespace ngx_vrrp
