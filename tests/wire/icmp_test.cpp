#include "core/wire/icmp.hpp"

#include <gtest/gtest.h>

#include <vector>

#include "tests/support/hex.hpp"

namespace ngx_vrrp::wire {
namespace {

using test::from_hex;
using test::to_hex;

// "abcdefgh"
const Buffer kPayload = from_hex("6162636465666768");

Echo echo() {
    return {.identifier = 0x1234, .sequence = 7, .payload = kPayload};
}

// type 8, code 0, checksum 0x542f, identifier 0x1234, sequence 7
// RFC 792 (echo request)
TEST(EchoRequest, OfIcmpv4HasItsChecksum) {
    EXPECT_EQ(to_hex(echo_request(Family::ipv4, echo())),
              to_hex(from_hex("08 00 542f 1234 0007 6162636465666768")));
}

// type 128, code 0, identifier 0x1234, sequence 7
TEST(EchoRequest, OfIcmpv6LeavesTheChecksumToTheKernel) {
    EXPECT_EQ(to_hex(echo_request(Family::ipv6, echo())),
              to_hex(from_hex("80 00 0000 1234 0007 6162636465666768")));
}

TEST(EchoReply, OfIcmpv4) {
    const Buffer message = from_hex("00 00 5c2f 1234 0007 6162636465666768");

    const std::optional<Echo> reply = parse_echo_reply(Family::ipv4, message);

    ASSERT_TRUE(reply);
    EXPECT_EQ(reply->identifier, 0x1234);
    EXPECT_EQ(reply->sequence, 7);
    EXPECT_EQ(to_hex(reply->payload), to_hex(kPayload));
}

// RFC 4443, 4.2 (echo reply)
TEST(EchoReply, OfIcmpv6) {
    const Buffer message = from_hex("81 00 beef 1234 0007 6162636465666768");

    const std::optional<Echo> reply = parse_echo_reply(Family::ipv6, message);

    ASSERT_TRUE(reply);
    EXPECT_EQ(reply->identifier, 0x1234);
    EXPECT_EQ(reply->sequence, 7);
    EXPECT_EQ(to_hex(reply->payload), to_hex(kPayload));
}

TEST(EchoReply, MayHaveNoPayload) {
    const std::optional<Echo> reply =
        parse_echo_reply(Family::ipv6, from_hex("81 00 0000 1234 0007"));
    ASSERT_TRUE(reply);
    EXPECT_TRUE(reply->payload.empty());
}

TEST(EchoReply, IsNothingElse) {
    const std::vector<std::string> others = {
        "08 00 542f 1234 0007 6162636465666768",   // a request
        "00 01 5c2e 1234 0007 6162636465666768",   // code 1
        "03 00 592f 1234 0007 6162636465666768"};  // unreachable
    for (const std::string &other : others) {
        EXPECT_FALSE(parse_echo_reply(Family::ipv4, from_hex(other))) << other;
    }
    EXPECT_FALSE(parse_echo_reply(Family::ipv6,
                                  from_hex("80 00 0000 1234 0007 616263")));
    EXPECT_FALSE(parse_echo_reply(Family::ipv6,
                                  from_hex("81 01 0000 1234 0007 616263")));
}

TEST(EchoReply, DamagedIsNone) {
    const Buffer whole = from_hex("00 00 5c2f 1234 0007 6162636465666768");
    for (std::size_t i = 0; i < whole.size(); i++) {
        Buffer damaged = whole;
        damaged[i] ^= 0x10;
        EXPECT_FALSE(parse_echo_reply(Family::ipv4, damaged)) << "octet " << i;
    }
}

TEST(EchoReply, CutIsNone) {
    const Buffer header = from_hex("81 00 0000 1234 0007");
    for (std::size_t size = 0; size < header.size(); size++) {
        EXPECT_FALSE(parse_echo_reply(Family::ipv6, Bytes(header).first(size)))
            << size << " octets";
    }
}

}  // namespace
}  // namespace ngx_vrrp::wire
