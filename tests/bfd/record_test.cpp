#include "core/bfd/record.hpp"

#include <gtest/gtest.h>

#include <cstring>

#include "core/base/bytes.hpp"

namespace ngx_vrrp::bfd {
namespace {

using namespace std::chrono_literals;

constexpr Instant kTime = instant_from_ns(5'000'000'000);

Saved full() {
    Saved saved;
    saved.source_port = 50123;
    saved.sequence = 9;
    Variables &v = saved.variables;
    v.state = State::up;
    v.remote_state = State::init;
    v.diagnostic = Diagnostic::path_down;
    v.remote_diagnostic = Diagnostic::neighbour_signaled_down;
    v.remote_multiplier = 5;
    v.polling = true;
    v.local_discriminator = 1;
    v.remote_discriminator = 2;
    v.desired_tx = 3ms;
    v.required_rx = 4ms;
    v.used_tx = 5ms;
    v.used_rx = 6ms;
    v.remote_desired_tx = 7ms;
    v.remote_min_rx = 8ms;
    v.transmit_at = kTime + 9ms;
    v.detect_at = kTime + 10ms;
    v.changed_at = kTime - 11ms;
    v.was_up_at = kTime - 12ms;
    v.downs = 13;
    return saved;
}

TEST(BfdRecord, KeepsEveryVariable) {
    const auto again = from_record(to_record(full()), kTime);

    ASSERT_TRUE(again);
    const Record first = to_record(full());
    const Record second = to_record(*again);
    EXPECT_EQ(std::memcmp(&first, &second, sizeof(Record)), 0);
}

TEST(BfdRecord, IsRefusedWithAnyWrongOctet) {
    EXPECT_FALSE(from_record(Record{}, kTime));
    for (std::size_t i = 0; i < sizeof(Record); ++i) {
        Record record = to_record(full());
        writable_bytes_of(record)[i] ^= 0x40;
        EXPECT_FALSE(from_record(record, kTime)) << i;
    }
}

TEST(BfdRecord, TimesAreWithinTheirBounds) {
    Saved saved = full();
    saved.variables.changed_at = kTime + 1h;
    saved.variables.detect_at = Instant::max();
    saved.variables.remote_min_rx = -1ms;

    const auto again = from_record(to_record(saved), kTime);

    ASSERT_TRUE(again);
    EXPECT_EQ(again->variables.changed_at, kTime);
    EXPECT_LT(again->variables.detect_at, kTime + 400h);
    EXPECT_EQ(again->variables.remote_min_rx, Duration::zero());
}

}  // namespace
}  // namespace ngx_vrrp::bfd
