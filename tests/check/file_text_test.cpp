#include "core/check/file_text.hpp"

#include <gtest/gtest.h>

#include <string>

namespace ngx_vrrp::check {
namespace {

std::string meaning_of(const std::string &text) {
    const Outcome outcome = judge_file_text(text);
    return outcome.passed() ? std::to_string(outcome.value)
                            : outcome.failure.text;
}

TEST(FileText, IsANumberPerhapsBetweenWhiteSpace) {
    EXPECT_EQ(meaning_of("42"), "42");
    EXPECT_EQ(meaning_of(" \t-7\r\n"), "-7");
    EXPECT_EQ(meaning_of("+5\n"), "5");
    EXPECT_EQ(meaning_of("-9223372036854775808"), "-9223372036854775808");
}

TEST(FileText, NothingIsZero) {
    EXPECT_EQ(meaning_of(""), "0");
    EXPECT_EQ(meaning_of("\n"), "0");
}

TEST(FileText, WhatIsNoNumberIsAFailure) {
    EXPECT_EQ(meaning_of("5 apples"), "not a number: \"5 apples\"");
    EXPECT_EQ(meaning_of("+-5"), "not a number: \"+-5\"");
    EXPECT_EQ(meaning_of("9223372036854775808"),
              "not a number: \"9223372036854775808\"");
    EXPECT_EQ(meaning_of("\xff\ntwo"), "not a number: \"?\"");
}

TEST(FileText, WhatMayContinueIsNoNumber) {
    const std::string blanks(kLongestFileText, ' ');
    EXPECT_EQ(meaning_of(blanks), "0");
    EXPECT_EQ(meaning_of(blanks + " "), "not a number: \"\"");
    EXPECT_EQ(meaning_of("1" + blanks), "not a number: \"1\"");
}

}  // namespace
}  // namespace ngx_vrrp::check
