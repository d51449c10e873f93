#include "core/check/loss_window.hpp"

#include <gtest/gtest.h>

namespace ngx_vrrp::check {
namespace {

TEST(LossWindow, NothingIsNoLoss) {
    EXPECT_EQ(LossWindow().percent(), 0u);
}

TEST(LossWindow, JudgesByWhatThereIs) {
    LossWindow window;

    window.add(true, 10);
    EXPECT_EQ(window.percent(), 100u);

    window.add(false, 10);
    window.add(false, 10);
    EXPECT_EQ(window.percent(), 33u);
    EXPECT_EQ(window.lost(), 1u);
    EXPECT_EQ(window.count(), 3u);
}

TEST(LossWindow, ForgetsTheOldest) {
    LossWindow window;
    window.add(true, 4);
    for (int n = 0; n < 4; n++) {
        window.add(false, 4);
    }
    EXPECT_EQ(window.percent(), 0u);
    EXPECT_EQ(window.count(), 4u);
}

TEST(LossWindow, ContinuesWhereAnotherWas) {
    for (unsigned lost = 0; lost <= 7; lost++) {
        LossWindow before;
        LossWindow window;
        for (unsigned n = 0; n < 7; n++) {
            before.add(n < lost, 7);
        }
        window.resume(before.percent(), 7);
        EXPECT_EQ(window.count(), 7u);
        EXPECT_EQ(window.lost(), lost);
    }
}

TEST(LossWindow, ShrinksWithItsSize) {
    LossWindow window;
    window.add(true, 3);
    window.add(true, 3);
    window.add(false, 1);
    EXPECT_EQ(window.percent(), 0u);
    EXPECT_EQ(window.count(), 1u);
}

}  // namespace
}  // namespace ngx_vrrp::check
