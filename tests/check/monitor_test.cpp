#include "core/check/monitor.hpp"

#include <gtest/gtest.h>

namespace ngx_vrrp::check {
namespace {

TEST(Monitor, FallsAfterSoManyFailuresInARow) {
    Monitor monitor(3, 2, Verdict::up);
    EXPECT_FALSE(monitor.add(false));
    EXPECT_FALSE(monitor.add(false));
    EXPECT_EQ(monitor.streak(), 2u);
    EXPECT_TRUE(monitor.add(false));
    EXPECT_EQ(monitor.verdict(), Verdict::down);
    EXPECT_EQ(monitor.streak(), 0u);
    EXPECT_FALSE(monitor.add(false));
}

TEST(Monitor, RisesAfterSoManyPassesInARow) {
    Monitor monitor(3, 2, Verdict::down);
    EXPECT_FALSE(monitor.add(true));
    EXPECT_TRUE(monitor.add(true));
    EXPECT_EQ(monitor.verdict(), Verdict::up);
    EXPECT_FALSE(monitor.add(true));
}

TEST(Monitor, AResultThatAgreesEndsTheStreak) {
    Monitor monitor(2, 2, Verdict::up);
    for (int i = 0; i < 5; ++i) {
        EXPECT_FALSE(monitor.add(false));
        EXPECT_TRUE(monitor.is_undecided());
        EXPECT_FALSE(monitor.add(true));
        EXPECT_FALSE(monitor.is_undecided());
    }
}

TEST(Monitor, TheFirstResultDecidesWhatIsUnknown) {
    for (const bool passed : {true, false}) {
        Monitor monitor(3, 2, Verdict::unknown);
        EXPECT_TRUE(monitor.is_undecided());
        EXPECT_TRUE(monitor.add(passed));
        EXPECT_EQ(monitor.verdict(), passed ? Verdict::up : Verdict::down);
        EXPECT_FALSE(monitor.is_undecided());
    }
}

TEST(Monitor, ContinuesWithAStreak) {
    Monitor monitor(3, 2, Verdict::up, 2);
    EXPECT_TRUE(monitor.is_undecided());
    EXPECT_TRUE(monitor.add(false));
}

// The configuration asks for less now than when the streak began.
TEST(Monitor, AStreakThatIsLongEnoughAlready) {
    Monitor monitor(1, 2, Verdict::up, 2);
    EXPECT_FALSE(Monitor(monitor).add(true));
    EXPECT_TRUE(monitor.add(false));
}

}  // namespace
}  // namespace ngx_vrrp::check
