#include "core/base/first_line.hpp"

#include <gtest/gtest.h>

namespace ngx_vrrp {
namespace {

TEST(FirstLine, IsAllOrWhatIsBeforeItsEnd) {
    EXPECT_EQ(first_line("", 10), "");
    EXPECT_EQ(first_line("one line", 10), "one line");
    EXPECT_EQ(first_line("one\ntwo\n", 10), "one");
    EXPECT_EQ(first_line("one\r\ntwo", 10), "one");
    EXPECT_EQ(first_line("\ntwo", 10), "");
}

TEST(FirstLine, IsCut) {
    EXPECT_EQ(first_line("0123456789", 4), "0123");
    EXPECT_EQ(first_line("0123", 4), "0123");
}

TEST(FirstLine, ShowsNothingThatATerminalObeys) {
    EXPECT_EQ(first_line("a\x1b[1m\tb\x7f", 20), "a?[1m?b?");
    EXPECT_EQ(first_line(std::string_view("a\0b", 3), 20), "a?b");
    EXPECT_EQ(first_line("\xc3\xa4", 20), "??");
}

}  // namespace
}  // namespace ngx_vrrp
