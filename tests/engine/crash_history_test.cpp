#include "core/engine/crash_history.hpp"

#include <gtest/gtest.h>

namespace ngx_vrrp::engine {
namespace {

class CrashHistoryTest : public ::testing::Test {
protected:
    void crash_after(Duration d) {
        now += d;
        history.add_crash(now);
    }

    bool is_out() const { return history.out.is_out(now); }

    CrashHistory history;
    Instant now = instant_from_ns(5'000'000'000);
};

TEST_F(CrashHistoryTest, TwoCrashesChangeNothing) {
    crash_after(Seconds{1});
    crash_after(Seconds{1});
    EXPECT_FALSE(is_out());
    EXPECT_EQ(history.crashes, 2u);
}

TEST_F(CrashHistoryTest, RareCrashesChangeNothing) {
    for (int i = 0; i < 20; ++i) {
        crash_after(Seconds{31});
        EXPECT_FALSE(is_out());
    }
}

TEST_F(CrashHistoryTest, ThreeWithinAMinuteAreALoop) {
    crash_after(Seconds{1});
    crash_after(Seconds{29});
    crash_after(Seconds{29});
    EXPECT_TRUE(is_out());
    EXPECT_EQ(history.reason(),
              "the vrrp process crashed 3 times within 60 s, staying in FAULT "
              "for 10 s");
    now += Seconds{10};
    EXPECT_FALSE(is_out());
}

TEST_F(CrashHistoryTest, CrashWhileOutMakesTheTimeStartAgain) {
    for (int i = 0; i < 10; ++i) {
        crash_after(Seconds{1});
    }
    EXPECT_EQ(history.out.length, Seconds{10});
    EXPECT_EQ(history.out.ends_at, now + Seconds{10});
    EXPECT_EQ(history.crashes, 10u);
}

TEST_F(CrashHistoryTest, CrashSoonAfterTheTimeDoublesIt) {
    for (int i = 0; i < 3; ++i) {
        crash_after(Seconds{1});
    }
    for (const int seconds : {20, 40, 80, 160, 320, 600, 600}) {
        now = history.out.ends_at;
        crash_after(Seconds{59});
        EXPECT_EQ(history.out.length, Seconds{seconds});
        EXPECT_TRUE(is_out());
    }
    EXPECT_EQ(history.reason(),
              "the vrrp process crashed again, staying in FAULT for 600 s");
}

TEST_F(CrashHistoryTest, CrashAMinuteAfterTheTimeIsOne) {
    for (int i = 0; i < 3; ++i) {
        crash_after(Seconds{1});
    }
    now = history.out.ends_at;
    crash_after(Seconds{60});
    EXPECT_FALSE(is_out());
}

TEST_F(CrashHistoryTest, LoopIsForgottenAfterAQuietTime) {
    for (int i = 0; i < 3; ++i) {
        crash_after(Seconds{1});
    }
    now = history.out.ends_at + Seconds{600};
    for (int i = 0; i < 3; ++i) {
        crash_after(Seconds{1});
    }
    EXPECT_EQ(history.out.length, Seconds{10});
}

}  // namespace
}  // namespace ngx_vrrp::engine
