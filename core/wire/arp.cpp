#include "core/wire/arp.hpp"

#include <cassert>

namespace ngx_vrrp::wire {

namespace {

constexpr MacAddress kBroadcast{0xff, 0xff, 0xff, 0xff, 0xff, 0xff};
constexpr std::uint16_t kEtherTypeArp = 0x0806;
constexpr std::uint16_t kEtherTypeIpv4 = 0x0800;
constexpr std::uint16_t kHardwareEthernet = 1;
constexpr std::uint8_t kHardwareAddressSize = 6;
constexpr std::uint8_t kProtocolAddressSize = 4;
constexpr std::uint16_t kOperationRequest = 1;

}  // namespace

// Receivers ignore the target hardware address of a request. It is broadcast
// because that is what keepalived sends and the field is used to.
Buffer gratuitous_arp(const MacAddress &sender, const IpAddress &address) {
    assert(address.family() == Family::ipv4);
    Buffer frame;
    ByteWriter out(frame);
    out.bytes(kBroadcast).bytes(sender).u16(kEtherTypeArp);
    out.u16(kHardwareEthernet)
        .u16(kEtherTypeIpv4)
        .u8(kHardwareAddressSize)
        .u8(kProtocolAddressSize)
        .u16(kOperationRequest);
    out.bytes(sender).bytes(address.octets());
    out.bytes(kBroadcast).bytes(address.octets());
    return frame;
}

}  // namespace ngx_vrrp::wire
