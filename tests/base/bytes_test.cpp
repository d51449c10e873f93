#include "core/base/bytes.hpp"

#include <gtest/gtest.h>

#include <array>

namespace ngx_vrrp {
namespace {

constexpr std::array<std::uint8_t, 5> kFive{0x01, 0x80, 0xff, 0x00, 0xfe};

TEST(ByteReader, ReadsBigEndian) {
    ByteReader in(kFive);

    EXPECT_EQ(in.u8(), 0x01);
    EXPECT_EQ(in.u16(), 0x80ff);
    EXPECT_EQ(in.u16(), 0x00fe);

    EXPECT_EQ(in.remaining(), 0u);
    EXPECT_TRUE(in.ok());
}

TEST(ByteReader, ReadsWhatAWriterHasWritten) {
    Buffer octets;
    ByteWriter(octets).u32(0x80010203).u64(0xf0010203e4050607);
    EXPECT_EQ(octets, (Buffer{0x80, 1, 2, 3, 0xf0, 1, 2, 3, 0xe4, 5, 6, 7}));

    ByteReader in(octets);
    EXPECT_EQ(in.u32(), 0x80010203u);
    EXPECT_EQ(in.u64(), 0xf0010203e4050607u);
    EXPECT_TRUE(in.ok());
    EXPECT_EQ(in.u32(), 0u);
    EXPECT_FALSE(in.ok());
}
TEST(ByteReader, TakesAPartOfItsInput) {
    ByteReader in(kFive);

    const Bytes head = in.take(3);

    ASSERT_EQ(head.size(), 3u);
    EXPECT_EQ(head.data(), kFive.data());
    EXPECT_EQ(in.remaining(), 2u);
}

TEST(ByteReader, IsNotBadAtItsEnd) {
    ByteReader in(kFive);

    in.take(5);
    const Bytes nothing = in.take(0);

    EXPECT_TRUE(nothing.empty());
    EXPECT_TRUE(in.ok());
}

TEST(ByteReader, IsBadBehindItsEnd) {
    ByteReader in(kFive);

    const Bytes too_much = in.take(6);

    EXPECT_TRUE(too_much.empty());
    EXPECT_FALSE(in.ok());
}

TEST(ByteReader, DoesNotReadHalfOfAField) {
    ByteReader in(Bytes(kFive).first(1));

    EXPECT_EQ(in.u16(), 0);
    EXPECT_FALSE(in.ok());
}

TEST(ByteReader, YieldsZerosOnceItIsBad) {
    ByteReader in(kFive);

    in.take(6);

    EXPECT_EQ(in.u8(), 0);
    EXPECT_EQ(in.u16(), 0);
    EXPECT_EQ(in.remaining(), 0u);
    EXPECT_FALSE(in.ok());
}

TEST(ByteReader, AcceptsNoInputAtAll) {
    ByteReader in(Bytes{});

    EXPECT_TRUE(in.ok());
    EXPECT_EQ(in.u8(), 0);
    EXPECT_FALSE(in.ok());
}

TEST(ByteWriter, WritesBigEndianInOrder) {
    Buffer buffer;

    ByteWriter(buffer).u8(0xa5).u16(0x80ff).zeros(2).bytes(kFive);

    EXPECT_EQ(buffer,
              (Buffer{0xa5, 0x80, 0xff, 0, 0, 0x01, 0x80, 0xff, 0x00, 0xfe}));
}

TEST(ByteWriter, AppendsToWhatIsThere) {
    Buffer buffer{1, 2};

    ByteWriter(buffer).u8(3);

    EXPECT_EQ(buffer, (Buffer{1, 2, 3}));
}

TEST(ByteWriter, ReplacesAFieldAfterwards) {
    Buffer buffer{0xa5, 0xa5, 0xa5, 0xa5};

    ByteWriter(buffer).u16_at(1, 0x1234);

    EXPECT_EQ(buffer, (Buffer{0xa5, 0x12, 0x34, 0xa5}));
}

}  // namespace
}  // namespace ngx_vrrp
