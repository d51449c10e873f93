#include "core/vrrp/admission.hpp"

#include <gtest/gtest.h>

#include <optional>
#include <string>

#include "tests/support/routers.hpp"

namespace ngx_vrrp::vrrp {
namespace {

using test::advert_of;
using test::classic_config;
using test::ip;
using test::v3_config;
using wire::DropReason;

const IpAddress kOwn = test::ip("192.168.64.130");

PacketInfo multicast_packet() {
    return {{ip("192.168.64.134"), ip("224.0.0.18")}, 255};
}

PacketInfo unicast_packet() {
    return {{ip("192.168.64.134"), ip("192.168.64.130")}, 255};
}

Config unicast_config() {
    Config config = v3_config();
    config.unicast_peers = {ip("192.168.64.133"), ip("192.168.64.134")};
    return config;
}

wire::Authentication password(std::string_view text) {
    wire::Authentication authentication{wire::AuthType::simple_text, {}};
    std::copy(text.begin(), text.end(), authentication.data.begin());
    return authentication;
}

// The result for the advert of a peer with the same configuration, except for
// the changes of the test.
struct Case {
    explicit Case(Config c)
        : config(std::move(c)),
          advert(advert_of(config, Priority{90})),
          packet(config.is_unicast() ? unicast_packet() : multicast_packet()) {}

    std::optional<DropReason> refused() const {
        return refuse(config, kOwn, advert, packet);
    }
    std::optional<std::string> mismatched() const {
        return mismatch(config, advert, packet.endpoints.source);
    }

