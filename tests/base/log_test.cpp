#include "core/base/log.hpp"

#include <gtest/gtest.h>

#include <utility>
#include <vector>

namespace ngx_vrrp {
namespace {

class RememberingSink : public LogSink {
public:
    void write(LogLevel level, std::string_view text) override {
        lines.emplace_back(level, text);
    }

    std::vector<std::pair<LogLevel, std::string>> lines;
};

TEST(Log, WritesOneLineWithItsLevel) {
    RememberingSink sink;
    const Log log(sink);

    log(LogLevel::warn, "interval %d ms from %s", 100, "10.99.0.1");

    ASSERT_EQ(sink.lines.size(), 1u);
    EXPECT_EQ(sink.lines[0].first, LogLevel::warn);
    EXPECT_EQ(sink.lines[0].second, "interval 100 ms from 10.99.0.1");
}

TEST(Log, AppendsItsContext) {
    RememberingSink sink;
    const Log log(sink, "vrrp_instance \"VI_1\", vrid 51");

    log(LogLevel::notice, "state backup -> active");

    EXPECT_EQ(sink.lines.at(0).second,
              "state backup -> active, vrrp_instance \"VI_1\", vrid 51");
}

TEST(Log, TakesItsContextLiterally) {
    RememberingSink sink;
    const Log log(sink, "interface %s%n");

    log(LogLevel::info, "dropped");

    EXPECT_EQ(sink.lines.at(0).second, "dropped, interface %s%n");
}

TEST(Log, ContinuesFromACopy) {
    RememberingSink sink;
    const Log copy = Log(sink, "vrid 51");

    copy(LogLevel::debug, "timer");

    EXPECT_EQ(sink.lines.at(0).second, "timer, vrid 51");
}

TEST(Log, CutsNothing) {
    RememberingSink sink;
    const Log log(sink);
    const std::string text(100'000, 'x');

    log(LogLevel::error, "<%s>", text.c_str());

    EXPECT_EQ(sink.lines.at(0).second, "<" + text + ">");
}

TEST(Format, MakesAStringOfTheRightLength) {
    EXPECT_EQ(format("%s", ""), "");
    EXPECT_EQ(format("%03d|%-3s|%c", 7, "ab", 'c'), "007|ab |c");
    EXPECT_EQ(format("%s", "twelve chars").size(), 12u);
}

}  // namespace
}  // namespace ngx_vrrp
