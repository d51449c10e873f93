// The last changes of state of this node, in shared memory: they survive the
// processes that wrote them. Two vrrp processes may write at the same time
// while one of them replaces the other.
#pragma once

#include <array>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <type_traits>
#include <vector>

#include "core/base/seqlock.hpp"
#include "core/base/text.hpp"
#include "core/base/time.hpp"

namespace ngx_vrrp::status {

struct TransitionRecord {
    std::int64_t at_ns;    // CLOCK_BOOTTIME
    std::int64_t wall_ns;  // since 1970, UTC
    std::int32_t pid;      // of the vrrp process
    Text<64> instance;
    Text<16> from;  // INIT, BACKUP, MASTER, FAULT
    Text<16> to;
    Text<256> reason;
};

static_assert(std::is_trivially_copyable_v<TransitionRecord>);

inline std::chrono::sys_time<Duration> wall_clock_of(
    const TransitionRecord &record) {
    return std::chrono::sys_time<Duration>{Duration{record.wall_ns}};
}

// Memory of all zeros is an empty ring.
class TransitionRing {
public:
    static constexpr std::size_t kSize = 64;

    // Any number of writers: each has its own slot.
    void add(const TransitionRecord &record);

    // Of all that were ever added.
    std::uint64_t count() const { return count_.load(); }

    // Those after the first `seen` that still exist, the oldest first; without
    // one that a writer is writing, or died in.
    std::vector<TransitionRecord> read(std::uint64_t seen = 0) const;

    // Adds the entries of another ring after its first `seen`, and returns the
    // value of `seen` for the next time.
    std::uint64_t follow(const TransitionRing &other, std::uint64_t seen);

private:
    struct Slot {
        Seqlock lock;
        SharedWord number;  // from 1
        std::array<SharedWord, words(sizeof(TransitionRecord))> record;
    };

    std::optional<TransitionRecord> load(std::uint64_t number) const;

    std::atomic<std::uint64_t> count_;
    std::array<Slot, kSize> slots_;
};

}  // namespace ngx_vrrp::status
