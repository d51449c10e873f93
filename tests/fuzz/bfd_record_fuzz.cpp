// The record of a BFD session in shared memory, damaged, with a checksum that
// is right. Its values are checked, and a session that continues with it stays
// within its states and times.
//
// An input: pairs of a place in the record (an octet) and eight octets that are
// written there.

#include <cstddef>
#include <cstdint>
#include <cstring>

#include "core/base/fingerprint.hpp"
#include "core/bfd/record.hpp"
#include "tests/fuzz/require.hpp"

namespace ngx_vrrp::bfd {
namespace {

using fuzz::require;

constexpr Instant kNow = instant_from_ns(1'000'000'000'000);

Saved up() {
    Saved saved;
    saved.source_port = 50123;
    saved.sequence = 9;
    Variables &v = saved.variables;
    v.state = State::up;
    v.remote_state = State::up;
    v.remote_multiplier = 3;
    v.local_discriminator = 1;
    v.remote_discriminator = 2;
    v.desired_tx = Milliseconds{300};
    v.required_rx = Milliseconds{300};
    v.used_tx = v.desired_tx;
    v.used_rx = v.required_rx;
    v.remote_desired_tx = Milliseconds{300};
    v.remote_min_rx = Milliseconds{300};
    v.transmit_at = kNow + Milliseconds{50};
    v.detect_at = kNow + Milliseconds{700};
    v.changed_at = kNow - Seconds{60};
    v.was_up_at = v.changed_at;
    return saved;
}

Record damaged(const std::uint8_t *data, std::size_t size) {
    constexpr std::size_t kPatch = 8;

    Record record = to_record(up());
    auto *bytes = reinterpret_cast<std::uint8_t *>(&record);
    for (; size >= 1 + kPatch; data += 1 + kPatch, size -= 1 + kPatch) {
        std::memcpy(bytes + *data % (sizeof(record) - kPatch), data + 1,
                    kPatch);
    }
    record.checksum = fingerprint(
        {reinterpret_cast<const char *>(&record), offsetof(Record, checksum)});
    return record;
}

void check(const Variables &v, Instant now) {
    constexpr auto kFarAway = std::chrono::hours{24 * 365};

    require(v.state <= State::up && v.remote_state <= State::up,
            "no such state");
    require(v.local_discriminator != 0, "no discriminator");
    require(v.changed_at <= now && v.was_up_at <= now, "from the future");
    require(v.transmit_at <= now + kFarAway && v.detect_at <= now + kFarAway,
            "a deadline is too far away");
    require(v.desired_tx >= Duration::zero() && v.used_rx >= Duration::zero(),
            "a negative interval");
}

// Until it has expired, if it can.
void continue_from(const Variables &variables) {
    Session session({.peer = IpAddress::v4({192, 0, 2, 1})}, 1, 1);
    session.resume(variables, kNow);
    Instant now = kNow;
    for (int i = 0; i < 100 && session.deadline(); ++i) {
        now = std::max(now, *session.deadline());
        session.handle_time(now);
        check(session.variables(), now);
    }
    session.take_down(now);
    require(session.variables().state != State::up, "it does not end");
}

}  // namespace
}  // namespace ngx_vrrp::bfd

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t *data,
                                      std::size_t size) {
    using namespace ngx_vrrp::bfd;

    if (const auto saved = from_record(damaged(data, size), kNow)) {
        check(saved->variables, kNow);
        continue_from(saved->variables);
    }
    return 0;
}
