#include "core/wire/ndisc.hpp"

#include <gtest/gtest.h>

#include "tests/support/hex.hpp"

namespace ngx_vrrp::wire {
namespace {

using test::from_hex;
using test::to_hex;

constexpr MacAddress kSender{0x02, 0x00, 0x00, 0x00, 0x00, 0x0a};

// Ethernet  to 33:33:00:00:00:01, from 02:00:00:00:00:0a, type IPv6
// IPv6      payload 32, ICMPv6 (58), hop limit 255, fe80::100 > ff02::1
// ICMPv6    neighbour advertisement (136), code 0, checksum 0xd593
//           flags router, override; target fe80::100
//           target link-layer address (2), 1 unit: 02:00:00:00:00:0a
TEST(NeighbourAdvertisement, TellsEveryNodeAndIsARouter) {
    const Buffer expected = from_hex(
        "333300000001 02000000000a 86dd"
        "60000000 0020 3a ff"
        "fe800000 00000000 00000000 00000100"
        "ff020000 00000000 00000000 00000001"
        "88 00 d593 a0000000"
        "fe800000 00000000 00000000 00000100"
        "02 01 02000000000a");

    const Buffer frame = unsolicited_neighbour_advertisement(
        kSender, IpAddress::parse("fe80::100").value(), true);

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
        kSender, IpAddress::parse("2001:db8::100").value(), false);

    EXPECT_EQ(to_hex(frame), to_hex(expected));
}

TEST(NeighbourAdvertisementDeathTest, IsForIpv6) {
    EXPECT_DEATH(unsolicited_neighbour_advertisement(
                     kSender, IpAddress::v4({10, 99, 0, 100}), false),
                 "ipv6");
}

}  // namespace
}  // namespace ngx_vrrp::wire
