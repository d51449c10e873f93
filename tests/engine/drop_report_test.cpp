#include "core/engine/drop_report.hpp"

#include <gtest/gtest.h>

namespace ngx_vrrp::engine {
namespace {

ReceivedPacket packet() {
    return {
        "eth0",
        {{*IpAddress::parse("10.0.1.2"), *IpAddress::parse("10.0.1.1")}, 255},
        {}};
}

TEST(DropReport, DisagreementIsAWarningThatNamesTheDirective) {
    const DropReport report =
        describe_drop(wire::DropReason::auth_data, packet());
    EXPECT_EQ(report.level, LogLevel::warn);
    EXPECT_EQ(report.text,
              "dropped an advertisement from 10.0.1.2: its password differs, "
              "make \"authentication\" equal");
}

TEST(DropReport, BrokenPacketIsInfo) {
    EXPECT_EQ(describe_drop(wire::DropReason::checksum, packet()).level,
              LogLevel::info);
}

TEST(DropReport, EveryReasonHasWords) {
    for (std::size_t i = 0; i < wire::kDropReasons; ++i) {
        const auto reason = static_cast<wire::DropReason>(i);
        EXPECT_GT(describe_drop(reason, packet()).text.size(), 45u)
            << to_string(reason);
    }
}

TEST(DropReport, SuppressedNote) {
    EXPECT_EQ(suppressed_note(0), "");
    EXPECT_EQ(suppressed_note(3), ", 3 more since the last such line");
}

}  // namespace
}  // namespace ngx_vrrp::engine
