#include "core/wire/advertisement.hpp"

#include <gtest/gtest.h>

#include "core/base/checksum.hpp"
#include "tests/support/hex.hpp"
#include "tests/support/random_bytes.hpp"

namespace ngx_vrrp::wire {
namespace {

using namespace std::chrono_literals;
using test::from_hex;
using test::to_hex;

IpAddress ip(std::string_view text) {
    return IpAddress::parse(text).value();
}

Endpoints multicast() {
    return {ip("10.99.0.1"), ip("224.0.0.18")};
}

Endpoints multicast_ipv6() {
    return {ip("fe80::1"), ip("ff02::12")};
}

// VRID 51, priority 100, the address of most packets below.
Advertisement advertisement(Version version, Duration interval) {
    return {.version = version,
            .vrid = Vrid{51},
            .priority = Priority{100},
            .interval = interval,
            .addresses = {ip("10.99.0.100")},
            .authentication = {}};
}

Authentication password(const char (&text)[9]) {
    Authentication authentication{.type = AuthType::simple_text, .data = {}};
    std::copy_n(text, 8, authentication.data.begin());
    return authentication;
}

DropReason reason(Bytes pdu, const Endpoints &endpoints) {
    const auto result = parse_advertisement(pdu, endpoints);
    EXPECT_FALSE(result) << to_hex(pdu) << " was accepted";
    return result ? DropReason::loop : result.error();
}

void expect_both_ways(std::string_view hex, const Advertisement &expected,
                      const Endpoints &endpoints, ChecksumForm form) {
    const Buffer pdu = from_hex(hex);

    const auto parsed = parse_advertisement(pdu, endpoints);
    const Buffer serialized = serialize(expected, endpoints, form);

    ASSERT_TRUE(parsed) << to_string(parsed.error());
    EXPECT_EQ(parsed->advertisement, expected);
    EXPECT_EQ(parsed->checksum_form, form);
    EXPECT_EQ(to_hex(serialized), to_hex(pdu));
}

// Packets from captures, read and written.

// Version 2, Type 1 | VRID 51 | Priority 100 | Addr Count 1
// Auth Type 1 | Advert Int 1 s | Checksum 0x0a9d
// 10.99.0.100 | "1234"
TEST(AdvertisementFromCapture, V2WithPassword) {
    Advertisement expected = advertisement(Version::v2, 1s);
    expected.authentication = password("1234\0\0\0\0");

    expect_both_ways("21336401 01010a9d 0a630064 31323334 00000000", expected,
                     multicast(), ChecksumForm::message_only);
}

// Auth Type 1 | "abcdefgh", all 8 octets used
TEST(AdvertisementFromCapture, V2WithLongPassword) {
    Advertisement expected = advertisement(Version::v2, 1s);
    expected.authentication = password("abcdefgh");

    expect_both_ways("21336401 0101dd6d 0a630064 61626364 65666768", expected,
                     multicast(), ChecksumForm::message_only);
}

// Auth Type 0 | Advert Int 1 s | Checksum 0x7003 | 8 octets anyway
TEST(AdvertisementFromCapture, V2WithoutAuthentication) {
    expect_both_ways("21336401 00017003 0a630064 00000000 00000000",
                     advertisement(Version::v2, 1s), multicast(),
                     ChecksumForm::message_only);
}

// Version 3, Type 1 | VRID 51 | Priority 100 | Addr Count 1
// Max Advertise Interval 50 cs | Checksum 0x74df, pseudo header to 224.0.0.18
// 10.99.0.100
TEST(AdvertisementFromCapture, V3WithPseudoHeader) {
    expect_both_ways("31336401 003274df 0a630064",
                     advertisement(Version::v3, 500ms), multicast(),
                     ChecksumForm::pseudo_header);
}

// Checksum 0x5fd2, the message alone
// RFC 9568, 5.2.8 (checksum of the IPv4 message)
TEST(AdvertisementFromCapture, V3AsInRfc9568) {
    expect_both_ways("31336401 00325fd2 0a630064",
                     advertisement(Version::v3, 500ms), multicast(),
                     ChecksumForm::message_only);
}

// Checksum 0x4a8d, pseudo header to 10.99.0.2
TEST(AdvertisementFromCapture, V3Unicast) {
    expect_both_ways(
        "31336401 00324a8d 0a630064", advertisement(Version::v3, 500ms),
        {ip("10.99.0.1"), ip("10.99.0.2")}, ChecksumForm::pseudo_header);
}

// Test vector of draft-cassen-vrrp-auth-hmac, without its trailer:
// VRID 51 | Priority 200 | Max Advertise Interval 100 cs | Checksum 0x4402
// 192.0.2.100
TEST(AdvertisementFromCapture, V3OfTheHmacDraft) {
    Advertisement expected = advertisement(Version::v3, 1s);
    expected.priority = Priority{200};
    expected.addresses = {ip("192.0.2.100")};

    expect_both_ways("3133c801 00644402 c0000264", expected,
                     {ip("198.51.100.10"), ip("224.0.0.18")},
                     ChecksumForm::message_only);
}

// From here on not captured, but summed by another program.

// VRID 51 | Priority 100 | Addr Count 2 | Max Advertise Interval 50 cs
// Checksum 0x3e2f, pseudo header from fe80::1 to ff02::12
// fe80::100 | 2001:db8::100
TEST(AdvertisementSummedElsewhere, V3OverIpv6) {
    Advertisement expected = advertisement(Version::v3, 500ms);
    expected.addresses = {ip("fe80::100"), ip("2001:db8::100")};

    expect_both_ways(
        "31336402 00323e2f"
        "fe800000 00000000 00000000 00000100"
        "20010db8 00000000 00000000 00000100",
        expected, multicast_ipv6(), ChecksumForm::pseudo_header);
}

// The same to fe80::2: Checksum 0x3ec1
TEST(AdvertisementSummedElsewhere, V3UnicastOverIpv6) {
    Advertisement expected = advertisement(Version::v3, 500ms);
    expected.addresses = {ip("fe80::100"), ip("2001:db8::100")};

    expect_both_ways(
        "31336402 00323ec1"
        "fe800000 00000000 00000000 00000100"
        "20010db8 00000000 00000000 00000100",
        expected, {ip("fe80::1"), ip("fe80::2")}, ChecksumForm::pseudo_header);
}

// VRID 51 | Priority 90 | Addr Count 2 | Auth Type 1 | Advert Int 1 s
// Checksum 0xe749 | 192.168.64.200 | 192.168.64.201 | "123456"
TEST(AdvertisementSummedElsewhere, V2WithTwoAddresses) {
    Advertisement expected = advertisement(Version::v2, 1s);
    expected.priority = Priority{90};
    expected.addresses = {ip("192.168.64.200"), ip("192.168.64.201")};
    expected.authentication = password("123456\0\0");

    expect_both_ways("21335a02 0101e749 c0a840c8 c0a840c9 31323334 35360000",
                     expected, multicast(), ChecksumForm::message_only);
}

// Packets that the writer never writes and the reader must accept.

// RFC 9568, 5.2.6 (reserved bits)
TEST(ParseAdvertisement, IgnoresTheReservedBitsOfV3) {
    const Buffer pdu = from_hex("31336401 a032bfd1 0a630064");

    const auto parsed = parse_advertisement(pdu, multicast());

    ASSERT_TRUE(parsed) << to_string(parsed.error());
    EXPECT_EQ(parsed->advertisement.interval, 500ms);
}

TEST(ParseAdvertisement, KeepsAnUnknownAuthenticationType) {
    const Buffer pdu = from_hex("21336401 02016e03 0a630064 00000000 00000000");

    const auto parsed = parse_advertisement(pdu, multicast());

    ASSERT_TRUE(parsed) << to_string(parsed.error());
    EXPECT_EQ(parsed->advertisement.authentication.type, AuthType{2});
}

TEST(ParseAdvertisement, TakesPriorityZero) {
    const Buffer pdu = from_hex("31330001 0032d8df 0a630064");

    const auto parsed = parse_advertisement(pdu, multicast());

    ASSERT_TRUE(parsed) << to_string(parsed.error());
    EXPECT_EQ(parsed->advertisement.priority, kPriorityZero);
}

// Packets that it must refuse, one test per reason.

TEST(ParseAdvertisement, DropsAShortHeader) {
    const Buffer pdu = from_hex("31336401 00325fd2 0a630064");

    for (std::size_t size = 0; size < 8; ++size) {
        EXPECT_EQ(reason(Bytes(pdu).first(size), multicast()),
                  DropReason::length);
    }
}

// RFC 9568, 7.1 (length)
TEST(ParseAdvertisement, DropsWhatIsShorterThanItSays) {
    const Buffer pdu = from_hex("21336401 01010a9d 0a630064 31323334 00000000");

    for (std::size_t size = 8; size < pdu.size(); ++size) {
        EXPECT_EQ(reason(Bytes(pdu).first(size), multicast()),
                  DropReason::length);
    }
}

TEST(ParseAdvertisement, DropsWhatIsLongerThanItSays) {
    EXPECT_EQ(reason(from_hex("31336401 00325fd2 0a630064 00"), multicast()),
              DropReason::length);
}

// CARP has the same protocol number and looks like a VRRPv2 packet with 7
// addresses: version 2, type 1 | vhid 51 | advskew 0 | authlen 7 | 0 |
// advbase 1 | checksum | counter (8) | digest (20)
TEST(ParseAdvertisement, DropsCarpByItsLength) {
    const Buffer pdu = from_hex(
        "21330007 00012c5e 00112233 44556677"
        "00010203 04050607 08090a0b 0c0d0e0f 10111213");

    ASSERT_EQ(pdu.size(), 36u);
    EXPECT_EQ(reason(pdu, multicast()), DropReason::length);
}

// RFC 9568, 7.1 (version)
TEST(ParseAdvertisement, DropsOtherVersions) {
    Buffer pdu = from_hex("31336401 00325fd2 0a630064");

    for (unsigned version = 0; version < 16; ++version) {
        if (version != 2 && version != 3) {
            pdu[0] = static_cast<std::uint8_t>(version << 4 | 1);
            EXPECT_EQ(reason(pdu, multicast()), DropReason::version);
        }
    }
}

TEST(ParseAdvertisement, DropsV2OverIpv6) {
    EXPECT_EQ(reason(from_hex("21336401 00017003"
                              "fe800000 00000000 00000000 00000100"
                              "00000000 00000000"),
                     multicast_ipv6()),
              DropReason::version);
}

// RFC 9568, 5.2.2 (type)
TEST(ParseAdvertisement, DropsOtherTypes) {
    Buffer pdu = from_hex("31336401 00325fd2 0a630064");

    for (unsigned type = 0; type < 16; ++type) {
        if (type != 1) {
            pdu[0] = static_cast<std::uint8_t>(3 << 4 | type);
            EXPECT_EQ(reason(pdu, multicast()), DropReason::type);
        }
    }
}

// RFC 9568, 7.1 and erratum 8299 (address count)
TEST(ParseAdvertisement, DropsNoAddresses) {
    EXPECT_EQ(reason(from_hex("31336400 00326a9a"), multicast()),
              DropReason::address_count);
    EXPECT_EQ(
        reason(from_hex("21336400 00017acb 00000000 00000000"), multicast()),
        DropReason::address_count);
}

// A virtual router without addresses ("virtual_ipaddress none").
TEST(ParseAdvertisement, AcceptsNoAddressesIfTheRouterHasNone) {
    const auto parsed =
        parse_advertisement(from_hex("31336400 00326a9a"), multicast(), 0);
    ASSERT_TRUE(parsed.has_value());
    EXPECT_TRUE(parsed->advertisement.addresses.empty());
}

// RFC 9568, 7.1 and erratum 8301 (interval)
TEST(ParseAdvertisement, DropsIntervalZero) {
    EXPECT_EQ(reason(from_hex("31336401 00006004 0a630064"), multicast()),
              DropReason::interval);
    EXPECT_EQ(reason(from_hex("21336401 01000a9e 0a630064 31323334 00000000"),
                     multicast()),
              DropReason::interval);
}

TEST(ParseAdvertisement, DropsReservedBitsWithIntervalZero) {
    EXPECT_EQ(reason(from_hex("31336401 f0007003 0a630064"), multicast()),
              DropReason::interval);
}

// RFC 9568, 7.1 (checksum)
TEST(ParseAdvertisement, DropsAWrongChecksum) {
    for (const std::string_view hex :
         {"21336401 01010a9d 0a630064 31323334 00000000",
          "31336401 003274df 0a630064", "31336401 00325fd2 0a630064"}) {
        const Buffer pdu = from_hex(hex);
        for (std::size_t i = 8; i < pdu.size(); ++i) {
            Buffer damaged = pdu;
            damaged[i] ^= 0x40;
            EXPECT_EQ(reason(damaged, multicast()), DropReason::checksum) << i;
        }
    }
}

TEST(ParseAdvertisement, DropsAPseudoHeaderOfV2) {
    const Advertisement v2 = advertisement(Version::v2, 1s);
    Buffer pdu = serialize(v2, multicast(), ChecksumForm::message_only);
    ByteWriter(pdu).u16_at(6, 0);
    const Checksum with_pseudo_header = Checksum().add(pdu).add_pseudo_header(
        multicast().source, multicast().destination, kProtocolVrrp, pdu.size());
    ByteWriter(pdu).u16_at(6, with_pseudo_header.value());

    EXPECT_EQ(reason(pdu, multicast()), DropReason::checksum);
}

TEST(ParseAdvertisement, DropsAPseudoHeaderWithOtherEndpoints) {
    const Buffer pdu = from_hex("31336401 00324a8d 0a630064");

    EXPECT_EQ(reason(pdu, multicast()), DropReason::checksum);
}

// Checksum 0x3c5e, the message alone
// RFC 9568, 5.2.8 (pseudo header)
TEST(ParseAdvertisement, DropsIpv6WithoutPseudoHeader) {
    EXPECT_EQ(reason(from_hex("31336402 00323c5e"
                              "fe800000 00000000 00000000 00000100"
                              "20010db8 00000000 00000000 00000100"),
                     multicast_ipv6()),
              DropReason::checksum);
}

// The writer's limits.

TEST(SerializeAdvertisement, IgnoresTheFormWhereThereIsNoChoice) {
    const Advertisement v2 = advertisement(Version::v2, 1s);
    Advertisement ipv6 = advertisement(Version::v3, 1s);
    ipv6.addresses = {ip("fe80::100")};

    EXPECT_EQ(serialize(v2, multicast(), ChecksumForm::pseudo_header),
              serialize(v2, multicast(), ChecksumForm::message_only));
    EXPECT_EQ(serialize(ipv6, multicast_ipv6(), ChecksumForm::pseudo_header),
              serialize(ipv6, multicast_ipv6(), ChecksumForm::message_only));
}

TEST(SerializeAdvertisement, ReachesTheEndsOfTheInterval) {
    const auto interval_octets = [](Version version, Duration interval) {
        const Buffer pdu = serialize(advertisement(version, interval),
                                     multicast(), ChecksumForm::message_only);
        return to_hex(Bytes(pdu).subspan(4, 2));
    };

    EXPECT_EQ(interval_octets(Version::v3, 10ms), "0001");
    EXPECT_EQ(interval_octets(Version::v3, 40'950ms), "0fff");
    EXPECT_EQ(interval_octets(Version::v2, 1s), "0001");
    EXPECT_EQ(interval_octets(Version::v2, 255s), "00ff");
}

TEST(SerializeAdvertisement, Holds255Addresses) {
    Advertisement full = advertisement(Version::v3, 1s);
    full.addresses.assign(255, ip("10.99.0.100"));

    const Buffer pdu =
        serialize(full, multicast(), ChecksumForm::pseudo_header);
    const auto parsed = parse_advertisement(pdu, multicast());

    EXPECT_EQ(pdu.size(), 8u + 255u * 4u);
    ASSERT_TRUE(parsed) << to_string(parsed.error());
    EXPECT_EQ(parsed->advertisement, full);
}

TEST(SerializeAdvertisementDeathTest, RefusesAnIntervalItCannotSay) {
    const auto write = [](Version version, Duration interval) {
        serialize(advertisement(version, interval), multicast(),
                  ChecksumForm::message_only);
    };

    EXPECT_DEATH(write(Version::v3, 15ms), "interval");
    EXPECT_DEATH(write(Version::v3, 0ms), "count");
    EXPECT_DEATH(write(Version::v3, 40'960ms), "count");
    EXPECT_DEATH(write(Version::v2, 1500ms), "interval");
    EXPECT_DEATH(write(Version::v2, 256s), "count");
}

// Any advertisement is read as it was written.

std::vector<IpAddress> random_addresses(test::RandomBytes &random,
                                        Family family) {
    std::vector<IpAddress> addresses;
    for (std::size_t left = 1 + random.below(255); left > 0; --left) {
        addresses.push_back(
            IpAddress::from_octets(random.bytes(address_size(family))));
    }
    return addresses;
}

Advertisement random_advertisement(test::RandomBytes &random, Version version,
                                   Family family) {
    Advertisement made;
    made.version = version;
    made.vrid = Vrid{random.bytes(1)[0]};
    made.priority = Priority{random.bytes(1)[0]};
    made.addresses = random_addresses(random, family);
    if (version == Version::v3) {
        made.interval = 10ms * (1 + random.below(4095));
        return made;
    }
    made.interval = 1s * (1 + random.below(255));
    made.authentication.type = AuthType{random.bytes(1)[0]};
    std::ranges::copy(random.bytes(8), made.authentication.data.begin());
    return made;
}

TEST(Advertisement, SurvivesTheRoundTrip) {
    test::RandomBytes random(112);

    for (int round = 0; round < 300; ++round) {
        const Family family = round % 3 == 0 ? Family::ipv6 : Family::ipv4;
        const Version version = round % 3 == 1 ? Version::v2 : Version::v3;
        const Endpoints endpoints{
            IpAddress::from_octets(random.bytes(address_size(family))),
            IpAddress::from_octets(random.bytes(address_size(family)))};
        const Advertisement made =
            random_advertisement(random, version, family);

        const Buffer pdu =
            serialize(made, endpoints, ChecksumForm::pseudo_header);
        const auto parsed = parse_advertisement(pdu, endpoints);

        ASSERT_TRUE(parsed) << to_string(parsed.error());
        ASSERT_EQ(parsed->advertisement, made);
    }
}

}  // namespace
}  // namespace ngx_vrrp::wire
