#include "core/base/plain_text.hpp"

#include <gtest/gtest.h>

#include <string>

namespace ngx_vrrp {
namespace {

TEST(PlainText, Names) {
    EXPECT_TRUE(is_name("VI_1"));
    EXPECT_TRUE(is_name("a.b-C"));
    EXPECT_TRUE(is_name(std::string(63, 'x')));
    EXPECT_FALSE(is_name(std::string(64, 'x')));
    for (const char *wrong :
         {"", "a b", "a/b", "a\"", "a\n", "\xc3\xa4", "`"}) {
        EXPECT_FALSE(is_name(wrong)) << wrong;
    }
    EXPECT_FALSE(is_name(std::string_view("a\0b", 3)));
}

TEST(PlainText, Lines) {
    EXPECT_TRUE(is_line("X-Header: one two"));
    EXPECT_TRUE(is_line("\xc3\xa4"));
    for (const char *wrong : {"", "a\nb", "a\r", "a\tb", "\x7f", "\x1b[1m"}) {
        EXPECT_FALSE(is_line(wrong)) << wrong;
    }
    EXPECT_FALSE(is_line(std::string_view("a\0", 2)));
}

TEST(PlainText, LastPartOfAPath) {
    EXPECT_EQ(last_part("/vrrp/control/release"), "release");
    EXPECT_EQ(last_part("/release"), "release");
    EXPECT_EQ(last_part("release"), "release");
    EXPECT_EQ(last_part("/release/"), "");
    EXPECT_EQ(last_part(""), "");
}

std::string secret(const std::string &text) {
    const SecretLine read = read_secret(text);
    return read.wrong != nullptr ? std::string("wrong: ") + read.wrong
                                 : std::string(read.line);
}

TEST(PlainText, ASecretIsTheOnlyLine) {
    EXPECT_EQ(secret("hunter2"), "hunter2");
    EXPECT_EQ(secret("hunter2\n"), "hunter2");
    EXPECT_EQ(secret("hunter2\r\n"), "hunter2");
    EXPECT_EQ(secret(" two words \n"), " two words ");
    EXPECT_EQ(secret(std::string(1024, 'x') + "\r\n"), std::string(1024, 'x'));
}

TEST(PlainText, WhatIsNoSecret) {
    const std::string wrong =
        "wrong: must contain one line of text of at most 1024 bytes";

    for (const char *empty : {"", "\n", "\r\n"}) {
        EXPECT_EQ(secret(empty), "wrong: is empty");
    }
    EXPECT_EQ(secret("one\ntwo\n"), wrong);
    EXPECT_EQ(secret("one\n\n"), wrong);
    EXPECT_EQ(secret(std::string("a\0b", 3)), wrong);
    EXPECT_EQ(secret(std::string(1025, 'x')), wrong);
}

}  // namespace
}  // namespace ngx_vrrp
