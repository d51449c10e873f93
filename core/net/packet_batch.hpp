// Packets that are received together, in one system call.
#pragma once

#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstddef>
#include <cstdint>

#include "core/base/bytes.hpp"
#include "core/net/ip_message.hpp"

namespace ngx_vrrp::net {

class PacketBatch {
public:
    static constexpr unsigned kMostPackets = 16;

    // Octets. The longest advert has 60 of IP header, 8, and 255 addresses of
    // 16; a longer packet is truncated. (Not a power of two, so that the
    // beginnings of the buffers do not share places in the processor's cache.)
    static constexpr std::size_t kMostOctets = 8192 + 64;

    struct Packet {
        msghdr *message;
        Bytes bytes;
        const SocketAddress *from;
    };

    PacketBatch() : buffer_(kMostPackets * kMostOctets) {
        for (unsigned i = 0; i < kMostPackets; ++i) {
            prepare(i);
        }
    }
    PacketBatch(const PacketBatch &) = delete;
    PacketBatch &operator=(const PacketBatch &) = delete;

    // At most this number of waiting packets. Returns 0 or errno.
    int receive(int fd, unsigned most) {
        for (unsigned i = 0; i < count_; ++i) {
            prepare(i);
        }
        const int n =
            ::recvmmsg(fd, messages_.data(), std::min(most, kMostPackets),
                       MSG_DONTWAIT, nullptr);
        const int error = n < 0 ? errno : 0;
        count_ = n < 0 ? 0 : static_cast<unsigned>(n);
        return error;
    }

    unsigned size() const { return count_; }

    Packet operator[](unsigned i) {
        return {&messages_[i].msg_hdr, Bytes(octets(i), messages_[i].msg_len),
                &from_[i]};
    }

private:
    std::uint8_t *octets(unsigned i) {
        return buffer_.data() + i * kMostOctets;
    }

    void prepare(unsigned i) {
        data_[i] = {octets(i), kMostOctets};
        from_[i].clear();
        msghdr &message = messages_[i].msg_hdr;
        message = {};
        message.msg_iov = &data_[i];
        message.msg_iovlen = 1;
        from_[i].attach_to(message);
        ancillary_[i].attach_to(message);
    }

    Buffer buffer_;
    std::array<iovec, kMostPackets> data_{};
    std::array<SocketAddress, kMostPackets> from_{};
    std::array<Ancillary, kMostPackets> ancillary_{};
    std::array<mmsghdr, kMostPackets> messages_{};
    unsigned count_ = 0;
};

}  // namespace ngx_vrrp::net
