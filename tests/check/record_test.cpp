#include "core/check/record.hpp"

#include <gtest/gtest.h>

namespace ngx_vrrp::check {
namespace {

// Which part has which characters makes a difference.
TEST(Record, KeyDistinguishesNamesThatRunTogether) {
    const Identity one{
        .context = "http", .group = "web1", .name = "0", .address = "a"};
    const Identity other{
        .context = "http", .group = "web", .name = "10", .address = "a"};

    EXPECT_NE(key_of(one), key_of(other));
    EXPECT_EQ(key_of(one), key_of(Identity{one}));
}

}  // namespace
}  // namespace ngx_vrrp::check
