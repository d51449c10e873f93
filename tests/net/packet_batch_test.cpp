#include "core/net/packet_batch.hpp"

#include <gtest/gtest.h>
#include <sys/socket.h>

#include "core/os/fd.hpp"

namespace ngx_vrrp::net {
namespace {

class PacketBatchTest : public testing::Test {
protected:
    void SetUp() override {
        int pair[2];
        ASSERT_EQ(::socketpair(AF_UNIX, SOCK_DGRAM, 0, pair), 0);
        ours = os::Fd(pair[0]);
        theirs = os::Fd(pair[1]);
    }

    // Octets that depend on their place, and on the packet.
    static Buffer packet(std::size_t size, unsigned seed) {
        Buffer octets(size);
        for (std::size_t i = 0; i < size; ++i) {
            octets[i] = static_cast<std::uint8_t>(i * 7 + i / 256 + seed);
        }
        return octets;
    }

    void send(const Buffer &octets) {
        ASSERT_EQ(::send(theirs.get(), octets.data(), octets.size(), 0),
                  static_cast<ssize_t>(octets.size()));
    }

    Buffer received(unsigned i) {
        const Bytes bytes = batch[i].bytes;
        return {bytes.begin(), bytes.end()};
    }

    os::Fd ours;
    os::Fd theirs;
    PacketBatch batch;
};

TEST_F(PacketBatchTest, PacketsOfAnyLength) {
    constexpr std::size_t kSizes[] = {0,   1,   20,  255,
                                      256, 257, 300, PacketBatch::kMostOctets};
    for (unsigned round = 0; round < 3; ++round) {
        for (const std::size_t size : kSizes) {
            send(packet(size, round));
        }
        ASSERT_EQ(batch.receive(ours.get(), PacketBatch::kMostPackets), 0);
        ASSERT_EQ(batch.size(), std::size(kSizes));
        for (unsigned i = 0; i < batch.size(); ++i) {
            EXPECT_EQ(received(i), packet(kSizes[i], round)) << kSizes[i];
            EXPECT_EQ(batch[i].message->msg_flags & MSG_TRUNC, 0);
        }
    }
}

TEST_F(PacketBatchTest, ALongerOneIsTruncated) {
    send(packet(PacketBatch::kMostOctets + 1, 0));
    send(packet(20, 1));
    ASSERT_EQ(batch.receive(ours.get(), 2), 0);
    ASSERT_EQ(batch.size(), 2u);
    EXPECT_EQ(received(0), packet(PacketBatch::kMostOctets, 0));
    EXPECT_NE(batch[0].message->msg_flags & MSG_TRUNC, 0);
    EXPECT_EQ(received(1), packet(20, 1));
}

TEST_F(PacketBatchTest, NothingWaits) {
    EXPECT_EQ(batch.receive(ours.get(), 16), EAGAIN);
    EXPECT_EQ(batch.size(), 0u);
}

}  // namespace
}  // namespace ngx_vrrp::net
