#include "core/peer/message.hpp"

#include <algorithm>

#include "core/base/find.hpp"
#include "core/peer/text.hpp"

namespace ngx_vrrp::peer {

namespace {

// "nvpl": no other protocol begins like this.
constexpr std::uint32_t kMagic = 0x6e76706c;

constexpr std::uint8_t kHasSecret = 0x01;

constexpr std::size_t kEntrySize = 5;
constexpr std::uint8_t kYouAreNext = 0x01;

// A family or a state of a later version is no reason to end the link.
Result<StatusList, NotAMessage> read_status(ByteReader &in) {
    const std::size_t size = in.u8();
    in.u8();
    const std::size_t count = in.u16();
    if (!in.ok() || size < kEntrySize || count > kMostRouters) {
        return Unexpected(NotAMessage{});
    }
    StatusList list;
    for (std::size_t i = 0; i < count; ++i) {
        ByteReader entry(in.take(size));
        const std::uint8_t family = entry.u8();
        const Vrid vrid{entry.u8()};
        const auto state = static_cast<RouterState>(entry.u8());
        const Priority priority{entry.u8()};
        const bool next = (entry.u8() & kYouAreNext) != 0;
        if (!entry.ok()) {
            return Unexpected(NotAMessage{});
        }
        if ((family == 4 || family == 6) && state <= RouterState::fault) {
            list.push_back({Family{family}, vrid, state, priority, next});
        }
    }
    return list;
}

}  // namespace

Result<std::size_t, NotAMessage> message_length(Bytes octets) {
    if (octets.size() < kHeaderSize) {
        return std::size_t{0};
    }
    const std::size_t length = ByteReader(octets).u16();
    if (length < kHeaderSize || length > kLargestMessage) {
        return Unexpected(NotAMessage{});
    }
    return octets.size() < length ? std::size_t{0} : length;
}

Header parse_header(Bytes message) {
    ByteReader in(message.subspan(2));
    Header header;
    header.type = static_cast<Type>(in.u8());
    in.u8();
    header.sequence = in.u32();
    return header;
}

Buffer serialize(const Header &header, Bytes payload, std::size_t mac_size) {
    const std::size_t length = kHeaderSize + payload.size() + mac_size;
    Buffer message;
    message.reserve(length);
    ByteWriter out(message);
    out.u16(static_cast<std::uint16_t>(length))
        .u8(static_cast<std::uint8_t>(header.type))
        .u8(0);
    out.u32(header.sequence);
    out.bytes(payload);
    return message;
}

Result<Hello, NotAMessage> parse_hello(Bytes payload) {
    ByteReader in(payload);
    Hello hello;
    const std::uint32_t magic = in.u32();
    hello.version = in.u8();
    hello.has_secret = (in.u8() & kHasSecret) != 0;
    in.u16();
    hello.node = in.u64();
    const Bytes nonce = in.take(hello.nonce.size());
    if (!in.ok() || magic != kMagic || hello.version == 0 || hello.node == 0) {
        return Unexpected(NotAMessage{});
    }
    std::ranges::copy(nonce, hello.nonce.begin());
    return hello;
}

Buffer serialize(const Hello &hello) {
    Buffer payload;
    ByteWriter out(payload);
    out.u32(kMagic);
    out.u8(hello.version).u8(hello.has_secret ? kHasSecret : 0).u16(0);
    out.u64(hello.node);
    out.bytes(hello.nonce);
    return payload;
}

Result<About, NotAMessage> parse_about(Bytes payload) {
    ByteReader in(payload);
    About about;
    about.router_id = read_text(in);
    about.nginx_version = read_text(in);
    about.version = read_text(in);
    if (!in.ok()) {
        return Unexpected(NotAMessage{});
    }
    return about;
}

Buffer serialize(const About &about) {
    Buffer payload;
    ByteWriter out(payload);
    write_text(out, about.router_id);
    write_text(out, about.nginx_version);
    write_text(out, about.version);
    return payload;
}

Result<StatusList, NotAMessage> parse_status(Bytes payload) {
    ByteReader in(payload);
    return read_status(in);
}

const RouterStatus *find_router(const StatusList &list, Family family,
                                Vrid vrid) {
    return find_first(list, [&](const RouterStatus &router) {
        return router.family == family && router.vrid == vrid;
    });
}

Buffer serialize(const StatusList &list) {
    const std::size_t count = std::min(list.size(), kMostRouters);
    Buffer payload;
    payload.reserve(4 + count * kEntrySize);
    ByteWriter out(payload);
    out.u8(kEntrySize).u8(0).u16(static_cast<std::uint16_t>(count));
    for (std::size_t i = 0; i < count; ++i) {
        out.u8(static_cast<std::uint8_t>(list[i].family))
            .u8(to_number(list[i].vrid))
            .u8(static_cast<std::uint8_t>(list[i].state))
            .u8(list[i].priority.value)
            .u8(list[i].you_are_next != 0 ? kYouAreNext : 0);
    }
    return payload;
}

Token parse_question(Bytes payload) {
    ByteReader in(payload);
    const std::uint64_t token = in.u64();
    return in.ok() ? Token{token} : std::nullopt;
}

Buffer serialize(const Token &question) {
    Buffer payload;
    if (question) {
        ByteWriter(payload).u64(*question);
    }
    return payload;
}

Result<Answer, NotAMessage> parse_answer(Bytes payload) {
    ByteReader in(payload);
    auto routers = read_status(in);
    if (!routers) {
        return Unexpected(NotAMessage{});
    }
    const std::uint64_t token = in.u64();
    return Answer{std::move(*routers), in.ok() ? Token{token} : std::nullopt};
}

Buffer serialize(const Answer &answer) {
    Buffer payload = serialize(answer.routers);
    const Buffer token = serialize(answer.question);
    payload.insert(payload.end(), token.begin(), token.end());
    return payload;
}

Farewell parse_bye(Bytes payload) {
    const auto reason = static_cast<Farewell>(ByteReader(payload).u8());
    return reason <= Farewell::unconfigured ? reason : Farewell::unknown;
}

Buffer serialize(Farewell reason) {
    return {static_cast<std::uint8_t>(reason)};
}

}  // namespace ngx_vrrp::peer
