// Any octets may arrive as a BFD Control packet. Each packet that the parser
// accepts must be the same after it is written and read again, and a session
// that receives it stays within its states and times.
//
// An input: packets of 24 octets, the last one of any length.

#include <algorithm>

#include "core/bfd/packet.hpp"
#include "core/bfd/session.hpp"
#include "tests/fuzz/require.hpp"

namespace ngx_vrrp::bfd {
namespace {

using fuzz::require;

void check_round_trip(const Packet &packet) {
    const Buffer payload = serialize(packet);
    const auto again = parse(payload);

    require(payload.size() == kPacketSize, "written with another size");
    require(again && *again == packet, "read differently");
}

void check_session(const Session &session, Instant now) {
    const Variables &v = session.variables();
    const auto due = session.deadline();

    require(v.state <= State::up, "no such state");
    require(v.state == State::up || v.desired_tx >= kSlowInterval,
            "sends fast before it is Up");
    require(!due || *due <= now + std::chrono::hours{24 * 365},
            "a deadline is too far away");
}

void run(Bytes input) {
    Instant now = instant_from_ns(1'000'000'000);
    Session session({.peer = IpAddress::v4({192, 0, 2, 1})}, 1, 1);
    session.start(now);
    while (!input.empty()) {
        const std::size_t n = std::min(input.size(), kPacketSize);
        if (const auto packet = parse(input.first(n))) {
            check_round_trip(*packet);
            session.receive(*packet, now);
            check_session(session, now);
        }
        input = input.subspan(n);
        now = session.deadline().value_or(now);
        session.handle_time(now);
        check_session(session, now);
    }
}

}  // namespace
}  // namespace ngx_vrrp::bfd

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t *data,
                                      std::size_t size) {
    ngx_vrrp::bfd::run({data, size});
    return 0;
}
