#include "core/wire/arp.hpp"

#include <algorithm>
#include <cassert>

namespace ngx_vrrp::wire {

namespace {

constexpr MacAddress kBroadcast{0xff, 0xff, 0xff, 0xff, 0xff, 0xff};
constexpr MacAddress kNowhere{};
constexpr std::uint16_t kEtherTypeArp = 0x0806;
constexpr std::uint16_t kEtherTypeIpv4 = 0x0800;
constexpr std::uint16_t kHardwareEthernet = 1;
constexpr std::uint8_t kHardwareAddressSize = 6;
constexpr std::uint8_t kProtocolAddressSize = 4;
constexpr std::uint16_t kOperationRequest = 1;
constexpr std::uint16_t kOperationReply = 2;

Buffer request(const Neighbour &sender, const Neighbour &target,
               const MacAddress &to = kBroadcast) {
    Buffer frame;
    ByteWriter out(frame);
    out.bytes(to).bytes(sender.mac).u16(kEtherTypeArp);
    out.u16(kHardwareEthernet)
        .u16(kEtherTypeIpv4)
        .u8(kHardwareAddressSize)
        .u8(kProtocolAddressSize)
        .u16(kOperationRequest);
    out.bytes(sender.mac).bytes(sender.address.octets());
    out.bytes(target.mac).bytes(target.address.octets());
    return frame;
}

bool is_ipv4_over_ethernet(ByteReader &in) {
    const std::uint16_t hardware = in.u16();
    const std::uint16_t protocol = in.u16();
    const std::uint8_t hardware_size = in.u8();
    const std::uint8_t protocol_size = in.u8();
    return hardware == kHardwareEthernet && protocol == kEtherTypeIpv4 &&
           hardware_size == kHardwareAddressSize &&
           protocol_size == kProtocolAddressSize;
}

}  // namespace

// Receivers ignore the target hardware address of a request. It is the
// broadcast address, as in keepalived's packets.
Buffer gratuitous_arp(const MacAddress &sender, const IpAddress &address) {
    assert(address.family() == Family::ipv4);
    return request({address, sender}, {address, kBroadcast});
}

// RFC 5227, 2.1.1: "The 'target hardware address' field MUST be ignored and
// SHOULD be set to all zeroes."
Buffer arp_probe(const MacAddress &sender, const IpAddress &address,
                 const std::optional<MacAddress> &to) {
    assert(address.family() == Family::ipv4);
    return request({IpAddress::v4({}), sender}, {address, kNowhere},
                   to.value_or(kBroadcast));
}

std::optional<Neighbour> parse_arp(Bytes message) {
    ByteReader in(message);
    if (!is_ipv4_over_ethernet(in)) {
        return std::nullopt;
    }
    const std::uint16_t operation = in.u16();
    const Bytes mac = in.take(kHardwareAddressSize);
    const Bytes address = in.take(kProtocolAddressSize);
    in.take(kHardwareAddressSize + kProtocolAddressSize);
    if (!in.ok() ||
        (operation != kOperationRequest && operation != kOperationReply)) {
        return std::nullopt;
    }

    Neighbour sender{IpAddress::from_octets(address), {}};
    std::copy(mac.begin(), mac.end(), sender.mac.begin());
    const bool is_somewhere =
        sender.mac != kNowhere && sender.mac != kBroadcast;
    return is_somewhere && !sender.address.is_unspecified()
               ? std::optional{sender}
               : std::nullopt;
}

}  // namespace ngx_vrrp::wire
