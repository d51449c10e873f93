#include "core/base/result.hpp"

#include <gtest/gtest.h>

#include <cerrno>
#include <memory>
#include <string>

#include "core/base/system_error.hpp"

namespace ngx_vrrp {
namespace {

Result<int, std::string> half_of(int number) {
    if (number % 2 != 0) {
        return Unexpected(std::string("odd"));
    }
    return number / 2;
}

TEST(Result, HoldsAValue) {
    const auto result = half_of(4);

    ASSERT_TRUE(result.has_value());
    EXPECT_TRUE(result);
    EXPECT_EQ(result.value(), 2);
    EXPECT_EQ(*result, 2);
}

TEST(Result, HoldsAnError) {
    const auto result = half_of(3);

    ASSERT_FALSE(result.has_value());
    EXPECT_FALSE(result);
    EXPECT_EQ(result.error(), "odd");
}

TEST(Result, DistinguishesAValueFromAnErrorOfTheSameType) {
    const Result<int, int> value = 1;
    const Result<int, int> error = Unexpected(1);

    EXPECT_TRUE(value.has_value());
    EXPECT_FALSE(error.has_value());
}

TEST(Result, ReachesIntoItsValue) {
    const Result<std::string, int> result = std::string("four");

    EXPECT_EQ(result->size(), 4u);
}

TEST(Result, GivesItsValueAway) {
    Result<std::unique_ptr<int>, int> result = std::make_unique<int>(7);

    const std::unique_ptr<int> taken = std::move(result.value());

    EXPECT_EQ(*taken, 7);
}

TEST(ResultDeathTest, IsAskedBeforeItIsRead) {
    EXPECT_DEATH((void)half_of(3).value(), "has_value");
    EXPECT_DEATH((void)half_of(4).error(), "has_value");
}

TEST(SystemError, ReadsAsInNginx) {
    const SystemError error{"bind() to 224.0.0.18", EADDRINUSE};

    EXPECT_EQ(error.to_string(),
              "bind() to 224.0.0.18 failed (98: Address already in use)");
}

TEST(Status, IsASuccessOrASystemError) {
    const Status failure = Unexpected(SystemError{"socket()", EPERM});

    EXPECT_TRUE(success());
    ASSERT_FALSE(failure);
    EXPECT_EQ(failure.error().code, EPERM);
}

}  // namespace
}  // namespace ngx_vrrp
