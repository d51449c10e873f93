#include "core/vrrp/preempt_window.hpp"

#include <gtest/gtest.h>

namespace ngx_vrrp::vrrp {
namespace {

using std::chrono::hours;
using std::chrono::seconds;

constexpr PreemptWindow kNight{hours{2}, hours{4}};
constexpr PreemptWindow kMidnight{hours{22}, hours{6}};
constexpr PreemptWindow kEvening{hours{22}, hours{24}};

TEST(PreemptWindow, HasItsFirstMinuteButNotItsLast) {
    EXPECT_FALSE(kNight.contains(hours{2} - seconds{1}));
    EXPECT_TRUE(kNight.contains(hours{2}));
    EXPECT_TRUE(kNight.contains(hours{4} - seconds{1}));
    EXPECT_FALSE(kNight.contains(hours{4}));
}

TEST(PreemptWindow, MayCrossMidnight) {
    EXPECT_TRUE(kMidnight.contains(hours{22}));
    EXPECT_TRUE(kMidnight.contains(hours{24} - seconds{1}));
    EXPECT_TRUE(kMidnight.contains(seconds{0}));
    EXPECT_TRUE(kMidnight.contains(hours{6} - seconds{1}));
    EXPECT_FALSE(kMidnight.contains(hours{6}));
    EXPECT_FALSE(kMidnight.contains(hours{22} - seconds{1}));
}

TEST(PreemptWindow, MayEndAtMidnight) {
    EXPECT_TRUE(kEvening.contains(hours{24} - seconds{1}));
    EXPECT_FALSE(kEvening.contains(seconds{0}));
}

TEST(PreemptWindow, FirstOpenOneIsNamed) {
    const PreemptWindows windows{{hours{12}, hours{13}}, kNight, kMidnight};

    EXPECT_EQ(open_window(windows, hours{3}), "02:00-04:00");
    EXPECT_EQ(open_window(windows, hours{23}), "22:00-06:00");
    EXPECT_EQ(open_window(windows, hours{14}), "");
    EXPECT_EQ(open_window({}, hours{3}), "");
}

}  // namespace
}  // namespace ngx_vrrp::vrrp
