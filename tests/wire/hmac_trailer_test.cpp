// Packets with a trailer. They were computed by Python (hmac_vectors.py), not
// by this code; the first two are the vectors of the draft, the third was sent
// by keepalived 2.4.3.
#include "core/wire/hmac_trailer.hpp"

#include <gtest/gtest.h>

#include <algorithm>

#include "core/wire/advertisement.hpp"
#include "tests/support/hex.hpp"
#include "tests/support/openssl_signer.hpp"

namespace ngx_vrrp::wire {
namespace {

using test::from_hex;
using test::to_hex;

IpAddress address(std::string_view text) {
    return IpAddress::parse(text).value();
}

struct Vector {
    const char *name;
    const char *packet;
    const char *source;
    const char *destination;
    Buffer key;
    ChecksumForm form;
};

Buffer counted_key() {
    Buffer key(32);
    for (std::size_t i = 0; i < key.size(); ++i) {
        key[i] = static_cast<std::uint8_t>(i);
    }
    return key;
}

std::vector<Vector> vectors() {
    using enum ChecksumForm;
    return {
        {"draft, IPv4",
         "3133c80100644402c0000264"
         "0101000068000000800000001b84bc4e8e43892dc6d98448f8ee2265",
         "198.51.100.10", "224.0.0.18", counted_key(), message_only},
        {"draft, IPv6",
         "3133c8010064a275fe800000000000000000000000000100"
         "01010000680000008000"
         "0000c8c56146ebfd66ee10ec4d8186461b78",
         "fe80::10", "ff02::12", counted_key(), pseudo_header},
        {"v3",
         "31336401003274df0a630064"
         "010100006affd169ea0b000046324fa89ccdabe20e3dc7bb901a3b59",
         "10.99.0.1", "224.0.0.18", counted_key(), pseudo_header},
        {"unicast",
         "3133640100324a8d0a630064"
         "01ff00006affd169ea0b00071fd3142b81a95f2e759d2a9e262cc4a8",
         "10.99.0.1", "10.99.0.2", Buffer(64, 'k'), pseudo_header},
        {"v2",
         "21336401000170030a6300640000000000000000"
         "010200006affd169ea0bffffb66776c16cd599436974597e744ad09c",
         "10.99.0.1", "224.0.0.18", counted_key(), message_only},
    };
}

class HmacVector : public ::testing::TestWithParam<Vector> {
protected:
    Buffer packet() const { return from_hex(GetParam().packet); }
    Endpoints endpoints() const {
        return {address(GetParam().source), address(GetParam().destination)};
    }
    ParsedAdvertisement parsed() const {
        return parse_advertisement(packet(), endpoints()).value();
    }
    // Of the advertisement as it was read.
    std::string mac(const IpAddress &source, Bytes pdu) const {
        const auto digest = test::openssl_hmac_sha256(
            GetParam().key, signed_octets(pdu, source, *parsed().trailer));
        return to_hex(Bytes(*digest).first(Mac{}.size()));
    }
};

TEST_P(HmacVector, HasThisMac) {
    const Buffer octets = packet();
    const Bytes pdu = Bytes(octets).first(octets.size() - kHmacTrailerSize);

    EXPECT_EQ(mac(endpoints().source, pdu), to_hex(parsed().trailer->mac));
}

TEST_P(HmacVector, IsReadAndWritten) {
    const ParsedAdvertisement read = parsed();

    EXPECT_EQ(read.checksum_form, GetParam().form);
    EXPECT_EQ(to_hex(serialize(read.advertisement, endpoints(),
                               read.checksum_form, serialize(*read.trailer))),
              GetParam().packet);
}

// Each octet of the advertisement is signed, except the checksum.
TEST_P(HmacVector, DependsOnEachOctet) {
    const Buffer octets = packet();
    for (std::size_t i = 0; i < octets.size() - kHmacTrailerSize; ++i) {
        Buffer changed = octets;
        changed[i] ^= 0x10;
        changed.resize(octets.size() - kHmacTrailerSize);
        const bool same =
            mac(endpoints().source, changed) == to_hex(parsed().trailer->mac);
        EXPECT_EQ(same, i == 6 || i == 7) << i;
    }
}

TEST_P(HmacVector, DependsOnTheSource) {
    const Buffer octets = packet();
    const Bytes pdu = Bytes(octets).first(octets.size() - kHmacTrailerSize);
    const IpAddress other = endpoints().source.family() == Family::ipv4
                                ? address("10.99.0.9")
                                : address("fe80::9");

    EXPECT_NE(mac(other, pdu), to_hex(parsed().trailer->mac));
}

std::string vector_name(const ::testing::TestParamInfo<Vector> &vector) {
    std::string name = vector.param.name;
    std::erase_if(name, [](char c) { return c == ' ' || c == ','; });
    return name;
}

INSTANTIATE_TEST_SUITE_P(All, HmacVector, ::testing::ValuesIn(vectors()),
                         vector_name);

// The checksum of an IPv6 packet contains the trailer, that of IPv4 does not.
TEST(HmacTrailer, IsSummedInIpv6Only) {
    for (const Vector &v : vectors()) {
        Buffer octets = from_hex(v.packet);
        octets.back() ^= 1;
        const Endpoints endpoints{address(v.source), address(v.destination)};
        const bool is_ipv6 = endpoints.source.family() == Family::ipv6;
        EXPECT_EQ(parse_advertisement(octets, endpoints).has_value(), !is_ipv6)
            << v.name;
    }
}

TEST(HmacTrailer, HasExactlyItsLength) {
    const Vector v = vectors()[2];
    const Endpoints endpoints{address(v.source), address(v.destination)};
    for (const std::size_t size : {13u, 39u, 41u, 68u}) {
        Buffer octets = from_hex(v.packet);
        octets.resize(size);
        const auto parsed = parse_advertisement(octets, endpoints);
        ASSERT_FALSE(parsed) << size;
        EXPECT_EQ(parsed.error(), DropReason::length) << size;
    }
}

TEST(HmacTrailer, FieldsAreReadAndWritten) {
    const Buffer octets = from_hex(
        "02030405 01020304 0506 0708 101112131415161718191a1b1c1d1e1f");
    const HmacTrailer trailer = parse_hmac_trailer(octets);

    EXPECT_EQ(trailer.type, 2);
    EXPECT_EQ(trailer.key_id, 3);
    EXPECT_EQ(trailer.reserved, 0x0405);
    EXPECT_EQ(trailer.sequence, 0x0102030405060708u);
    EXPECT_EQ(seconds_of(trailer.sequence), 0x01020304u);
    EXPECT_EQ(trailer.mac[15], 0x1f);
    EXPECT_EQ(serialize(trailer), octets);
}

TEST(Sequence, IsTheTimeInSixteenthsOfSixteenBits) {
    const WallTime half{Seconds{0x6affd169} + Milliseconds{500}};
    EXPECT_EQ(sequence_of(half), 0x6affd16980000000u);
    EXPECT_EQ(sequence_of(WallTime{Duration{999'999'999}}), 0xffff0000u);
    EXPECT_EQ(sequence_of(WallTime{Seconds{-1}}), 0u);
    // in 2106 the seconds begin again
    EXPECT_EQ(sequence_of(WallTime{Seconds{0x1'0000'0001}}), 0x1'0000'0000u);
}

TEST(Sequence, GrowsAcrossTheWrap) {
    EXPECT_TRUE(is_after(2, 1));
    EXPECT_FALSE(is_after(1, 1));
    EXPECT_FALSE(is_after(1, 2));
    EXPECT_TRUE(is_after(1, ~Sequence{0}));
    EXPECT_FALSE(is_after(~Sequence{0}, 1));
}

TEST(EqualInConstantTime, ComparesEachOctet) {
    const Buffer a = from_hex("000102030405060708090a0b0c0d0e0f");
    EXPECT_TRUE(equal_in_constant_time(a, a));
    EXPECT_FALSE(equal_in_constant_time(a, Bytes(a).first(15)));
    for (std::size_t i = 0; i < a.size(); ++i) {
        Buffer b = a;
        b[i] ^= 0x80;
        EXPECT_FALSE(equal_in_constant_time(a, b)) << i;
    }
}

}  // namespace
}  // namespace ngx_vrrp::wire