    Config config;
    wire::Advertisement advert;
    PacketInfo packet;
};

TEST(Admission, LetsTheAdvertOfAPeerIn) {
    EXPECT_EQ(Case{classic_config()}.refused(), std::nullopt);
    EXPECT_EQ(Case{v3_config()}.refused(), std::nullopt);
    EXPECT_EQ(Case{unicast_config()}.refused(), std::nullopt);
}

// RFC 9568, 5.1.1.2 and 5.1.2.2 (destination address)
TEST(Admission, UsesTheGroups) {
    EXPECT_EQ(multicast_group(Family::ipv4).to_string(), "224.0.0.18");
    EXPECT_EQ(multicast_group(Family::ipv6).to_string(), "ff02::12");
}

// RFC 9568, 5.1.1.3 (TTL 255)
TEST(Admission, RefusesWhatWasRouted) {
    for (Case c : {Case{v3_config()}, Case{unicast_config()}}) {
        c.packet.ttl = 254;
        EXPECT_EQ(c.refused(), DropReason::ttl);
    }
}

// keepalived sends IPv6 unicast with a hop limit of 64 by default.
TEST(Admission, TakesAHopLimitOf64FromIpv6UnicastPeersOnly) {
    Case c{unicast_config()};
    c.config.family = Family::ipv6;
    c.config.unicast_peers = {ip("fd00::2")};
    c.config.addresses.clear();
    c.packet.endpoints = {ip("fd00::2"), ip("fd00::1")};

    c.packet.ttl = 64;
    EXPECT_EQ(c.refused(), std::nullopt);
    c.packet.ttl = 63;
    EXPECT_EQ(c.refused(), DropReason::ttl);

    c.packet.ttl = 64;
    c.packet.endpoints.source = ip("fd00::3");
    EXPECT_EQ(c.refused(), DropReason::source);
    c.config.unicast_peers.clear();
    EXPECT_EQ(c.refused(), DropReason::ttl);
}

// min_ttl and max_ttl: peers behind routers
TEST(Admission, TakesTheTtlsOfEachPeer) {
    Case c{unicast_config()};
    c.config.unicast_peers[1].min_ttl = 250;
    c.config.unicast_peers[1].max_ttl = 252;
    for (const auto &[ttl, taken] :
         {std::pair{249, false}, {250, true}, {252, true}, {253, false}}) {
        c.packet.ttl = static_cast<std::uint8_t>(ttl);
        EXPECT_EQ(c.refused() == std::nullopt, taken) << ttl;
    }
    EXPECT_EQ(least_ttl(c.config), 250);

    c.packet.ttl = 254;
    c.packet.endpoints.source = ip("192.168.64.133");
    EXPECT_EQ(c.refused(), DropReason::ttl);
}

TEST(Admission, UsesAnotherGroup) {
    Case c{v3_config()};
    c.config.group = ip("224.0.0.100");
    EXPECT_EQ(c.refused(), DropReason::destination);
    c.packet.endpoints.destination = ip("224.0.0.100");
    EXPECT_EQ(c.refused(), std::nullopt);
}

TEST(Admission, RefusesItsOwnPackets) {
    Case c{v3_config()};
    c.packet.endpoints.source = kOwn;
    EXPECT_EQ(c.refused(), DropReason::loop);
}

TEST(Admission, RefusesItsOwnPacketsInUnicastToo) {
    Case c{unicast_config()};
    c.packet.endpoints.source = kOwn;
    EXPECT_EQ(c.refused(), DropReason::loop);
}

// RFC 9568, 7.1 (version)
TEST(Admission, RefusesTheOtherVersion) {
    Case c{v3_config()};
    c.advert.version = Version::v2;
    EXPECT_EQ(c.refused(), DropReason::version);
}

// Version 2

TEST(Admission, LetsTheRightPasswordIn) {
    Case c{classic_config()};
    c.config.authentication = password("123456");
    c.advert.authentication = password("123456");
    EXPECT_EQ(c.refused(), std::nullopt);
}

TEST(Admission, RefusesAWrongPassword) {
    Case c{classic_config()};
    c.config.authentication = password("123456");
    c.advert.authentication = password("123457");
    EXPECT_EQ(c.refused(), DropReason::auth_data);
}

// Behind the zero too, as keepalived does.
TEST(Admission, ComparesAllEightOctetsOfAPassword) {
    for (std::size_t octet = 0; octet < 8; ++octet) {
        Case c{classic_config()};
        c.config.authentication = password("1234");
        c.advert.authentication = password("1234");
        c.advert.authentication.data[octet] ^= 1;
        EXPECT_EQ(c.refused(), DropReason::auth_data) << octet;
    }
}

TEST(Admission, RefusesAnotherAuthenticationType) {
    Case without{classic_config()};
    without.advert.authentication = password("123456");
    EXPECT_EQ(without.refused(), DropReason::auth_type);

    Case with{classic_config()};
    with.config.authentication = password("123456");
    EXPECT_EQ(with.refused(), DropReason::auth_type);

    Case unknown{classic_config()};
    unknown.advert.authentication.type = wire::AuthType{2};
    EXPECT_EQ(unknown.refused(), DropReason::auth_type);
}

// RFC 3768, 5.3.10 (authentication data)
TEST(Admission, IgnoresAuthenticationDataWithoutAuthentication) {
    Case c{classic_config()};
    c.advert.authentication.data = {1, 2, 3, 4, 5, 6, 7, 8};
    EXPECT_EQ(c.refused(), std::nullopt);
}

// RFC 3768, 7.1 (Adver Interval)
TEST(Admission, RefusesAnotherIntervalInVersion2) {
    Case c{classic_config()};
    c.advert.interval = Seconds{2};
    EXPECT_EQ(c.refused(), DropReason::interval);
}

TEST(Admission, LetsAnotherIntervalInInVersion3) {
    Case c{v3_config()};
    c.advert.interval = Seconds{2};
    EXPECT_EQ(c.refused(), std::nullopt);
}

// Unicast and multicast

TEST(Admission, RefusesUnicastForAMulticastRouter) {
    Case c{v3_config()};
    c.packet = unicast_packet();
    EXPECT_EQ(c.refused(), DropReason::destination);
}

TEST(Admission, RefusesAnotherGroup) {
    Case c{v3_config()};
    c.packet.endpoints.destination = ip("224.0.0.1");
    EXPECT_EQ(c.refused(), DropReason::destination);
}

TEST(Admission, RefusesMulticastForAUnicastRouter) {
    Case c{unicast_config()};
    c.packet = multicast_packet();
    EXPECT_EQ(c.refused(), DropReason::destination);
}

TEST(Admission, RefusesUnicastFromStrangers) {
    Case c{unicast_config()};
    c.packet.endpoints.source = ip("192.168.64.135");
    EXPECT_EQ(c.refused(), DropReason::source);
}

TEST(Admission, UsesTheGroupOfTheFamily) {
    Case c{v3_config()};
    c.config.family = Family::ipv6;
    c.packet = {{ip("fe80::134"), ip("ff02::12")}, 255};
    EXPECT_EQ(refuse(c.config, ip("fe80::130"), c.advert, c.packet),
              std::nullopt);
}

// Mismatches

TEST(Mismatch, SaysNothingWhenAllIsEqual) {
    EXPECT_EQ(Case{classic_config()}.mismatched(), std::nullopt);
    EXPECT_EQ(Case{v3_config()}.mismatched(), std::nullopt);
}

TEST(Mismatch, NamesBothIntervals) {
    Case c{v3_config()};
    c.advert.interval = Seconds{1};
    EXPECT_EQ(c.mismatched(),
              "192.168.64.134 advertises every 1000 ms, but advert_int here "
              "is 100 ms: set the same advert_int");
}

TEST(Mismatch, DoesNotMindTheOrderOfAddresses) {
    Case c{v3_config()};
    c.config.addresses.push_back({ip("192.168.64.201"), 24, "eth0", ""});
    c.advert.addresses = {ip("192.168.64.201"), ip("192.168.64.200")};
    EXPECT_EQ(c.mismatched(), std::nullopt);
}

// RFC 9568, 7.1 (addresses that differ are logged)
TEST(Mismatch, NamesAddressesThatOnlyThePeerHas) {
    Case c{v3_config()};
    c.advert.addresses.push_back(ip("192.168.64.201"));
    EXPECT_EQ(c.mismatched(),
              "192.168.64.134 advertises 192.168.64.201, which is not a "
              "virtual_ipaddress here: configure the same addresses");
}

TEST(Mismatch, NamesAddressesThatOnlyWeHave) {
    Case c{v3_config()};
    c.config.addresses.push_back({ip("192.168.64.201"), 24, "eth0", ""});
    EXPECT_EQ(c.mismatched(),
              "192.168.64.134 does not advertise 192.168.64.201, which is a "
              "virtual_ipaddress here: configure the same addresses");
}

TEST(Mismatch, NamesBothSides) {
    Case c{v3_config()};
    c.advert.addresses = {ip("192.168.64.201")};
    EXPECT_EQ(c.mismatched(),
              "192.168.64.134 advertises 192.168.64.201, which is not a "
              "virtual_ipaddress here, and does not advertise 192.168.64.200, "
              "which is a virtual_ipaddress here: configure the same "
              "addresses");
}

TEST(Mismatch, CutsALongList) {
    Case c{v3_config()};
    for (int i = 1; i <= 6; ++i) {
        c.advert.addresses.push_back(ip("10.0.0." + std::to_string(i)));
    }
    EXPECT_EQ(c.mismatched(),
              "192.168.64.134 advertises 10.0.0.1, 10.0.0.2, 10.0.0.3, "
              "10.0.0.4 and 2 more, which is not a virtual_ipaddress here: "
              "configure the same addresses");
}

// RFC 9568, 5.2.4 (priority 255)
TEST(Mismatch, OnlyOneOwnsTheAddresses) {
    Case c{v3_config()};
    c.advert.priority = kPriorityOwner;
    EXPECT_EQ(c.mismatched(), std::nullopt);
    c.config.priority = kPriorityOwner;
    EXPECT_EQ(c.mismatched(),
              "192.168.64.134 has priority 255 like this node, but only one "
              "router can own the addresses: lower one priority");
}

TEST(Mismatch, NamesIntervalAndAddressesInOneSentence) {
    Case c{v3_config()};
    c.advert.interval = Seconds{1};
    c.advert.addresses.push_back(ip("192.168.64.201"));
    EXPECT_EQ(c.mismatched(),
              "192.168.64.134 advertises every 1000 ms, but advert_int here "
              "is 100 ms: set the same advert_int; 192.168.64.134 advertises "
              "192.168.64.201, which is not a virtual_ipaddress here: "
              "configure the same addresses");
}

}  // namespace
}  // namespace ngx_vrrp::vrrp
