// Any octets may arrive on a peer link. Each payload that a parser accepts must
// be the same after it is written and read again, and a session that receives
// them stays within its bounds.

#include <algorithm>

#include "core/base/fingerprint.hpp"
#include "core/base/log.hpp"
#include "core/base/store.hpp"
#include "core/peer/details.hpp"
#include "core/peer/drain.hpp"
#include "core/peer/handover.hpp"
#include "core/peer/remembered.hpp"
#include "core/peer/session.hpp"
#include "tests/fuzz/require.hpp"
#include "tests/peer/fake_hmac.hpp"

namespace ngx_vrrp::peer {
namespace {

using fuzz::require;

template <class Parsed, class Parse>
void check_round_trip(const Parsed &parsed, Parse parse) {
    if (parsed) {
        const auto again = parse(serialize(*parsed));
        require(again && *again == *parsed, "read differently");
    }
}

void check_session(const Session &session, Instant now) {
    require(session.status().size() <= kMostRouters, "too many routers");
    require(session.order().size() <= kMostRouters, "a long order");
    require(session.about().router_id.size() <= 63, "a long text");
    require(!session.deadline() || *session.deadline() <= now + kSilence,
            "a deadline is too far away");
}

// Without a secret, an input reaches all of it.
void run_session(Bytes input, const Buffer &secret) {
    const Hmac hmac = fake_hmac;
    const Identity identity{1, {"lb1", "", ""}, secret};
    Instant now = instant_from_ns(1'000'000'000);
    Session session(Role::acceptor, identity, Nonce{}, hmac, {}, now);
    while (!input.empty()) {
        const std::size_t n = std::min<std::size_t>(input.size(), 40);
        session.receive(input.first(n), now);
        check_session(session, now);
        for (const Message &message : session.take_messages()) {
            require(message.type > Type::bye, "a message is handed out");
            require(message.payload.size() <= kLargestMessage, "a long one");
        }
        input = input.subspan(n);
        now += Milliseconds{100};
        session.handle_time(now);
        require(session.take_output().size() <= 3 * kLargestMessage,
                "it sends too much");
    }
}

// Entries in one chunk, or in several.
void run_details(Bytes input) {
    check_round_trip(parse_details(input), parse_details);
    ChunkJoiner joiner;
    for (Bytes rest = input; !rest.empty();) {
        const Bytes part = rest.first(std::min<std::size_t>(rest.size(), 60));
        rest = rest.subspan(part.size());
        if (const auto chunk = parse_chunk(part)) {
            const Buffer again = serialize(*chunk);
            require(std::ranges::equal(serialize(*parse_chunk(again)), again),
                    "a chunk is read differently");
            const auto entries = joiner.take(*chunk);
            require(!entries || entries->size() <= kLargestDetails,
                    "too many entries");
        }
    }
}

// With a first line that fits.
void run_remembered(Bytes input) {
    const WallTime now{Seconds{1'764'480'000}};
    const std::string lines(input.begin(), input.end());
    Remembered remembered;
    remembered.read(
        format("ngx_vrrp peers 1 %016llx\n",
               static_cast<unsigned long long>(fingerprint(lines))) +
            lines,
        now);
    require(remembered.addresses().size() <= kMostPeers, "too many peers");
    const std::string text = remembered.text();
    require(text.size() <= kLargestStore, "a long text");
    remembered.read(text, now);
    require(remembered.text() == text, "read differently");
}

void run(Bytes input) {
    run_details(input);
    run_remembered(input);
    check_round_trip(parse_hello(input), parse_hello);
    check_round_trip(parse_about(input), parse_about);
    check_round_trip(parse_status(input), parse_status);
    check_round_trip(parse_answer(input), parse_answer);
    check_round_trip(parse_order(input), parse_order);
    check_round_trip(parse_routers(input), parse_routers);
    check_round_trip(parse_drain(input), parse_drain);
    check_round_trip(parse_forwards(input), parse_forwards);
    static_cast<void>(parse_bye(input));
    run_session(input, {});
    run_session(input, Buffer(32, 7));
}

}  // namespace
}  // namespace ngx_vrrp::peer

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t *data,
                                      std::size_t size) {
    ngx_vrrp::peer::run({data, size});
    return 0;
}
