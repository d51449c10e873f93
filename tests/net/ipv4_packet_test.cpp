#include "core/net/ipv4_packet.hpp"

#include <gtest/gtest.h>

namespace ngx_vrrp::net {
namespace {

// Version 4, header 20, TOS 0xc0, total 32; TTL 255, protocol 112;
// 10.99.0.1 > 224.0.0.18; VRRPv3, VRID 51, priority 100.
const Buffer kAdvert = {0x45, 0xc0, 0x00, 0x20, 0x00, 0x01, 0x00, 0x00,
                        0xff, 0x70, 0xcf, 0x20, 0x0a, 0x63, 0x00, 0x01,
                        0xe0, 0x00, 0x00, 0x12, 0x31, 0x33, 0x64, 0x01,
                        0x00, 0x32, 0x74, 0xdf, 0x0a, 0x63, 0x00, 0x64};

Buffer payload_of(const Buffer &packet) {
    const std::optional<IpPacket> parsed = parse_ipv4(packet);
    return parsed ? Buffer(parsed->payload.begin(), parsed->payload.end())
                  : Buffer{};
}

TEST(Ipv4Packet, ReportsWhereItCameFromAndWhereItWent) {
    const std::optional<IpPacket> packet = parse_ipv4(kAdvert);

    ASSERT_TRUE(packet);
    EXPECT_EQ("10.99.0.1", packet->info.endpoints.source.to_string());
    EXPECT_EQ("224.0.0.18", packet->info.endpoints.destination.to_string());
    EXPECT_EQ(255, packet->info.ttl);
    EXPECT_EQ(Buffer(kAdvert.begin() + 20, kAdvert.end()), payload_of(kAdvert));
}

TEST(Ipv4Packet, CutsWhatFollowsTheTotalLength) {
    Buffer padded = kAdvert;
    padded.resize(46, 0xa5);

    EXPECT_EQ(payload_of(kAdvert), payload_of(padded));
}

TEST(Ipv4Packet, SkipsOptions) {
    Buffer packet = kAdvert;
    packet.insert(packet.begin() + 20, {0x94, 0x04, 0x00, 0x00});
    packet[0] = 0x46;
    packet[3] = 0x24;

    EXPECT_EQ(payload_of(kAdvert), payload_of(packet));
}

TEST(Ipv4Packet, MayHaveNoPayload) {
    Buffer packet(kAdvert.begin(), kAdvert.begin() + 20);
    packet[3] = 20;

    const std::optional<IpPacket> parsed = parse_ipv4(packet);

    ASSERT_TRUE(parsed);
    EXPECT_TRUE(parsed->payload.empty());
}

TEST(Ipv4Packet, IgnoresEveryTruncation) {
    for (std::size_t n = 0; n < kAdvert.size(); n++) {
        EXPECT_FALSE(parse_ipv4(Bytes(kAdvert).first(n))) << n;
    }
}

TEST(Ipv4Packet, HasABeginning) {
    const Bytes packet(kAdvert);
    for (std::size_t n = 0; n < 20; n++) {
        EXPECT_FALSE(parse_beginning_of_ipv4(packet.first(n))) << n;
    }
    for (std::size_t n = 20; n <= kAdvert.size(); n++) {
        const auto parsed = parse_beginning_of_ipv4(packet.first(n));
        ASSERT_TRUE(parsed) << n;
        EXPECT_EQ(parsed->payload.size(), n - 20);
        EXPECT_EQ(parsed->info.ttl, 255);
    }

    Buffer options = kAdvert;
    options[0] = 0x46;
    EXPECT_FALSE(parse_beginning_of_ipv4(Bytes(options).first(23)));
}

TEST(Ipv4Packet, IgnoresLengthsThatContradictEachOther) {
    Buffer short_header = kAdvert;
    short_header[0] = 0x44;
    EXPECT_FALSE(parse_ipv4(short_header));

    Buffer header_beyond_total = kAdvert;
    header_beyond_total[0] = 0x4f;
    EXPECT_FALSE(parse_ipv4(header_beyond_total));

    Buffer other_version = kAdvert;
    other_version[0] = 0x65;
    EXPECT_FALSE(parse_ipv4(other_version));
}

}  // namespace
}  // namespace ngx_vrrp::net
