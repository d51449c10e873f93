// The data of a raw socket: an IPv4 packet, and an echo reply of ICMP or
// ICMPv6. All reads are within the received bytes.

#include <cstdio>
#include <cstdlib>
#include <vector>

#include "core/net/ipv4_packet.hpp"
#include "core/net/vrrp_filter.hpp"
#include "core/wire/icmp.hpp"

namespace ngx_vrrp {
namespace {

// An assert that no build leaves out.
void require(bool condition, const char *what) {
    if (!condition) {
        std::fprintf(stderr, "ip_fuzz: %s\n", what);
        std::abort();
    }
}

bool lies_within(Bytes part, Bytes whole) {
    return part.empty() ||
           (part.data() >= whole.data() &&
            part.data() + part.size() <= whole.data() + whole.size());
}

void check_echo(Family family, Bytes message) {
    const auto echo = wire::parse_echo_reply(family, message);
    if (!echo) {
        return;
    }
    require(lies_within(echo->payload, message), "outside of the message");

    // the request that it answers, made a reply
    Buffer again = wire::echo_request(family, *echo);
    require(again.size() >= echo->payload.size(), "a shorter request");
    again[0] = family == Family::ipv4 ? wire::kIcmpv4EchoReply
                                      : wire::kIcmpv6EchoReply;
    if (family == Family::ipv6) {
        const auto same = wire::parse_echo_reply(family, again);
        require(same && same->identifier == echo->identifier &&
                    same->sequence == echo->sequence,
                "read differently");
    }
}

void check_packet(Bytes bytes) {
    const auto packet = net::parse_ipv4(bytes);
    if (!packet) {
        return;
    }
    require(lies_within(packet->payload, bytes), "outside of the packet");
    require(packet->info.endpoints.source.family() == Family::ipv4,
            "of another family");
    check_echo(Family::ipv4, packet->payload);

    const std::vector<net::WantedAdverts> wanted{{0x3133, 255}};
    require(!net::is_wanted(packet->payload, packet->info.ttl, wanted) ||
                (packet->info.ttl == 255 && packet->payload[1] == 0x33),
            "wanted without a reason");
}

}  // namespace
}  // namespace ngx_vrrp

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t *data,
                                      std::size_t size) {
    // of this size, so that a read behind its end is found
    const std::vector<std::uint8_t> copy(data, data + size);
    const ngx_vrrp::Bytes bytes(copy);
    ngx_vrrp::check_packet(bytes);
    ngx_vrrp::check_echo(ngx_vrrp::Family::ipv4, bytes);
    ngx_vrrp::check_echo(ngx_vrrp::Family::ipv6, bytes);
    return 0;
}
