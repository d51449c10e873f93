#include "core/wire/hmac_trailer.hpp"

#include <algorithm>
#include <cassert>

namespace ngx_vrrp::wire {

namespace {

constexpr std::size_t kPseudoHeader = 20;
constexpr std::size_t kSourceOctets = 16;  // an IPv4 address is padded
constexpr std::size_t kVridOffset = 1;
constexpr std::size_t kPduChecksum = 6;

void write_head(ByteWriter &out, const HmacTrailer &trailer) {
    out.u8(trailer.type)
        .u8(trailer.key_id)
        .u16(trailer.reserved)
        .u64(trailer.sequence);
}

}  // namespace

Sequence sequence_of(WallTime time) {
    constexpr std::int64_t kSecond = Duration{Seconds{1}}.count();
    const std::int64_t ns =
        std::max<std::int64_t>(time.time_since_epoch().count(), 0);
    const auto seconds = static_cast<std::uint32_t>(ns / kSecond & 0xffffffff);
    const auto fraction =
        static_cast<std::uint64_t>(ns % kSecond) * 65536 / kSecond;
    return std::uint64_t{seconds} << 32 | fraction << 16;
}

HmacTrailer parse_hmac_trailer(Bytes octets) {
    assert(octets.size() == kHmacTrailerSize);
    ByteReader in(octets);
    HmacTrailer trailer;
    trailer.type = in.u8();
    trailer.key_id = in.u8();
    trailer.reserved = in.u16();
    trailer.sequence = in.u64();
    std::ranges::copy(in.take(trailer.mac.size()), trailer.mac.begin());
    return trailer;
}

Buffer serialize(const HmacTrailer &trailer) {
    Buffer octets;
    octets.reserve(kHmacTrailerSize);
    ByteWriter out(octets);
    write_head(out, trailer);
    out.bytes(trailer.mac);
    return octets;
}

Buffer signed_octets(Bytes pdu, const IpAddress &source,
                     const HmacTrailer &trailer) {
    assert(pdu.size() >= kPduChecksum + 2);
    const Bytes address = source.octets();

    Buffer octets;
    octets.reserve(kPseudoHeader + pdu.size() + kHmacTrailerSize);
    ByteWriter out(octets);
    out.u8(static_cast<std::uint8_t>(to_number(source.family())))
        .u8(static_cast<std::uint8_t>(pdu[0] >> 4))
        .u8(pdu[kVridOffset])
        .u8(0)
        .bytes(address)
        .zeros(kSourceOctets - address.size())
        .bytes(pdu)
        .u16_at(kPseudoHeader + kPduChecksum, 0);
    write_head(out, trailer);
    out.zeros(Mac{}.size());
    return octets;
}

bool equal_in_constant_time(Bytes a, Bytes b) {
    if (a.size() != b.size()) {
        return false;
    }
    unsigned difference = 0;
    for (std::size_t i = 0; i < a.size(); ++i) {
        difference |= unsigned{a[i]} ^ b[i];
    }
    return difference == 0;
}

}  // namespace ngx_vrrp::wire
