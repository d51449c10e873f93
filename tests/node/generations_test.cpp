// What is known of a peer outlives the processes that found it out.

#include <gtest/gtest.h>

#include "tests/node/configuration.hpp"

namespace ngx_vrrp::node {
namespace {

TEST(Generations, KnowWhatTheOneBeforeHasFound) {
    Configuration first({tcp_check("a"), tcp_check("b")});
    const SharedArea area(first.conf);
    ASSERT_EQ(first.begin(area), VRRP_CORE_OK);
    take_down(first, area, 1);

    Configuration second({tcp_check("c"), tcp_check("b"), tcp_check("a")});
    ASSERT_EQ(second.begin(area), VRRP_CORE_OK);

    EXPECT_EQ(verdict(area, second, 0), VRRP_CORE_UP);
    EXPECT_EQ(verdict(area, second, 1), VRRP_CORE_DOWN);
    EXPECT_EQ(verdict(area, second, 2), VRRP_CORE_UP);
    // Processes of the first are still there.
    EXPECT_EQ(verdict(area, first, 1), VRRP_CORE_DOWN);
}

TEST(Generations, PassThingsOnToAnotherArea) {
    Configuration first({tcp_check("a"), tcp_check("b")});
    const SharedArea area(first.conf);
    ASSERT_EQ(first.begin(area), VRRP_CORE_OK);
    take_down(first, area, 0);

    Configuration second({tcp_check("b"), tcp_check("a"), tcp_check("c")});
    const SharedArea larger(second.conf);
    second.conf.previous_area = area.get();
    ASSERT_EQ(second.begin(larger), VRRP_CORE_OK);

    EXPECT_EQ(verdict(larger, second, 0), VRRP_CORE_UP);
    EXPECT_EQ(verdict(larger, second, 1), VRRP_CORE_DOWN);
}

TEST(Generations, OneMayHaveComeToNothing) {
    Configuration first({tcp_check("a")});
    const SharedArea area(first.conf);
    ASSERT_EQ(first.begin(area), VRRP_CORE_OK);
    take_down(first, area, 0);
    vrrp_core_begin_generation(area.get());

    Configuration third({tcp_check("a")});
    ASSERT_EQ(third.begin(area), VRRP_CORE_OK);

    EXPECT_EQ(verdict(area, third, 0), VRRP_CORE_DOWN);
}

TEST(Generations, SayWhenThereIsNoRoom) {
    Configuration first({tcp_check("a")});
    const SharedArea area(first.conf);

    Configuration second(
        std::vector<vrrp_core_check_conf_t>(1000, tcp_check("a")));
    EXPECT_EQ(second.begin(area), VRRP_CORE_ERROR);
}

}  // namespace
}  // namespace ngx_vrrp::node
