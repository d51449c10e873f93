#include "core/peer/handover.hpp"

#include <algorithm>

namespace ngx_vrrp::peer {

namespace {

constexpr std::size_t kIdSize = 2;

static_assert(4 + kMostRouters * kIdSize <= kLargestPayload);

}  // namespace

Result<RouterIds, NotAMessage> parse_routers(Bytes payload) {
    ByteReader in(payload);
    const std::size_t size = in.u8();
    in.u8();
    const std::size_t count = in.u16();
    if (!in.ok() || size < kIdSize || count > kMostRouters) {
        return Unexpected(NotAMessage{});
    }
    RouterIds routers;
    for (std::size_t i = 0; i < count; ++i) {
        ByteReader entry(in.take(size));
        const std::uint8_t family = entry.u8();
        const Vrid vrid{entry.u8()};
        if (!entry.ok()) {
            return Unexpected(NotAMessage{});
        }
        if (family == 4 || family == 6) {
            routers.push_back({Family{family}, vrid});
        }
    }
    return routers;
}

Buffer serialize(const RouterIds &routers) {
    const std::size_t count = std::min(routers.size(), kMostRouters);
    Buffer payload;
    ByteWriter out(payload);
    out.u8(kIdSize).u8(0).u16(static_cast<std::uint16_t>(count));
    for (std::size_t i = 0; i < count; ++i) {
        out.u8(static_cast<std::uint8_t>(routers[i].family))
            .u8(to_number(routers[i].vrid));
    }
    return payload;
}

}  // namespace ngx_vrrp::peer
