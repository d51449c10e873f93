#include "core/wire/arp.hpp"

#include <gtest/gtest.h>

#include "tests/support/hex.hpp"

namespace ngx_vrrp::wire {
namespace {

using test::from_hex;
using test::to_hex;

constexpr MacAddress kSender{0x02, 0x00, 0x00, 0x00, 0x00, 0x0a};

// Ethernet  to ff:ff:ff:ff:ff:ff, from 02:00:00:00:00:0a, type ARP
// ARP       Ethernet (1), IPv4 (0x0800), sizes 6 and 4, request (1)
//           sender 02:00:00:00:00:0a 192.168.64.200
//           target ff:ff:ff:ff:ff:ff 192.168.64.200
TEST(GratuitousArp, IsABroadcastRequestForItsOwnAddress) {
    const Buffer expected = from_hex(
        "ffffffffffff 02000000000a 0806"
        "0001 0800 06 04 0001"
        "02000000000a c0a840c8"
        "ffffffffffff c0a840c8");

    const Buffer frame =
        gratuitous_arp(kSender, IpAddress::v4({192, 168, 64, 200}));

    EXPECT_EQ(frame.size(), 42u);
    EXPECT_EQ(to_hex(frame), to_hex(expected));
}

TEST(GratuitousArpDeathTest, IsForIpv4) {
    EXPECT_DEATH(gratuitous_arp(kSender, IpAddress::v6({0xfe, 0x80})), "ipv4");
}

}  // namespace
}  // namespace ngx_vrrp::wire
