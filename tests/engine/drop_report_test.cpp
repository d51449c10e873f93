#include "core/engine/drop_report.hpp"
#include "tests/support/defaults.hpp"

#include <gtest/gtest.h>

#include <array>
#include <regex>
#include <string>

namespace ngx_vrrp::engine {
namespace {

using wire::DropReason;

ReceivedPacket packet() {
    return {
        "eth0",
        {{*IpAddress::parse("10.0.1.2"), *IpAddress::parse("10.0.1.1")}, 255},
        {}};
}

vrrp::Config v2_config() {
    vrrp::Config config = test::default_router();
    config.version = Version::v2;
    config.advert_interval = Seconds{1};
    return config;
}

// After "dropped an advertisement from 10.0.1.2: ".
std::string advice(DropReason reason, const vrrp::Config &config = v2_config(),
                   const wire::Advertisement *advert = nullptr,
                   const ReceivedPacket &dropped = packet()) {
    const DropReport report = describe_drop(reason, dropped, config, advert);
    const std::string_view who = "dropped an advertisement from 10.0.1.2: ";
    EXPECT_TRUE(report.text.starts_with(who));
    return report.text.substr(who.size());
}

TEST(DropReport, DisagreementIsAWarningThatNamesTheDirective) {
    const DropReport report =
        describe_drop(DropReason::auth_data, packet(), v2_config(), nullptr);
    EXPECT_EQ(report.level, LogLevel::warn);
    EXPECT_EQ(report.text,
              "dropped an advertisement from 10.0.1.2: its password differs, "
              "set the same \"authentication\"");
}

TEST(DropReport, BrokenPacketIsInfo) {
    EXPECT_EQ(
        describe_drop(DropReason::length, packet(), v2_config(), nullptr).level,
        LogLevel::info);
}

TEST(DropReport, EveryReasonHasWords) {
    for (std::size_t i = 0; i < wire::kDropReasons; ++i) {
        const auto reason = static_cast<DropReason>(i);
        EXPECT_GT(advice(reason).size(), 10u) << to_string(reason);
    }
}

TEST(DropReport, WarningsSayWhatToChange) {
    for (std::size_t i = 0; i < wire::kDropReasons; ++i) {
        const auto reason = static_cast<DropReason>(i);
        const DropReport report =
            describe_drop(reason, packet(), v2_config(), nullptr);
        if (report.level == LogLevel::warn) {
            EXPECT_TRUE(std::regex_search(
                report.text, std::regex("(set|give|list|add|remove|connect|"
                                        "synchronize) ")))
                << report.text;
        }
    }
}

TEST(DropReport, SaysWhatBothSay) {
    wire::Advertisement advert;
    advert.interval = Seconds{2};
    EXPECT_EQ(advice(DropReason::interval, v2_config(), &advert),
              "its interval is 2000 ms, but \"advert_int\" is 1000 ms here, "
              "and VRRPv2 requires the same: set the same \"advert_int\"");
    EXPECT_EQ(advice(DropReason::interval),
              "its interval is 0, set \"advert_int\" there");

    ReceivedPacket other = packet();
    other.info.ttl = 63;
    EXPECT_TRUE(advice(DropReason::ttl, v2_config(), &advert, other)
                    .starts_with("its TTL is 63 and not 255"));

    vrrp::Config unicast = v2_config();
    unicast.unicast_peers = {*IpAddress::parse("10.0.1.2")};
    EXPECT_TRUE(advice(DropReason::ttl, unicast, &advert, other)
                    .ends_with("set \"unicast_ttl 255\" there (keepalived has "
                               "it, too), or, if there are routers between "
                               "the nodes, set "
                               "\"unicast_peer 10.0.1.2 min_ttl=63;\" here"));
    unicast.family = Family::ipv6;
    unicast.unicast_peers[0].min_ttl = 64;
    EXPECT_TRUE(advice(DropReason::ttl, unicast, &advert, other)
                    .starts_with("its hop limit is 63 and not 64 or more"));
    unicast.unicast_peers[0].min_ttl = 1;
    unicast.unicast_peers[0].max_ttl = 62;
    EXPECT_TRUE(advice(DropReason::ttl, unicast, &advert, other)
                    .starts_with("its hop limit is 63 and more than "
                                 "max_ttl=62: remove \"max_ttl=\""));

    constexpr std::array<std::uint8_t, 1> kFirst{0x31};
    other.payload = kFirst;
    EXPECT_EQ(advice(DropReason::version, v2_config(), &advert, other),
              "it is VRRPv3, but \"version\" is 2 here: set the same "
              "\"version\" (keepalived: \"vrrp_version\")");
}

TEST(DropReport, SaysWhoHasAnAuthentication) {
    vrrp::Config ours = v2_config();
    wire::Advertisement advert;
    EXPECT_TRUE(advice(DropReason::auth_type, ours, &advert)
                    .starts_with("it has authentication, but this node has "));
    ours.hmac.emplace();
    EXPECT_TRUE(advice(DropReason::auth_type, ours, &advert)
                    .starts_with("it has a password, but this node has "
                                 "\"authentication HMAC\""));
    ours.hmac.reset();
    ours.authentication.type = wire::AuthType::simple_text;
    EXPECT_TRUE(advice(DropReason::auth_type, ours, &advert)
                    .starts_with("it has no authentication, but this node "
                                 "has PASS"));
    advert.authentication.type = static_cast<wire::AuthType>(2);
    EXPECT_TRUE(advice(DropReason::auth_type, ours, &advert)
                    .starts_with("it has a different authentication type, "));
}

TEST(DropReport, SaysWhoUsesUnicast) {
    vrrp::Config ours = v2_config();
    EXPECT_TRUE(advice(DropReason::destination, ours)
                    .starts_with("it is unicast, but this node has no "));
    ReceivedPacket other = packet();
    other.info.endpoints.destination = *IpAddress::parse("224.0.0.100");
    EXPECT_EQ(advice(DropReason::destination, ours, nullptr, other),
              "its group is 224.0.0.100, but ours is 224.0.0.18: set the same "
              "\"mcast_group4\"");
    ours.unicast_peers = {*IpAddress::parse("10.0.1.3")};
    EXPECT_TRUE(advice(DropReason::destination, ours)
                    .starts_with("it is multicast, but this node has "));
}

TEST(DropReport, SuppressedNote) {
    EXPECT_EQ(suppressed_note(0), "");
    EXPECT_EQ(suppressed_note(3), ", 3 more since the last such line");
}

}  // namespace
}  // namespace ngx_vrrp::engine
