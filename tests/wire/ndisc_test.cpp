#include "core/wire/ndisc.hpp"

#include <gtest/gtest.h>

#include "tests/support/hex.hpp"

namespace ngx_vrrp::wire {
namespace {

using test::from_hex;
using test::to_hex;

constexpr MacAddress kMac{0x02, 0x00, 0x00, 0x00, 0x00, 0x0a};

// Ethernet  to 33:33:00:00:00:01, from 02:00:00:00:00:0a, type IPv6
// IPv6      payload 32, ICMPv6 (58), hop limit 255, fe80::100 > ff02::1
// ICMPv6    neighbour advertisement (136), code 0, checksum 0xd593
//           flags router, override; target fe80::100
//           target link-layer address (2), 1 unit: 02:00:00:00:00:0a
// RFC 9568, 8.2.4; RFC 4861, 4.4 (unsolicited advertisement)
TEST(NeighbourAdvertisement, ReportsEveryNodeAndIsARouter) {
    const Buffer expected = from_hex(
        "333300000001 02000000000a 86dd"
        "60000000 0020 3a ff"
        "fe800000 00000000 00000000 00000100"
        "ff020000 00000000 00000000 00000001"
        "88 00 d593 a0000000"
        "fe800000 00000000 00000000 00000100"
        "02 01 02000000000a");

    const Buffer frame = unsolicited_neighbour_advertisement(
        kMac, IpAddress::parse("fe80::100").value(), true);

    EXPECT_EQ(frame.size(), 86u);
    EXPECT_EQ(to_hex(frame), to_hex(expected));
}

// checksum 0xf723, flags override; 2001:db8::100
TEST(NeighbourAdvertisement, IsNoRouterUnlessSaid) {
    const Buffer expected = from_hex(
        "333300000001 02000000000a 86dd"
        "60000000 0020 3a ff"
        "20010db8 00000000 00000000 00000100"
        "ff020000 00000000 00000000 00000001"
        "88 00 f723 20000000"
        "20010db8 00000000 00000000 00000100"
        "02 01 02000000000a");

    const Buffer frame = unsolicited_neighbour_advertisement(
        kMac, IpAddress::parse("2001:db8::100").value(), false);

    EXPECT_EQ(to_hex(frame), to_hex(expected));
}

TEST(NeighbourAdvertisementDeathTest, IsForIpv6) {
    EXPECT_DEATH(unsolicited_neighbour_advertisement(
                     kMac, IpAddress::v4({10, 99, 0, 100}), false),
                 "ipv6");
}

// Ethernet  to 33:33:ff:00:01:00, from 02:00:00:00:00:0a, type IPv6
// IPv6      payload 32, ICMPv6 (58), hop limit 255, fe80::a > ff02::1:ff00:100
// ICMPv6    neighbour solicitation (135), code 0, checksum 0x4951
//           target 2001:db8::100
//           source link-layer address (1), 1 unit: 02:00:00:00:00:0a
// RFC 4861, 4.3; RFC 4291, 2.7.1 (solicited-node group)
TEST(NeighbourSolicitation, AsksTheGroupOfTheAddress) {
    const Buffer expected = from_hex(
        "3333ff000100 02000000000a 86dd"
        "60000000 0020 3a ff"
        "fe800000 00000000 00000000 0000000a"
        "ff020000 00000000 00000001 ff000100"
        "87 00 4951 00000000"
        "20010db8 00000000 00000000 00000100"
        "01 01 02000000000a");

    const Buffer frame =
        neighbour_solicitation({IpAddress::parse("fe80::a").value(), kMac},
                               IpAddress::parse("2001:db8::100").value());

    EXPECT_EQ(frame.size(), 86u);
    EXPECT_EQ(to_hex(frame), to_hex(expected));
}

TEST(NeighbourSolicitation, CanGoToOneHost) {
    const Neighbour sender{IpAddress::parse("fe80::a").value(), kMac};
    const IpAddress address = IpAddress::parse("2001:db8::100").value();
    const MacAddress host{2, 0, 0, 0, 0, 0xb};
    Buffer expected = neighbour_solicitation(sender, address);
    std::ranges::copy(host, expected.begin());

    EXPECT_EQ(to_hex(neighbour_solicitation(sender, address, host)),
              to_hex(expected));
}

TEST(NeighbourSolicitationDeathTest, IsForIpv6) {
    const Neighbour ipv6{IpAddress::parse("fe80::a").value(), kMac};
    const Neighbour ipv4{IpAddress::v4({10, 99, 0, 1}), kMac};

    EXPECT_DEATH(neighbour_solicitation(ipv4, ipv6.address), "ipv6");
    EXPECT_DEATH(neighbour_solicitation(ipv6, ipv4.address), "ipv6");
}

// An answer to a solicitation: flags solicited and override, target
// 2001:db8::100, at 02:00:00:00:00:0b.
const Buffer kAnswer = from_hex(
    "88 00 1234 60000000"
    "20010db8 00000000 00000000 00000100"
    "02 01 02000000000b");

Buffer with(std::size_t offset, std::uint8_t octet) {
    Buffer message = kAnswer;
    message.at(offset) = octet;
    return message;
}

TEST(ParseNeighbourAdvertisement, FindsTheTarget) {
    EXPECT_EQ(parse_neighbour_advertisement(kAnswer),
              (Neighbour{IpAddress::parse("2001:db8::100").value(),
                         {2, 0, 0, 0, 0, 0x0b}}));
}

TEST(ParseNeighbourAdvertisement, ReadsWhatWeSend) {
    const IpAddress address = IpAddress::parse("fe80::100").value();
    const Buffer frame =
        unsolicited_neighbour_advertisement(kMac, address, false);

    EXPECT_EQ(parse_neighbour_advertisement(Bytes(frame).subspan(54)),
              (Neighbour{address, kMac}));
}

TEST(ParseNeighbourAdvertisement, StepsOverOtherOptions) {
    Buffer message = from_hex(
        "88 00 1234 60000000"
        "20010db8 00000000 00000000 00000100"
        "0e 02 0102030405060708090a0b0c0d0e"
        "02 01 02000000000b");

    const auto neighbour = parse_neighbour_advertisement(message);

    ASSERT_TRUE(neighbour);
    EXPECT_EQ(neighbour->mac, (MacAddress{2, 0, 0, 0, 0, 0x0b}));
}

// RFC 4861, 7.1.2 (length)
TEST(ParseNeighbourAdvertisement, MustBeWhole) {
    for (std::size_t size = 0; size < kAnswer.size(); ++size) {
        EXPECT_FALSE(parse_neighbour_advertisement(Bytes(kAnswer).first(size)))
            << size;
    }
}

// RFC 4861, 4.6 and 7.1.2 (options)
TEST(ParseNeighbourAdvertisement, MustBeSound) {
    EXPECT_FALSE(parse_neighbour_advertisement(with(0, 135))) << "type";
    EXPECT_FALSE(parse_neighbour_advertisement(with(1, 1))) << "code";
    EXPECT_FALSE(parse_neighbour_advertisement(with(8, 0xff))) << "multicast";
    EXPECT_FALSE(parse_neighbour_advertisement(with(25, 0))) << "no length";
    EXPECT_FALSE(parse_neighbour_advertisement(
        from_hex("88 00 1234 60000000"
                 "20010db8 00000000 00000000 00000100"
                 "0e 00 02 01 02000000000b")))
        << "no length, and what follows looks right";
    EXPECT_FALSE(parse_neighbour_advertisement(with(25, 2))) << "too long";
}

TEST(ParseNeighbourAdvertisement, SaysWhereTheTargetIs) {
    // another option, no option, no address
    EXPECT_FALSE(parse_neighbour_advertisement(with(24, 1)));
    EXPECT_FALSE(parse_neighbour_advertisement(Bytes(kAnswer).first(24)));
    EXPECT_FALSE(parse_neighbour_advertisement(
        from_hex("88 00 1234 60000000"
                 "20010db8 00000000 00000000 00000100"
                 "02 01 000000000000")));
}

TEST(ParseNeighbourAdvertisement, HasItsTargetWhereAFilterLooksForIt) {
    EXPECT_EQ(to_hex(Bytes(kAnswer).subspan(kNdiscTargetOffset, 16)),
              "20010db8000000000000000000000100");
}

}  // namespace
}  // namespace ngx_vrrp::wire
