// Packets that are received together, in one system call.
#pragma once

#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "core/base/bytes.hpp"
#include "core/net/ip_message.hpp"

namespace ngx_vrrp::net {

class PacketBatch {
public:
    static constexpr unsigned kMostPackets = 16;

    // Octets. The longest advert has 60 of IP header, 8, and 255 addresses of
    // 16; a longer packet is truncated.
    static constexpr std::size_t kMostOctets = 8192 + 64;

    struct Packet {
        msghdr *message;
        Bytes bytes;
        const SocketAddress *from;
    };

    PacketBatch() : parts_(kMostPackets), long_(kMostPackets * kMostOctets) {
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
        return {&messages_[i].msg_hdr, octets(i), &parts_[i].from};
    }

private:
    // Most adverts are shorter.
    static constexpr std::size_t kUsualOctets = 256;

    // All that a usual packet needs lies together.
    struct Part {
        std::array<iovec, 2> data;
        SocketAddress from;
        Ancillary ancillary;
        std::array<std::uint8_t, kUsualOctets> octets;
    };

    Bytes octets(unsigned i) {
        const std::size_t size = messages_[i].msg_len;
        if (size <= kUsualOctets) {
            return Bytes(parts_[i].octets).first(size);
        }
        std::ranges::copy(parts_[i].octets, long_octets(i));
        return {long_octets(i), size};
    }

    // The beginning of a long packet has its place here, too.
    std::uint8_t *long_octets(unsigned i) {
        return long_.data() + i * kMostOctets;
    }

    void prepare(unsigned i) {
        Part &part = parts_[i];
        part.data = {
            iovec{part.octets.data(), kUsualOctets},
            iovec{long_octets(i) + kUsualOctets, kMostOctets - kUsualOctets}};
        part.from.clear();
        msghdr &message = messages_[i].msg_hdr;
        message = {};
        message.msg_iov = part.data.data();
        message.msg_iovlen = part.data.size();
        part.from.attach_to(message);
        part.ancillary.attach_to(message);
    }

    std::vector<Part> parts_;
    Buffer long_;
    std::array<mmsghdr, kMostPackets> messages_{};
    unsigned count_ = 0;
};

}  // namespace ngx_vrrp::net
