// Octets as text.

#include "core/notify/encoding.hpp"

#include <gtest/gtest.h>

namespace ngx_vrrp::notify {
namespace {

// RFC 4648, 10.
TEST(Base64, EncodesWhatTheStandardShows) {
    EXPECT_EQ(to_base64(""), "");
    EXPECT_EQ(to_base64("f"), "Zg==");
    EXPECT_EQ(to_base64("fo"), "Zm8=");
    EXPECT_EQ(to_base64("foo"), "Zm9v");
    EXPECT_EQ(to_base64("foobar"), "Zm9vYmFy");
    EXPECT_EQ(to_base64("\xff\xef\xbe"), "/+++");
}

TEST(PercentEncoded, LeavesUnreservedCharacters) {
    EXPECT_EQ(percent_encoded("aZ09-._~"), "aZ09-._~");
    EXPECT_EQ(percent_encoded("a+b/c= \xc3\xbc"), "a%2Bb%2Fc%3D%20%C3%BC");
}

TEST(QuotedPrintable, QuotesWhatIsNotPrintable) {
    EXPECT_EQ(quoted_printable("Z\xc3\xbcrich = gut\n"),
              "Z=C3=BCrich =3D gut\r\n");
    EXPECT_EQ(quoted_printable("\x01\x7f"), "=01=7F\r\n");
}

TEST(QuotedPrintable, QuotesBlanksAtTheEndOfALine) {
    EXPECT_EQ(quoted_printable("a b \nc\t\n"), "a b=20\r\nc=09\r\n");
}

TEST(QuotedPrintable, HasNoCarriageReturnOfOthers) {
    EXPECT_EQ(quoted_printable("a\r\nb\n"), "a=0D\r\nb\r\n");
}

TEST(QuotedPrintable, BreaksLongLines) {
    EXPECT_EQ(quoted_printable(std::string(80, 'x')),
              std::string(75, 'x') + "=\r\n" + "xxxxx\r\n");
    // nor in the middle of a character that is quoted
    EXPECT_EQ(quoted_printable(std::string(74, 'x') + "="),
              std::string(74, 'x') + "=\r\n=3D\r\n");
}

TEST(QuotedPrintable, KeepsEmptyLines) {
    EXPECT_EQ(quoted_printable("a\n\nb\n"), "a\r\n\r\nb\r\n");
    EXPECT_EQ(quoted_printable(""), "");
}

}  // namespace
}  // namespace ngx_vrrp::notify
