// JSON as it is written.

#include "core/base/json_writer.hpp"

#include <gtest/gtest.h>

namespace ngx_vrrp {
namespace {

TEST(JsonWriter, CommasAndNesting) {
    JsonWriter json;
    json.begin_object().member("a", 1).key("b").begin_array();
    json.value(1).value(true).null().end_array().member("c", "x").end_object();
    EXPECT_EQ(json.text(), R"({"a":1,"b":[1,true,null],"c":"x"})");
}

TEST(JsonWriter, Thousandths) {
    JsonWriter json;
    json.begin_array();
    for (const std::int64_t number : {0, 7, 1040, 123456}) {
        json.thousandths(number);
    }
    json.end_array();
    EXPECT_EQ(json.text(), "[0.000,0.007,1.040,123.456]");
}

TEST(JsonWriter, Escapes) {
    JsonWriter json;
    json.value("\"\\\n\x01");
    EXPECT_EQ(json.text(), "\"\\\"\\\\\\u000a\\u0001\"");
}

TEST(JsonWriter, WritesUtf8Only) {
    JsonWriter json;
    json.value("Z\xc3\xbcrich \xff");
    EXPECT_EQ(json.text(), "\"Z\xc3\xbcrich \xef\xbf\xbd\"");
}

}  // namespace
}  // namespace ngx_vrrp
