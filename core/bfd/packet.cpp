#include "core/bfd/packet.hpp"

namespace ngx_vrrp::bfd {

namespace {

constexpr std::uint8_t kVersion = 1;

constexpr std::uint8_t kPoll = 0x20;
constexpr std::uint8_t kFinal = 0x10;
constexpr std::uint8_t kControlPlaneIndependent = 0x08;
constexpr std::uint8_t kAuthentication = 0x04;
constexpr std::uint8_t kDemand = 0x02;
constexpr std::uint8_t kMultipoint = 0x01;

constexpr unsigned kStateShift = 6;
constexpr unsigned kVersionShift = 5;
constexpr std::uint8_t kDiagnosticMask = 0x1f;

std::uint8_t flags_of(const Packet &packet) {
    unsigned flags = static_cast<unsigned>(packet.state) << kStateShift;
    flags |= packet.poll ? kPoll : 0U;
    flags |= packet.final_ ? kFinal : 0U;
    flags |= packet.control_plane_independent ? kControlPlaneIndependent : 0U;
    flags |= packet.demand ? kDemand : 0U;
    return static_cast<std::uint8_t>(flags);
}

}  // namespace

Result<Packet, Drop> parse(Bytes payload) {
    ByteReader in(payload);
    const std::uint8_t first = in.u8();
    const std::uint8_t flags = in.u8();
    Packet packet;
    packet.multiplier = in.u8();
    const std::uint8_t length = in.u8();
    packet.my_discriminator = in.u32();
    packet.your_discriminator = in.u32();
    packet.desired_min_tx = Microseconds{in.u32()};
    packet.required_min_rx = Microseconds{in.u32()};
    packet.required_min_echo_rx = Microseconds{in.u32()};

    // The order is that of RFC 5880, 6.8.6.
    if (!payload.empty() && first >> kVersionShift != kVersion) {
        return Unexpected(Drop::version);
    }
    if (!in.ok() || length < kPacketSize || length > payload.size()) {
        return Unexpected(Drop::length);
    }
    if (packet.multiplier == 0) {
        return Unexpected(Drop::multiplier);
    }
    if ((flags & kMultipoint) != 0) {
        return Unexpected(Drop::multipoint);
    }
    if ((flags & kAuthentication) != 0) {
        return Unexpected(Drop::authentication);
    }
    packet.diagnostic = static_cast<Diagnostic>(first & kDiagnosticMask);
    packet.state = static_cast<State>(flags >> kStateShift);
    packet.poll = (flags & kPoll) != 0;
    packet.final_ = (flags & kFinal) != 0;
    packet.control_plane_independent = (flags & kControlPlaneIndependent) != 0;
    packet.demand = (flags & kDemand) != 0;
    if (packet.my_discriminator == 0 ||
        (packet.your_discriminator == 0 && packet.state > State::down)) {
        return Unexpected(Drop::discriminator);
    }
    return packet;
}

Buffer serialize(const Packet &packet) {
    Buffer payload;
    payload.reserve(kPacketSize);
    ByteWriter out(payload);
    const unsigned diagnostic =
        static_cast<unsigned>(packet.diagnostic) & kDiagnosticMask;
    out.u8(static_cast<std::uint8_t>(kVersion << kVersionShift | diagnostic))
        .u8(flags_of(packet))
        .u8(packet.multiplier)
        .u8(static_cast<std::uint8_t>(kPacketSize));
    out.u32(packet.my_discriminator);
    out.u32(packet.your_discriminator);
    out.u32(packet.desired_min_tx.count());
    out.u32(packet.required_min_rx.count());
    out.u32(packet.required_min_echo_rx.count());
    return payload;
}

}  // namespace ngx_vrrp::bfd
