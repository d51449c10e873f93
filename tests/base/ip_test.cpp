#include "core/base/ip.hpp"

#include <arpa/inet.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "core/base/bytes.hpp"
#include "tests/support/random_bytes.hpp"

namespace ngx_vrrp {
namespace {

IpAddress ip(std::string_view text) {
    const auto address = IpAddress::parse(text);
    EXPECT_TRUE(address) << text;
    return address.value_or(IpAddress{});
}

Buffer octets_of(std::string_view text) {
    const IpAddress address = ip(text);
    return Buffer(address.octets().begin(), address.octets().end());
}

TEST(IpAddress, ParsesDottedQuads) {
    EXPECT_EQ(octets_of("192.168.64.200"), (Buffer{192, 168, 64, 200}));
    EXPECT_EQ(octets_of("0.0.0.0"), (Buffer{0, 0, 0, 0}));
    EXPECT_EQ(octets_of("255.255.255.255"), (Buffer{255, 255, 255, 255}));
    EXPECT_EQ(ip("10.0.0.1").family(), Family::ipv4);
}

TEST(IpAddress, ParsesEveryFormOfRfc4291) {
    const Buffer expected{0x20, 0x01, 0x0d, 0xb8, 0, 0, 0, 0,
                          0,    0,    0,    0,    0, 0, 1, 0};

    EXPECT_EQ(octets_of("2001:db8:0:0:0:0:0:100"), expected);
    EXPECT_EQ(octets_of("2001:0DB8:0000:0000:0000:0000:0000:0100"), expected);
    EXPECT_EQ(octets_of("2001:db8::100"), expected);
    EXPECT_EQ(octets_of("2001:db8::0.0.1.0"), expected);
    EXPECT_EQ(octets_of("2001:db8:0:0:0:0:0.0.1.0"), expected);
    EXPECT_EQ(ip("2001:db8::100").family(), Family::ipv6);
}

TEST(IpAddress, ParsesAGapAnywhere) {
    EXPECT_EQ(octets_of("::"), Buffer(16, 0));
    EXPECT_EQ(ip("::1"), ip("0:0:0:0:0:0:0:1"));
    EXPECT_EQ(ip("1::"), ip("1:0:0:0:0:0:0:0"));
    EXPECT_EQ(ip("1:2:3:4:5:6:7::"), ip("1:2:3:4:5:6:7:0"));
    EXPECT_EQ(ip("::2:3:4:5:6:7:8"), ip("0:2:3:4:5:6:7:8"));
    EXPECT_EQ(ip("1:2:3::5:6:7:8"), ip("1:2:3:0:5:6:7:8"));
}

class NotAnAddress : public testing::TestWithParam<const char *> {};

TEST_P(NotAnAddress, IsRefused) {
    EXPECT_FALSE(IpAddress::parse(GetParam()));
}

INSTANTIATE_TEST_SUITE_P(
    Ipv4, NotAnAddress,
    testing::Values("", " ", "1", "1.2.3", "1.2.3.", ".1.2.3", "1.2.3.4.",
                    "1.2.3.4.5", "1..3.4", "1.2.3.256", "1.2.3.1000",
                    "1.2.3.4294967297", "01.2.3.4", "1.2.3.00", "1.2.3.-4",
                    "1.2.3.+4", "1.2.3.4 ", " 1.2.3.4", "1.2.3.0x4", "1.2.3.a",
                    "1.2.3.4/24", "lb1", "1,2,3,4"));

INSTANTIATE_TEST_SUITE_P(
    Ipv6, NotAnAddress,
    testing::Values(":", ":::", "1", "1:", ":1", "1:2:3:4:5:6:7",
                    "1:2:3:4:5:6:7:8:9", "1:2:3:4:5:6:7:8:", ":1:2:3:4:5:6:7:8",
                    "1::2::3", "1:::2",
                    "1:2:3:4:5:6:7:8::", "::1:2:3:4:5:6:7:8",
                    "1:2:3:4::5:6:7:8", "12345::", "g::", "-1::", "::1%eth0",
                    "::1/64", "[::1]", "1.2.3.4::", "::1.2.3.4:5", "::1.2.3",
                    "::1.2.3.256", "::1.2.3.4.", "1:2:3:4:5:6:7:1.2.3.4",
                    "1:2:3:4:5:1.2.3.4", "::1 "));

TEST(IpAddress, RefusesAnEmbeddedZero) {
    EXPECT_FALSE(IpAddress::parse(std::string_view("1.2.3.4\0", 8)));
    EXPECT_FALSE(IpAddress::parse(std::string_view("::1\0", 4)));
}

// Left: the input. Right: the output. From RFC 5952, 1 to 5.
TEST(IpAddress, PrintsTheCanonicalForm) {
    const std::pair<const char *, const char *> cases[] = {
        {"10.99.0.100", "10.99.0.100"},
        {"0.0.0.0", "0.0.0.0"},
        {"::", "::"},
        {"0:0:0:0:0:0:0:1", "::1"},
        {"1:0:0:0:0:0:0:0", "1::"},
        {"2001:0db8::0001", "2001:db8::1"},
        {"2001:db8:0:0:0:0:2:1", "2001:db8::2:1"},
        {"2001:db8:0:1:1:1:1:1", "2001:db8:0:1:1:1:1:1"},
        {"2001:0:0:1:0:0:0:1", "2001:0:0:1::1"},
        {"2001:db8:0:0:1:0:0:1", "2001:db8::1:0:0:1"},
        {"0:0:1:2:3:4:5:6", "::1:2:3:4:5:6"},
        {"1:2:3:4:5:6:0:0", "1:2:3:4:5:6::"},
        {"0:1:2:3:4:5:6:7", "0:1:2:3:4:5:6:7"},
        {"1:2:3:4:5:6:7:0", "1:2:3:4:5:6:7:0"},
        {"2001:DB8::ABCD", "2001:db8::abcd"},
        {"ff02:0:0:0:0:0:0:12", "ff02::12"},
        {"::ffff:c000:0201", "::ffff:192.0.2.1"},
        {"::fffe:c000:0201", "::fffe:c000:201"},
        {"::c000:0201", "::c000:201"},
        {"ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff",
         "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"},
    };

    for (const auto &[text, canonical] : cases) {
        EXPECT_EQ(ip(text).to_string(), canonical) << text;
    }
}

// Many zeros, so that gaps of all lengths and places occur.
Buffer sparse_octets(test::RandomBytes &random) {
    Buffer octets = random.bytes(16);
    for (std::size_t group = 0; group < 8; ++group) {
        if (random.below(3) != 0) {
            ByteWriter(octets).u16_at(2 * group, 0);
        }
    }
    return octets;
}

TEST(IpAddress, IsReadByTheSystemAsPrinted) {
    test::RandomBytes random(5952);

    for (int round = 0; round < 2000; ++round) {
        const Buffer octets = sparse_octets(random);
        const IpAddress address = IpAddress::from_octets(octets);
        Buffer read(16, 0xa5);

        const std::string text = address.to_string();

        ASSERT_EQ(inet_pton(AF_INET6, text.c_str(), read.data()), 1) << text;
        ASSERT_EQ(read, octets) << text;
        ASSERT_EQ(ip(text), address) << text;
    }
}

// A text of few letters is often an address, and more often nearly one.
std::string random_text(test::RandomBytes &random) {
    constexpr std::string_view pieces[] = {":", "::", "0",  "1",   "f",   "ff",
                                           ".", "00", "25", "255", "256", "a"};
    std::string text;
    for (std::size_t left = random.below(18); left > 0; --left) {
        text += pieces[random.below(std::size(pieces))];
        text += random.below(2) == 0 ? ":" : "";
        text += random.below(6) == 0 ? "." : "";
    }
    return text;
}

std::optional<IpAddress> parse_by_system(const std::string &text) {
    Buffer octets(16);
    if (inet_pton(AF_INET6, text.c_str(), octets.data()) == 1) {
        return IpAddress::from_octets(octets);
    }
    if (inet_pton(AF_INET, text.c_str(), octets.data()) == 1) {
        return IpAddress::from_octets(Bytes(octets).first(4));
    }
    return std::nullopt;
}

TEST(IpAddress, AgreesWithTheSystemOnWhatIsAnAddress) {
    test::RandomBytes random(4291);
    int addresses = 0;

    for (int round = 0; round < 200000; ++round) {
        const std::string text = random_text(random);
        const auto expected = parse_by_system(text);
        ASSERT_EQ(IpAddress::parse(text), expected) << text;
        addresses += expected ? 1 : 0;
    }

    EXPECT_GT(addresses, 1000);
}

TEST(IpAddress, ComparesAsUnsignedInNetworkOrder) {
    EXPECT_LT(ip("10.0.0.1"), ip("10.0.0.2"));
    EXPECT_LT(ip("10.0.0.255"), ip("10.0.1.0"));
    EXPECT_LT(ip("127.0.0.1"), ip("128.0.0.0"));
    EXPECT_LT(ip("fe80::1"), ip("fe80::8000:0:0:0"));
    EXPECT_LT(ip("2001:db8::1"), ip("fe80::1"));
    EXPECT_EQ(ip("fe80::0:1"), ip("fe80::1"));
}

TEST(IpAddress, ComparesFamiliesFirst) {
    EXPECT_LT(ip("255.255.255.255"), ip("::"));
    EXPECT_NE(ip("0.0.0.0"), ip("::"));
}

TEST(IpAddress, KnowsItsKind) {
    EXPECT_TRUE(IpAddress{}.is_unspecified());
    EXPECT_TRUE(ip("0.0.0.0").is_unspecified());
    EXPECT_TRUE(ip("::").is_unspecified());
    EXPECT_FALSE(ip("::1").is_unspecified());

    EXPECT_TRUE(ip("224.0.0.18").is_multicast());
    EXPECT_TRUE(ip("239.255.255.255").is_multicast());
    EXPECT_TRUE(ip("ff02::12").is_multicast());
    EXPECT_FALSE(ip("223.255.255.255").is_multicast());
    EXPECT_FALSE(ip("240.0.0.0").is_multicast());
    EXPECT_FALSE(ip("fe80::1").is_multicast());

    EXPECT_TRUE(ip("169.254.0.1").is_link_local());
    EXPECT_TRUE(ip("fe80::1").is_link_local());
    EXPECT_TRUE(ip("febf:ffff::1").is_link_local());
    EXPECT_FALSE(ip("169.253.0.1").is_link_local());
    EXPECT_FALSE(ip("168.254.0.1").is_link_local());
    EXPECT_FALSE(ip("fec0::1").is_link_local());
    EXPECT_FALSE(ip("ff80::1").is_link_local());
}

TEST(IpAddress, IsMadeOfOctets) {
    EXPECT_EQ(IpAddress::v4({10, 99, 0, 1}), ip("10.99.0.1"));
    EXPECT_EQ(
        IpAddress::v6({0xfe, 0x80, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1}),
        ip("fe80::1"));
    EXPECT_EQ(IpAddress::from_octets(Buffer{10, 99, 0, 1}), ip("10.99.0.1"));
}

TEST(IpAddress, MayHaveThePrefixOfAnother) {
    const auto same = [](const char *a, const char *b, unsigned length) {
        return same_prefix(*IpAddress::parse(a), *IpAddress::parse(b), length);
    };
    EXPECT_TRUE(same("10.0.1.5", "10.0.1.5", 32));
    EXPECT_TRUE(same("10.0.1.5", "10.0.1.250", 24));
    EXPECT_FALSE(same("10.0.1.5", "10.0.2.5", 24));
    EXPECT_TRUE(same("10.0.1.127", "10.0.1.1", 25));
    EXPECT_FALSE(same("10.0.1.128", "10.0.1.1", 25));
    EXPECT_TRUE(same("10.0.1.128", "192.0.2.1", 0));
    EXPECT_TRUE(same("fd00::1:2", "fd00::1:3", 127));
    EXPECT_FALSE(same("fd00::1:2", "fd00::1:3", 128));
    EXPECT_FALSE(same("10.0.1.5", "a00:105::", 32));
    EXPECT_FALSE(same("::", "0.0.0.0", 0));
}

TEST(Family, KnowsItsSizes) {
    EXPECT_EQ(address_size(Family::ipv4), 4u);
    EXPECT_EQ(address_size(Family::ipv6), 16u);
    EXPECT_EQ(host_prefix_length(Family::ipv4), 32);
    EXPECT_EQ(host_prefix_length(Family::ipv6), 128);
}

}  // namespace
}  // namespace ngx_vrrp
