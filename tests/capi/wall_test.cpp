// Functions of the C interface that belong to no process.

#include "core/capi/wall.hpp"

#include <gtest/gtest.h>

#include <stdexcept>
#include <string>

namespace ngx_vrrp {
namespace {

TEST(Wall, AnExceptionBecomesTheOtherResult) {
    EXPECT_EQ(guarded(-1, [] { return 7; }), 7);
    EXPECT_EQ(guarded(-1, []() -> int { throw std::runtime_error("a"); }), -1);
    EXPECT_EQ(guarded(-1, []() -> int { throw 42; }), -1);
    guarded([] { throw 42; });
}

TEST(Wall, WhatIsWrongIsReported) {
    char why[8] = "old";
    EXPECT_EQ(report(why, sizeof(why), [] { return std::string(); }),
              VRRP_CORE_OK);
    EXPECT_STREQ(why, "");

    EXPECT_EQ(
        report(why, sizeof(why), [] { return std::string("much too long"); }),
        VRRP_CORE_ERROR);
    EXPECT_STREQ(why, "much to");

    EXPECT_EQ(report(why, sizeof(why), []() -> std::string { throw 42; }),
              VRRP_CORE_ERROR);
    EXPECT_STREQ(why, "out of ");
}

}  // namespace
}  // namespace ngx_vrrp
