// The notification channels of this node and their results: in shared memory,
// written by the notifier process.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <type_traits>
#include <vector>

#include "core/base/seqlock.hpp"
#include "core/base/text.hpp"

namespace ngx_vrrp::status {

// Of a channel, since its notifier process was started.
struct ChannelRecord {
    Text<32> name;  // the directive: "notify_webhook"
    Text<128> target;
    Text<64> instance;  // empty: all
    Text<128> last_error;

    // Of events
    std::uint64_t delivered;
    std::uint64_t dropped;  // given up
    std::uint64_t skipped;  // superseded
    std::uint64_t waiting;

    std::uint64_t failures;        // of attempts
    std::int64_t failed_at_ns;     // CLOCK_BOOTTIME; 0: never
    std::int64_t delivered_at_ns;  // CLOCK_BOOTTIME; 0: never
};

static_assert(std::is_trivially_copyable_v<ChannelRecord>);

// Memory of all zeros has no channels.
class ChannelBoard {
public:
    static constexpr std::size_t kMost = 64;

    // One writer at a time. Channels beyond kMost are left out.
    void write(const std::vector<ChannelRecord> &channels);

    // None before the first write, or if a writer was active at each of a
    // bounded number of attempts.
    std::vector<ChannelRecord> read() const;

private:
    using RecordWords = std::array<SharedWord, words(sizeof(ChannelRecord))>;

    Seqlock lock_;
    SharedWord count_;
    std::array<RecordWords, kMost> records_;
};

}  // namespace ngx_vrrp::status
