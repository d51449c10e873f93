#include "core/base/checksum.hpp"

#include <gtest/gtest.h>

#include "tests/support/random_bytes.hpp"

namespace ngx_vrrp {
namespace {

// RFC 1071 word for word: 16-bit words, the carry added at once, the odd
// octet padded with zero.
std::uint16_t naive_checksum(Buffer bytes) {
    if (bytes.size() % 2 != 0) {
        bytes.push_back(0);
    }
    std::uint32_t sum = 0;
    for (std::size_t i = 0; i < bytes.size(); i += 2) {
        sum += bytes[i] * 256u + bytes[i + 1];
        if (sum > 0xffff) {
            sum -= 0xffff;
        }
    }
    return static_cast<std::uint16_t>(0xffff - sum);
}

// RFC 793, 3.1 and RFC 8200, 8.1, octet by octet.
Buffer naive_pseudo_header(const Buffer &source, const Buffer &destination,
                           std::uint8_t protocol, std::uint16_t length) {
    Buffer header;
    ByteWriter out(header);
    out.bytes(source).bytes(destination);
    if (source.size() == 4) {
        out.u8(0).u8(protocol).u16(length);
    } else {
        out.u16(0).u16(length).zeros(3).u8(protocol);
    }
    return header;
}

TEST(Checksum, EqualsTheExampleOfRfc1071) {
    const Buffer bytes{0x00, 0x01, 0xf2, 0x03, 0xf4, 0xf5, 0xf6, 0xf7};

    const std::uint16_t sum = Checksum().add(bytes).value();

    EXPECT_EQ(sum, static_cast<std::uint16_t>(~0xddf2));
}

TEST(Checksum, OfNothingIsAllOnes) {
    EXPECT_EQ(Checksum().value(), 0xffff);
}

TEST(Checksum, PadsAnOddOctet) {
    EXPECT_EQ(Checksum().add(Buffer{0x12}).value(), 0xedff);
}

TEST(Checksum, EqualsTheNaiveSum) {
    test::RandomBytes random(1071);

    for (std::size_t size = 0; size < 600; ++size) {
        const Buffer bytes = random.bytes(size);
        ASSERT_EQ(Checksum().add(bytes).value(), naive_checksum(bytes)) << size;
    }
}

TEST(Checksum, FoldsMoreThanOneCarry) {
    const Buffer ones(std::size_t{20} * 65536, 0xff);

    EXPECT_EQ(Checksum().add(ones).value(), 0);
}

TEST(Checksum, IsTheSameInPieces) {
    test::RandomBytes random(2);

    for (int round = 0; round < 100; ++round) {
        const Buffer head = random.bytes(2 * random.below(20));
        const Buffer tail = random.bytes(random.below(40));
        Buffer whole = head;
        ByteWriter(whole).bytes(tail);

        ASSERT_EQ(Checksum().add(head).add(tail).value(),
                  Checksum().add(whole).value());
    }
}

TEST(Checksum, VerifiesToZero) {
    test::RandomBytes random(3);

    for (int round = 0; round < 100; ++round) {
        Buffer bytes = random.bytes(2 + random.below(60));
        ByteWriter(bytes).u16_at(0, 0);
        ByteWriter(bytes).u16_at(0, Checksum().add(bytes).value());

        ASSERT_EQ(Checksum().add(bytes).value(), 0);
    }
}

TEST(Checksum, NoticesEveryFlippedBit) {
    Buffer bytes = test::RandomBytes(4).bytes(40);
    ByteWriter(bytes).u16_at(6, 0);
    ByteWriter(bytes).u16_at(6, Checksum().add(bytes).value());

    for (std::size_t bit = 0; bit < bytes.size() * 8; ++bit) {
        Buffer flipped = bytes;
        flipped[bit / 8] ^= static_cast<std::uint8_t>(1 << bit % 8);
        ASSERT_NE(Checksum().add(flipped).value(), 0) << bit;
    }
}

TEST(Checksum, AddsThePseudoHeaderOfEitherFamily) {
    test::RandomBytes random(5);

    for (const std::size_t size : {4u, 16u}) {
        for (int round = 0; round < 100; ++round) {
            const Buffer source = random.bytes(size);
            const Buffer destination = random.bytes(size);
            const Buffer message = random.bytes(random.below(80));
            Buffer whole =
                naive_pseudo_header(source, destination, kProtocolVrrp,
                                    static_cast<std::uint16_t>(message.size()));
            ByteWriter(whole).bytes(message);

            const std::uint16_t sum =
                Checksum()
                    .add_pseudo_header(IpAddress::from_octets(source),
                                       IpAddress::from_octets(destination),
                                       kProtocolVrrp, message.size())
                    .add(message)
                    .value();

            ASSERT_EQ(sum, naive_checksum(whole));
        }
    }
}

}  // namespace
}  // namespace ngx_vrrp
