#include "core/peer/order.hpp"

#include <algorithm>

#include "core/base/find.hpp"

namespace ngx_vrrp::peer {

namespace {

constexpr std::uint8_t kMore = 0x01;
constexpr std::size_t kHead = 4;       // of the message
constexpr std::size_t kEntryHead = 3;  // after the length
constexpr std::size_t kNodeSize = sizeof(NodeId);

std::size_t nodes_of(const RouterOrder &router) {
    return std::min(router.nodes.size(), kMostInOrder);
}

std::size_t size_of(const RouterOrder &router) {
    return 1 + kEntryHead + nodes_of(router) * kNodeSize;
}

}  // namespace

// A family of a later version is no reason to end the link.
Result<OrderPart, NotAMessage> parse_order(Bytes payload) {
    ByteReader in(payload);
    OrderPart part;
    part.more = (in.u8() & kMore) != 0;
    in.u8();
    const std::size_t count = in.u16();
    if (!in.ok() || count > kMostRouters) {
        return Unexpected(NotAMessage{});
    }
    for (std::size_t i = 0; i < count; ++i) {
        ByteReader entry(in.take(in.u8()));
        const std::uint8_t family = entry.u8();
        RouterOrder router{Family::ipv4, Vrid{entry.u8()}, {}};
        const std::size_t nodes = entry.u8();
        for (std::size_t n = 0; n < nodes && entry.ok(); ++n) {
            router.nodes.push_back(entry.u64());
        }
        if (!in.ok() || !entry.ok()) {
            return Unexpected(NotAMessage{});
        }
        router.nodes.resize(nodes_of(router));
        if (family == 4 || family == 6) {
            router.family = Family{family};
            part.list.push_back(std::move(router));
        }
    }
    return part;
}

Buffer serialize(const OrderPart &part) {
    Buffer payload;
    ByteWriter out(payload);
    out.u8(part.more ? kMore : 0).u8(0);
    out.u16(static_cast<std::uint16_t>(part.list.size()));
    for (const RouterOrder &router : part.list) {
        out.u8(static_cast<std::uint8_t>(size_of(router) - 1))
            .u8(static_cast<std::uint8_t>(router.family))
            .u8(to_number(router.vrid))
            .u8(static_cast<std::uint8_t>(nodes_of(router)));
        for (std::size_t n = 0; n < nodes_of(router); ++n) {
            out.u64(router.nodes[n]);
        }
    }
    return payload;
}

std::vector<OrderPart> split(const OrderList &list) {
    std::vector<OrderPart> parts(1);
    std::size_t size = kHead;
    for (std::size_t i = 0; i < std::min(list.size(), kMostRouters); ++i) {
        if (size + size_of(list[i]) > kLargestPayload) {
            parts.back().more = true;
            parts.emplace_back();
            size = kHead;
        }
        parts.back().list.push_back(list[i]);
        size += size_of(list[i]);
    }
    return parts;
}

const RouterOrder *find_order(const OrderList &list, Family family, Vrid vrid) {
    return find_first(list, [&](const RouterOrder &router) {
        return router.family == family && router.vrid == vrid;
    });
}

}  // namespace ngx_vrrp::peer
