// Valid and invalid UTF-8.

#include "core/base/utf8.hpp"

#include <gtest/gtest.h>

namespace ngx_vrrp {
namespace {

#define REPLACED "\xef\xbf\xbd"

TEST(Utf8, StaysAsItIs) {
    for (const char *text :
         {"", "plain", "\xc3\xbc", "\xe4\xb8\xbb\xe6\x9c\xba", "\xed\x9f\xbf",
          "\xee\x80\x80", "\xf0\x9f\x9a\xa8", "\xf4\x8f\xbf\xbf"}) {
        EXPECT_EQ(valid_utf8(text), text);
    }
}

TEST(Utf8, KeepsZeros) {
    const std::string_view text("a\0b", 3);
    EXPECT_EQ(valid_utf8(text), text);
}

TEST(Utf8, ReplacesWhatIsNone) {
    EXPECT_EQ(valid_utf8("a\x80z"), "a" REPLACED "z");
    EXPECT_EQ(valid_utf8("a\xffz"), "a" REPLACED "z");
    EXPECT_EQ(valid_utf8("a\xf5z"), "a" REPLACED "z");
}

TEST(Utf8, ReplacesWhatHasBeenCut) {
    EXPECT_EQ(valid_utf8("a\xc3"), "a" REPLACED);
    EXPECT_EQ(valid_utf8("a\xf0\x9f\x9a"), "a" REPLACED);
    EXPECT_EQ(valid_utf8("a\xe4\xb8z"), "a" REPLACED "z");
}

TEST(Utf8, ReplacesLongForms) {
    EXPECT_EQ(valid_utf8("\xc0\xaf"), REPLACED REPLACED);
    EXPECT_EQ(valid_utf8("\xe0\x80\xaf"), REPLACED REPLACED REPLACED);
    EXPECT_EQ(valid_utf8("\xf0\x80\x80\xaf"),
              REPLACED REPLACED REPLACED REPLACED);
}

TEST(Utf8, ReplacesSurrogatesAndWhatIsBeyondTheEnd) {
    EXPECT_EQ(valid_utf8("\xed\xa0\x80"), REPLACED REPLACED REPLACED);
    EXPECT_EQ(valid_utf8("\xf4\x90\x80\x80"),
              REPLACED REPLACED REPLACED REPLACED);
}

TEST(Utf8, CutsBetweenCharacters) {
    EXPECT_EQ(whole_characters("abc", 4), "abc");
    EXPECT_EQ(whole_characters("abc", 2), "ab");
    EXPECT_EQ(whole_characters("a\xe4\xb8\xad", 4), "a\xe4\xb8\xad");
    EXPECT_EQ(whole_characters("a\xe4\xb8\xad", 3), "a");
    EXPECT_EQ(whole_characters("\xe4\xb8\xad", 2), "");
}

}  // namespace
}  // namespace ngx_vrrp
