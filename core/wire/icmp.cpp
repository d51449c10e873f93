#include "core/wire/icmp.hpp"

#include "core/base/checksum.hpp"

namespace ngx_vrrp::wire {

namespace {

constexpr std::uint8_t kIcmpv4EchoRequest = 8;
constexpr std::uint8_t kIcmpv6EchoRequest = 128;
constexpr std::uint8_t kEchoCode = 0;
constexpr std::size_t kIcmpChecksumOffset = 2;

bool is_intact(Family family, Bytes message) {
    return family == Family::ipv6 || Checksum().add(message).value() == 0;
}

}  // namespace

Buffer echo_request(Family family, const Echo &echo) {
    Buffer message;
    ByteWriter out(message);
    out.u8(family == Family::ipv4 ? kIcmpv4EchoRequest : kIcmpv6EchoRequest)
        .u8(kEchoCode)
        .u16(0)  // checksum, below
        .u16(echo.identifier)
        .u16(echo.sequence)
        .bytes(echo.payload);
    if (family == Family::ipv4) {
        out.u16_at(kIcmpChecksumOffset, Checksum().add(message).value());
    }
    return message;
}

std::optional<Echo> parse_echo_reply(Family family, Bytes message) {
    ByteReader in(message);
    const std::uint8_t type = in.u8();
    const std::uint8_t code = in.u8();
    in.u16();  // checksum

    Echo echo;
    echo.identifier = in.u16();
    echo.sequence = in.u16();
    echo.payload = in.take(in.remaining());

    const std::uint8_t expected =
        family == Family::ipv4 ? kIcmpv4EchoReply : kIcmpv6EchoReply;
    if (!in.ok() || type != expected || code != kEchoCode ||
        !is_intact(family, message)) {
        return std::nullopt;
    }
    return echo;
}

}  // namespace ngx_vrrp::wire
