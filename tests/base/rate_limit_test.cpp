#include "core/base/rate_limit.hpp"

#include <gtest/gtest.h>

namespace ngx_vrrp {
namespace {

TEST(RateLimit, LetsOneThroughPerPeriodAndCountsTheRest) {
    RateLimit limit{Seconds{10}};
    const Instant start = instant_from_ns(5);

    EXPECT_TRUE(limit.allow(start));
    EXPECT_EQ(limit.take_suppressed(), 0u);
    EXPECT_FALSE(limit.allow(start + Seconds{9}));
    EXPECT_FALSE(limit.allow(start + Seconds{9}));
    EXPECT_TRUE(limit.allow(start + Seconds{10}));
    EXPECT_EQ(limit.take_suppressed(), 2u);
    EXPECT_EQ(limit.take_suppressed(), 0u);
}

}  // namespace
}  // namespace ngx_vrrp
