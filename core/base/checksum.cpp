#include "core/base/checksum.hpp"

namespace ngx_vrrp {

[[gnu::hot]] Checksum &Checksum::add(Bytes bytes) {
    ByteReader in(bytes);
    while (in.remaining() >= 2) {
        sum_ += in.u16();
    }
    if (in.remaining() == 1) {
        sum_ += static_cast<std::uint16_t>(in.u8() << 8);
    }
    return *this;
}

// The two families order the fields differently, but the same numbers are at
// even offsets, and everything else is zero: the sum is one formula.
Checksum &Checksum::add_pseudo_header(const IpAddress &source,
                                      const IpAddress &destination,
                                      std::uint8_t protocol,
                                      std::size_t length) {
    add(source.octets());
    add(destination.octets());
    sum_ += protocol;
    sum_ += length;
    return *this;
}

[[gnu::hot]] std::uint16_t Checksum::value() const {
    std::uint64_t sum = sum_;
    while (sum > 0xffff) {
        sum = (sum & 0xffff) + (sum >> 16);
    }
    return static_cast<std::uint16_t>(~sum & 0xffff);
}

}  // namespace ngx_vrrp
