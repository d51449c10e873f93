#include "core/wire/ndisc.hpp"

#include <cassert>

#include "core/base/checksum.hpp"

namespace ngx_vrrp::wire {

namespace {

constexpr std::uint16_t kEtherTypeIpv6 = 0x86dd;
constexpr std::uint16_t kIpv6VersionWord = 0x6000;
constexpr std::uint8_t kHopLimit = 255;
constexpr std::uint8_t kTypeNeighbourAdvertisement = 136;
constexpr std::uint8_t kFlagRouter = 0x80;
constexpr std::uint8_t kFlagOverride = 0x20;
constexpr std::uint8_t kOptionTargetLinkLayerAddress = 2;
constexpr std::uint8_t kOptionUnits = 1;  // of 8 octets
constexpr std::size_t kChecksumOffset = 2;

// RFC 2464, 7: 33:33 and the last four octets of the group.
constexpr MacAddress kAllNodesMac{0x33, 0x33, 0, 0, 0, 1};

// ff02::1
IpAddress all_nodes() {
    return IpAddress::v6({0xff, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1});
}

// RFC 4861, 4.4 and 4.6.1, with the checksum of RFC 4443, 2.3.
Buffer icmpv6_message(const MacAddress &sender, const IpAddress &address,
                      bool is_router) {
    Buffer message;
    const auto flags = static_cast<std::uint8_t>(kFlagOverride |
                                                 (is_router ? kFlagRouter : 0));
    ByteWriter out(message);
    out.u8(kTypeNeighbourAdvertisement)
        .u8(0)   // code
        .u16(0)  // checksum, below
        .u8(flags)
        .zeros(3)
        .bytes(address.octets())
        .u8(kOptionTargetLinkLayerAddress)
        .u8(kOptionUnits)
        .bytes(sender);

    const std::uint16_t sum =
        Checksum()
            .add(message)
            .add_pseudo_header(address, all_nodes(), kProtocolIcmpv6,
                               message.size())
            .value();
    out.u16_at(kChecksumOffset, sum);
    return message;
}

}  // namespace

Buffer unsolicited_neighbour_advertisement(const MacAddress &sender,
                                           const IpAddress &address,
                                           bool is_router) {
    assert(address.family() == Family::ipv6);
    const Buffer message = icmpv6_message(sender, address, is_router);
    Buffer frame;
    ByteWriter out(frame);
    out.bytes(kAllNodesMac).bytes(sender).u16(kEtherTypeIpv6);
    out.u16(kIpv6VersionWord)
        .u16(0)  // flow label
        .u16(static_cast<std::uint16_t>(message.size()))
        .u8(kProtocolIcmpv6)
        .u8(kHopLimit);
    out.bytes(address.octets()).bytes(all_nodes().octets()).bytes(message);
    return frame;
}

}  // namespace ngx_vrrp::wire
