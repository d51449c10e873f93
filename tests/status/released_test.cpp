#include "core/status/released.hpp"

#include <gtest/gtest.h>

#include <string>

namespace ngx_vrrp::status {
namespace {

TEST(ReleasedRouters, AreRememberedByName) {
    ReleasedRouters released{};

    EXPECT_TRUE(released.set("51/ipv4/eth0", true));
    EXPECT_TRUE(released.set("51/ipv4/eth0", true));
    EXPECT_TRUE(released.contains("51/ipv4/eth0"));
    EXPECT_FALSE(released.contains("51/ipv6/eth0"));

    EXPECT_TRUE(released.set("51/ipv4/eth0", false));
    EXPECT_FALSE(released.contains("51/ipv4/eth0"));
    EXPECT_TRUE(released.set("51/ipv4/eth0", false));
}

TEST(ReleasedRouters, HaveTermsUntilTheyAreResumed) {
    ReleasedRouters released{};
    EXPECT_EQ(released.terms_of("a"), std::nullopt);

    EXPECT_TRUE(released.set("a", true, 7));
    EXPECT_TRUE(released.set("b", true, 8));
    EXPECT_EQ(released.terms_of("a"), 7u);
    EXPECT_EQ(released.terms_of("b"), 8u);
    EXPECT_TRUE(released.set("a", true, 9));
    EXPECT_EQ(released.terms_of("a"), 9u);

    EXPECT_TRUE(released.set("a", false));
    EXPECT_EQ(released.terms_of("a"), std::nullopt);
    EXPECT_TRUE(released.set("c", true));
    EXPECT_EQ(released.terms_of("c"), 0u);
}

TEST(ReleasedRouters, HaveRoomForSoMany) {
    ReleasedRouters released{};
    const auto name = [](std::size_t i) {
        return std::to_string(i) + "/ipv4/eth0";
    };
    for (std::size_t i = 0; i < ReleasedRouters::kRoom; ++i) {
        EXPECT_TRUE(released.set(name(i), true));
    }

    EXPECT_FALSE(released.set("one more", true));
    EXPECT_TRUE(released.set(name(7), true));
    released.set(name(7), false);
    EXPECT_TRUE(released.set("one more", true));
    EXPECT_TRUE(released.contains(name(8)));
}

}  // namespace
}  // namespace ngx_vrrp::status
