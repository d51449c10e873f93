// The module that was built without clang.
#include <gtest/gtest.h>

#include "core/net/drain_programs.hpp"

namespace ngx_vrrp::net {
namespace {

TEST(NoPrograms, SaysWhyThereAreNone) {
    const DrainPrograms programs = DrainPrograms::load();

    EXPECT_EQ("this module was built without clang",
              programs.why_unavailable());
}

}  // namespace
}  // namespace ngx_vrrp::net
