#include "core/wire/arp.hpp"

#include <gtest/gtest.h>

#include <algorithm>

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
// RFC 9568, 8.1.2; RFC 5227, 3 (gratuitous ARP)
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

// ARP       request; sender 02:00:00:00:00:0a 0.0.0.0
//           target 00:00:00:00:00:00 192.168.64.200
// RFC 5227, 2.1.1 (ARP Probe)
TEST(ArpProbe, AsksWithoutSayingAnything) {
    const Buffer expected = from_hex(
        "ffffffffffff 02000000000a 0806"
        "0001 0800 06 04 0001"
        "02000000000a 00000000"
        "000000000000 c0a840c8");

    const Buffer frame = arp_probe(kSender, IpAddress::v4({192, 168, 64, 200}));

    EXPECT_EQ(to_hex(frame), to_hex(expected));
}

TEST(ArpProbe, CanGoToOneHost) {
    const IpAddress address = IpAddress::v4({192, 168, 64, 200});
    const MacAddress host{2, 0, 0, 0, 0, 0xb};
    Buffer expected = arp_probe(kSender, address);
    std::ranges::copy(host, expected.begin());

    EXPECT_EQ(to_hex(arp_probe(kSender, address, host)), to_hex(expected));
}

// The message after the Ethernet header.
Bytes payload(const Buffer &frame) {
    return Bytes(frame).subspan(14);
}

// From 02:00:00:00:00:0b 192.168.64.200 to 02:00:00:00:00:0a 0.0.0.0, as
// Linux answers a probe, with Ethernet's padding.
const Buffer kReply = from_hex(
    "0001 0800 06 04 0002"
    "02000000000b c0a840c8"
    "02000000000a 00000000"
    "0000 00000000 00000000 00000000 00000000");

TEST(ParseArp, FindsTheSenderOfAReply) {
    const auto sender = parse_arp(kReply);

    ASSERT_TRUE(sender);
    EXPECT_EQ(sender->address, IpAddress::v4({192, 168, 64, 200}));
    EXPECT_EQ(sender->mac, (MacAddress{2, 0, 0, 0, 0, 0x0b}));
}

TEST(ParseArp, FindsTheSenderOfARequest) {
    const IpAddress address = IpAddress::v4({192, 168, 64, 200});

    EXPECT_EQ(parse_arp(payload(gratuitous_arp(kSender, address))),
              (Neighbour{address, kSender}));
}

// RFC 5227, 1.1 (ARP Probe)
TEST(ParseArp, HearsNothingInAProbe) {
    const Buffer probe = arp_probe(kSender, IpAddress::v4({192, 168, 64, 200}));

    EXPECT_FALSE(parse_arp(payload(probe)));
}

TEST(ParseArp, NeedsAWholeMessage) {
    constexpr std::size_t kSize = 28;

    EXPECT_TRUE(parse_arp(Bytes(kReply).first(kSize)));
    for (std::size_t size = 0; size < kSize; ++size) {
        EXPECT_FALSE(parse_arp(Bytes(kReply).first(size))) << size;
    }
}

TEST(ParseArp, SupportsIpv4OverEthernetOnly) {
    // each octet of the fixed part, and the low one of the operation
    for (const std::size_t offset : {0u, 1u, 2u, 3u, 4u, 5u, 6u, 7u}) {
        Buffer message = kReply;
        message[offset] = 9;
        EXPECT_FALSE(parse_arp(message)) << offset;
    }
}

TEST(ParseArp, IsFromSomewhere) {
    for (const int octet : {0x00, 0xff}) {
        Buffer message = kReply;
        std::fill_n(message.begin() + 8, 6, static_cast<std::uint8_t>(octet));
        EXPECT_FALSE(parse_arp(message));
    }
}

TEST(ParseArp, HasItsAddressWhereAFilterLooksForIt) {
    EXPECT_EQ(to_hex(Bytes(kReply).subspan(kArpSenderOffset, 4)), "c0a840c8");
}

}  // namespace
}  // namespace ngx_vrrp::wire
