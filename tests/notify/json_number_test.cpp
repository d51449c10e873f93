// Numbers in an answer, and texts that are not JSON.

#include "core/notify/json_number.hpp"

#include <gtest/gtest.h>

#include <string>

namespace ngx_vrrp::notify {
namespace {

std::optional<std::int64_t> errcode(std::string_view json) {
    return find_number(json, "errcode");
}

TEST(FindNumber, FindsAMember) {
    EXPECT_EQ(errcode(R"({"errcode":0,"errmsg":"ok"})"), 0);
    EXPECT_EQ(errcode(R"({"errmsg":"too fast","errcode":130101})"), 130101);
    EXPECT_EQ(errcode(" {\r\n\t\"errcode\" : -1 } \n"), -1);
    EXPECT_EQ(errcode(R"({"a":[1,{"b":[]}],"c":{},"errcode":7,"d":null})"), 7);
    EXPECT_EQ(errcode(R"({"a":"\"\\\/\b\f\n\r\t\u00fc","errcode":7})"), 7);
    EXPECT_EQ(errcode(R"({"a":[true,false,-0.5e+3,1E2,0],"errcode":7})"), 7);
    EXPECT_EQ(errcode("{\"m\":\"\xe6\x88\x90\",\"errcode\":7}"), 7);
}

TEST(FindNumber, LooksAtTheTopOnly) {
    EXPECT_EQ(errcode(R"({"a":{"errcode":0}})"), std::nullopt);
    EXPECT_EQ(errcode(R"([{"errcode":0}])"), std::nullopt);
    EXPECT_EQ(errcode(R"({"a":"\"errcode\":0"})"), std::nullopt);
    EXPECT_EQ(errcode(R"({"errcodes":0,"errcod":0})"), std::nullopt);
}

TEST(FindNumber, WantsAnInteger) {
    for (const char *value : {"\"0\"", "null", "true", "0.0", "1e2", "{}",
                              "[0]", "9223372036854775808"}) {
        EXPECT_EQ(errcode("{\"errcode\":" + std::string(value) + "}"),
                  std::nullopt)
            << value;
    }
    EXPECT_EQ(errcode(R"({"errcode":9223372036854775807})"),
              9223372036854775807);
}

TEST(FindNumber, DoesNotChooseOfTwo) {
    EXPECT_EQ(errcode(R"({"errcode":0,"errcode":0})"), std::nullopt);
    EXPECT_EQ(errcode(R"({"errcode":0,"errcode":"x"})"), std::nullopt);
}

std::optional<std::string> errmsg(std::string_view json) {
    return find_text(json, "errmsg");
}

TEST(FindText, FindsWhatIsMeant) {
    EXPECT_EQ(errmsg(R"({"errcode":0,"errmsg":"ok"})"), "ok");
    EXPECT_EQ(errmsg(R"({"errmsg":""})"), "");
    EXPECT_EQ(errmsg(R"({"errmsg":"\"\\\/\b\f\n\r\t"})"), "\"\\/\b\f\n\r\t");
    EXPECT_EQ(errmsg(R"({"errmsg":"\u0041\u00fc\u5173\ud83d\ude00"})"),
              "A\xc3\xbc\xe5\x85\xb3\xf0\x9f\x98\x80");
    EXPECT_EQ(errmsg("{\"errmsg\":\"\xd5\xca\"}"), "\xef\xbf\xbd\xef\xbf\xbd");
}

TEST(FindText, WantsWholeSurrogatePairs) {
    EXPECT_EQ(errmsg(R"({"errmsg":"\ud83d\u0041"})"), std::nullopt);
    EXPECT_EQ(errmsg(R"({"errmsg":"\ude00"})"), std::nullopt);
}

TEST(FindText, WantsAString) {
    EXPECT_EQ(errmsg(R"({"errmsg":7})"), std::nullopt);
    EXPECT_EQ(errmsg(R"({"errmsg":"a","errmsg":"b"})"), std::nullopt);
    EXPECT_EQ(errmsg(R"({"errmsg":"a","errmsg":0})"), std::nullopt);
    EXPECT_EQ(errmsg(R"({"a":{"errmsg":"a"}})"), std::nullopt);
    EXPECT_EQ(errmsg(R"({"errmsg":"a")"), std::nullopt);
}

TEST(FindNumber, WantsJson) {
    for (const char *text : {"",
                             "0",
                             "ok",
                             "{",
                             "{}}",
                             "{\"errcode\":0",
                             "{\"errcode\":0,}",
                             "{\"errcode\":00}",
                             "{\"errcode\":+1}",
                             "{\"errcode\":-}",
                             "{\"errcode\":0} x",
                             "{errcode:0}",
                             "{\"errcode\" 0}",
                             "{\"errcode\":0,\"a\":\"\\x\"}",
                             "{\"errcode\":0,\"a\":\"\\u12g4\"}",
                             "{\"errcode\":0,\"a\":\"\n\"}",
                             "{\"errcode\":0,\"a\":[1,]}",
                             "{\"errcode\":0,\"a\":1.}",
                             "{\"errcode\":0,\"a\":1e}",
                             "{\"errcode\":0,\"a\":nul}",
                             "{\"errcode\":0,\"a\":\"\\qtrue}",
                             "{\"errcode\":0,\"a\":\"\\",
                             "<html>{\"errcode\":0}</html>"}) {
        EXPECT_EQ(errcode(text), std::nullopt) << text;
    }
}

TEST(FindNumber, DoesNotDiveForever) {
    const auto nested = [](std::size_t depth) {
        return "{\"a\":" + std::string(depth, '[') + std::string(depth, ']') +
               ",\"errcode\":7}";
    };
    EXPECT_EQ(errcode(nested(30)), 7);
    EXPECT_EQ(errcode(nested(40)), std::nullopt);
    EXPECT_EQ(errcode(nested(1000000)), std::nullopt);
}

}  // namespace
}  // namespace ngx_vrrp::notify
