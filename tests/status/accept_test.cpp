#include "core/status/accept.hpp"

#include <gtest/gtest.h>

namespace ngx_vrrp::status {
namespace {

Format preferred(std::string_view header) {
    Preference preference;
    read_accept(header, preference);
    return preference.format;
}

TEST(Accept, NamesAType) {
    EXPECT_EQ(preferred("application/json"), Format::json);
    EXPECT_EQ(preferred("Text/HTML"), Format::html);
    EXPECT_EQ(preferred("text/plain"), Format::prometheus);
    EXPECT_EQ(preferred("application/openmetrics-text;version=1.0.0"),
              Format::openmetrics);
}

TEST(Accept, NamesNothingThatThereIs) {
    for (const char *header : {"", ",", ";", " , ;q=1,", "*/*", "text/*",
                               "text/htmlx", "text/htm", "image/png"}) {
        EXPECT_EQ(preferred(header), Format::json) << header;
    }
}

TEST(Accept, TheHighestQualityWins) {
    EXPECT_EQ(preferred("text/html;q=0.4, text/plain;q=0.5"),
              Format::prometheus);
    EXPECT_EQ(preferred("text/html ; level=1 ; Q=0.501,text/plain;q=0.5"),
              Format::html);
    EXPECT_EQ(preferred("text/html;q=0.999, text/plain"), Format::prometheus);
    EXPECT_EQ(preferred("text/html, text/plain"), Format::html);
    EXPECT_EQ(preferred("text/html;q=0.5, text/plain;q=.9"), Format::html);
}

TEST(Accept, AQualityOfZeroOrNoneRefuses) {
    for (const char *header :
         {"text/html;q=0", "text/html;q=0.000", "text/html;q=", "text/html;q=x",
          "text/html;q=2", "text/html;q=1.001", "text/html;q=0.1234",
          "text/html;q=-1", "text/html;q=1x"}) {
        EXPECT_EQ(preferred(header), Format::json) << header;
    }
}

TEST(Accept, SeveralHeadersAreOneList) {
    Preference preference;
    read_accept("text/html;q=0.5", preference);
    read_accept("text/plain;q=0.5", preference);
    EXPECT_EQ(preference.format, Format::html);
    read_accept("text/plain;q=0.6", preference);
    EXPECT_EQ(preference.format, Format::prometheus);
}

}  // namespace
}  // namespace ngx_vrrp::status
