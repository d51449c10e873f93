#include "core/wire/ndisc.hpp"

#include <algorithm>
#include <cassert>
#include <limits>

#include "core/base/checksum.hpp"

namespace ngx_vrrp::wire {

namespace {

constexpr std::uint16_t kEtherTypeIpv6 = 0x86dd;
constexpr std::uint16_t kIpv6VersionWord = 0x6000;
constexpr std::uint8_t kHopLimit = 255;
constexpr std::uint8_t kTypeNeighbourSolicitation = 135;
constexpr std::uint8_t kTypeNeighbourAdvertisement = 136;
constexpr std::uint8_t kNdCode = 0;
constexpr std::uint8_t kFlagRouter = 0x80;
constexpr std::uint8_t kFlagOverride = 0x20;
constexpr std::uint8_t kOptionSourceLinkLayerAddress = 1;
constexpr std::uint8_t kOptionTargetLinkLayerAddress = 2;
constexpr std::size_t kOptionUnit = 8;
constexpr std::size_t kOptionHeader = 2;
constexpr std::uint8_t kMacUnits = 1;  // of an option with one
constexpr std::size_t kNdChecksumOffset = 2;
constexpr std::size_t kIpv6Size = 16;

// The source and the destination of a message: a group, with its IPv6 address
// and its Ethernet address.
struct Route {
    Neighbour source;
    Neighbour group;
};

// RFC 2464, 7: 33:33 and the last four octets of the group.
Neighbour group_of(const IpAddress &address) {
    Neighbour group{address, {0x33, 0x33}};
    const auto last = address.octets().last(4);
    std::copy(last.begin(), last.end(), group.mac.begin() + 2);
    return group;
}

// ff02::1
Neighbour all_nodes() {
    return group_of(
        IpAddress::v6({0xff, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1}));
}

// RFC 4291, 2.7.1: ff02::1:ff00:0/104 and the low-order 24 bits.
Neighbour solicited_node(const IpAddress &address) {
    const auto octets = address.octets();
    return group_of(IpAddress::v6({0xff, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0xff,
                                   octets[13], octets[14], octets[15]}));
}

// The checksum of RFC 4443, 2.3.
void sum_up(Buffer &message, const Route &route) {
    const std::uint16_t sum =
        Checksum()
            .add(message)
            .add_pseudo_header(route.source.address, route.group.address,
                               kProtocolIcmpv6, message.size())
            .value();
    ByteWriter(message).u16_at(kNdChecksumOffset, sum);
}

Buffer to_frame(Buffer message, const Route &route) {
    sum_up(message, route);
    Buffer frame;
    ByteWriter out(frame);
    out.bytes(route.group.mac).bytes(route.source.mac).u16(kEtherTypeIpv6);
    out.u16(kIpv6VersionWord)
        .u16(0)  // flow label
        .u16(static_cast<std::uint16_t>(message.size()))
        .u8(kProtocolIcmpv6)
        .u8(kHopLimit);
    out.bytes(route.source.address.octets())
        .bytes(route.group.address.octets())
        .bytes(message);
    return frame;
}

struct Fields {
    std::uint8_t type;
    std::uint8_t flags;
    IpAddress target;
    std::uint8_t option;
    MacAddress mac;
};

// RFC 4861, 4.3, 4.4 and 4.6.1: both messages have the same form.
Buffer to_message(const Fields &fields) {
    Buffer message;
    ByteWriter(message)
        .u8(fields.type)
        .u8(kNdCode)
        .u16(0)  // checksum
        .u8(fields.flags)
        .zeros(3)
        .bytes(fields.target.octets())
        .u8(fields.option)
        .u8(kMacUnits)
        .bytes(fields.mac);
    return message;
}

// RFC 4861, 4.6: "The value 0 is invalid. Nodes MUST silently discard an ND
// packet that contains an option with length zero": it could repeat for ever.
std::size_t value_size(std::uint8_t units) {
    return units == 0 ? std::numeric_limits<std::size_t>::max()
                      : units * kOptionUnit - kOptionHeader;
}

// The link-layer address of the target, if the message contains it. All options
// must be valid, also those of unknown types: `in` turns bad when one is not.
std::optional<MacAddress> read_options(ByteReader &in) {
    std::optional<MacAddress> mac;
    while (in.ok() && in.remaining() > 0) {
        const std::uint8_t type = in.u8();
        const std::uint8_t units = in.u8();
        const Bytes value = in.take(value_size(units));
        if (in.ok() && type == kOptionTargetLinkLayerAddress &&
            units == kMacUnits) {
            mac.emplace();
            std::copy(value.begin(), value.end(), mac->begin());
        }
    }
    return mac;
}

}  // namespace

Buffer unsolicited_neighbour_advertisement(const MacAddress &sender,
                                           const IpAddress &address,
                                           bool is_router) {
    assert(address.family() == Family::ipv6);
    const auto flags = static_cast<std::uint8_t>(kFlagOverride |
                                                 (is_router ? kFlagRouter : 0));
    return to_frame(to_message({kTypeNeighbourAdvertisement, flags, address,
                                kOptionTargetLinkLayerAddress, sender}),
                    {{address, sender}, all_nodes()});
}

Buffer neighbour_solicitation(const Neighbour &sender, const IpAddress &address,
                              const std::optional<MacAddress> &to) {
    assert(sender.address.family() == Family::ipv6);
    assert(address.family() == Family::ipv6);
    Neighbour group = solicited_node(address);
    group.mac = to.value_or(group.mac);
    return to_frame(to_message({kTypeNeighbourSolicitation, 0, address,
                                kOptionSourceLinkLayerAddress, sender.mac}),
                    {sender, group});
}

std::optional<Neighbour> parse_neighbour_advertisement(Bytes message) {
    ByteReader in(message);
    const std::uint8_t type = in.u8();
    const std::uint8_t code = in.u8();
    in.u16();    // checksum
    in.take(4);  // flags
    const Bytes target = in.take(kIpv6Size);
    const auto mac = read_options(in);
    if (!in.ok() || type != kTypeNeighbourAdvertisement || code != kNdCode) {
        return std::nullopt;
    }

    const IpAddress address = IpAddress::from_octets(target);
    if (address.is_multicast() || address.is_unspecified() || !mac ||
        *mac == MacAddress{}) {
        return std::nullopt;
    }
    return Neighbour{address, *mac};
}

}  // namespace ngx_vrrp::wire
