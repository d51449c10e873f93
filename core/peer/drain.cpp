#include "core/peer/drain.hpp"

#include <algorithm>

#include "core/peer/text.hpp"

namespace ngx_vrrp::peer {

namespace {

constexpr std::size_t kDrainSize = 12;
constexpr std::size_t kForwardSize = 12;

static_assert(12 + kMostDrains * kDrainSize <= kLargestPayload);
static_assert(13 + kLongestReason + kMostDrains * kForwardSize <=
              kLargestPayload);

bool is_family(std::uint8_t family) {
    return family == 4 || family == 6;
}

struct Head {
    std::size_t size = 0;  // of an entry
    std::size_t count = 0;
    MacAddress mac{};
};

Head read_head(ByteReader &in) {
    Head head;
    head.size = in.u8();
    in.u8();
    head.count = in.u16();
    const Bytes mac = in.take(head.mac.size());
    std::ranges::copy(mac, head.mac.begin());
    in.u16();
    return head;
}

void write_head(ByteWriter &out, const Head &head) {
    out.u8(static_cast<std::uint8_t>(head.size))
        .u8(0)
        .u16(static_cast<std::uint16_t>(head.count))
        .bytes(head.mac)
        .u16(0);
}

bool is_step(std::uint8_t step) {
    return step >= static_cast<std::uint8_t>(DrainStep::asks) &&
           step <= static_cast<std::uint8_t>(DrainStep::ended);
}

}  // namespace

// A family or a step of a later version is no reason to end the link.
Result<Drain, NotAMessage> parse_drain(Bytes payload) {
    ByteReader in(payload);
    const Head head = read_head(in);
    if (!in.ok() || head.size < kDrainSize || head.count > kMostDrains) {
        return Unexpected(NotAMessage{});
    }
    Drain drain{head.mac, {}};
    for (std::size_t i = 0; i < head.count; ++i) {
        ByteReader entry(in.take(head.size));
        const std::uint8_t family = entry.u8();
        const Vrid vrid{entry.u8()};
        const std::uint8_t step = entry.u8();
        entry.u8();
        const std::uint32_t connections = entry.u32();
        const std::uint32_t seconds = entry.u32();
        if (!entry.ok()) {
            return Unexpected(NotAMessage{});
        }
        if (is_family(family) && is_step(step)) {
            drain.routers.push_back(
                {Family{family}, vrid, DrainStep{step}, connections, seconds});
        }
    }
    return drain;
}

Buffer serialize(const Drain &drain) {
    const std::size_t count = std::min(drain.routers.size(), kMostDrains);
    Buffer payload;
    ByteWriter out(payload);
    write_head(out, {kDrainSize, count, drain.mac});
    for (std::size_t i = 0; i < count; ++i) {
        const RouterDrain &router = drain.routers[i];
        out.u8(static_cast<std::uint8_t>(router.family))
            .u8(to_number(router.vrid))
            .u8(static_cast<std::uint8_t>(router.step))
            .u8(0)
            .u32(router.connections)
            .u32(router.seconds);
    }
    return payload;
}

Result<Forwards, NotAMessage> parse_forwards(Bytes payload) {
    ByteReader in(payload);
    const Head head = read_head(in);
    Forwards forwards{head.mac, read_text(in, kLongestReason), {}};
    if (!in.ok() || head.size < kForwardSize || head.count > kMostDrains) {
        return Unexpected(NotAMessage{});
    }
    for (std::size_t i = 0; i < head.count; ++i) {
        ByteReader entry(in.take(head.size));
        const std::uint8_t family = entry.u8();
        const Vrid vrid{entry.u8()};
        const bool is_in_place = entry.u8() != 0;
        entry.u8();
        const std::uint64_t segments = entry.u64();
        if (!entry.ok()) {
            return Unexpected(NotAMessage{});
        }
        if (is_family(family)) {
            forwards.routers.push_back(
                {Family{family}, vrid, is_in_place, segments});
        }
    }
    return forwards;
}

Buffer serialize(const Forwards &forwards) {
    const std::size_t count = std::min(forwards.routers.size(), kMostDrains);
    Buffer payload;
    ByteWriter out(payload);
    write_head(out, {kForwardSize, count, forwards.mac});
    write_text(out, forwards.why_not, kLongestReason);
    for (std::size_t i = 0; i < count; ++i) {
        const RouterForward &router = forwards.routers[i];
        out.u8(static_cast<std::uint8_t>(router.family))
            .u8(to_number(router.vrid))
            .u8(router.is_in_place ? 1 : 0)
            .u8(0)
            .u64(router.segments);
    }
    return payload;
}

}  // namespace ngx_vrrp::peer
