#include "core/bfd/packet.hpp"

#include <gtest/gtest.h>

#include "tests/support/hex.hpp"

namespace ngx_vrrp::bfd {
namespace {

// Written by hand from the drawing of RFC 5880, 4.1.
constexpr const char *kUp =
    "20 e0 03 18  11 22 33 44  55 66 77 88"
    "00 00 c3 50  00 01 86 a0  00 00 00 00";

using test::from_hex;

Buffer up() {
    return from_hex(kUp);
}

Buffer with(std::size_t at, std::uint8_t octet) {
    Buffer payload = up();
    payload[at] = octet;
    return payload;
}

Drop refused(const Buffer &payload) {
    const auto packet = parse(payload);
    EXPECT_FALSE(packet);
    return packet ? Drop::session : packet.error();
}

TEST(BfdPacket, IsRead) {
    const auto packet = parse(up());

    ASSERT_TRUE(packet);
    EXPECT_EQ(packet->state, State::up);
    EXPECT_EQ(packet->diagnostic, Diagnostic::none);
    EXPECT_TRUE(packet->poll);
    EXPECT_FALSE(packet->final_);
    EXPECT_FALSE(packet->demand);
    EXPECT_EQ(packet->multiplier, 3);
    EXPECT_EQ(packet->my_discriminator, 0x11223344U);
    EXPECT_EQ(packet->your_discriminator, 0x55667788U);
    EXPECT_EQ(packet->desired_min_tx, Microseconds{50000});
    EXPECT_EQ(packet->required_min_rx, Microseconds{100000});
    EXPECT_EQ(serialize(*packet), up());
}

TEST(BfdPacket, IsWrittenWithEachFlag) {
    Packet packet;
    packet.diagnostic = Diagnostic::neighbour_signaled_down;
    packet.state = State::init;
    packet.final_ = true;
    packet.control_plane_independent = true;
    packet.demand = true;
    packet.multiplier = 5;
    packet.my_discriminator = 1;
    packet.your_discriminator = 2;
    packet.desired_min_tx = Microseconds{1000000};
    packet.required_min_rx = Microseconds{1};
    packet.required_min_echo_rx = Microseconds{2};

    EXPECT_EQ(serialize(packet),
              from_hex("23 9a 05 18  00 00 00 01  00 00 00 02"
                       "00 0f 42 40  00 00 00 01  00 00 00 02"));
}

TEST(BfdPacket, IsDroppedWithTheReason) {
    EXPECT_EQ(refused(with(0, 0x00)), Drop::version);
    EXPECT_EQ(refused(with(0, 0x40)), Drop::version);
    EXPECT_EQ(refused(with(3, 23)), Drop::length);
    EXPECT_EQ(refused(with(3, 25)), Drop::length);
    EXPECT_EQ(refused({}), Drop::length);
    EXPECT_EQ(refused(with(2, 0)), Drop::multiplier);
    EXPECT_EQ(refused(with(1, 0xe1)), Drop::multipoint);
    EXPECT_EQ(refused(with(1, 0xe4)), Drop::authentication);

    Buffer without_mine = up();
    std::fill_n(without_mine.begin() + 4, 4, std::uint8_t{0});
    EXPECT_EQ(refused(without_mine), Drop::discriminator);
}

// RFC 5880, 6.8.6: only Down and AdminDown may not know the discriminator.
TEST(BfdPacket, OnlyADownPeerMayNotHaveOurDiscriminator) {
    for (const int state : {0, 1, 2, 3}) {
        Buffer payload = with(1, static_cast<std::uint8_t>(state << 6));
        std::fill_n(payload.begin() + 8, 4, std::uint8_t{0});

        EXPECT_EQ(parse(payload).has_value(), state <= 1);
    }
}

TEST(BfdPacket, CutAnywhereHasAWrongLength) {
    const Buffer whole = up();
    for (std::size_t size = 0; size < whole.size(); ++size) {
        EXPECT_EQ(refused({whole.begin(),
                           whole.begin() + static_cast<std::ptrdiff_t>(size)}),
                  Drop::length);
    }
}

TEST(BfdPacket, OctetsAfterItAreIgnored) {
    Buffer longer = up();
    longer.push_back(1);

    EXPECT_TRUE(parse(longer));
}

}  // namespace
}  // namespace ngx_vrrp::bfd
