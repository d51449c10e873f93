// A vrrp process of this node as one word: the time at which its configuration
// was read (ms of CLOCK_BOOTTIME), and its pid. A process that the master has
// restarted has the configuration of the previous one: it is not newer.
#pragma once

#include <cstdint>

#include "core/base/time.hpp"

namespace ngx_vrrp::engine {

class ProcessId {
public:
    constexpr ProcessId() = default;  // none
    constexpr ProcessId(Instant configured_at, int pid)
        : word_(static_cast<std::uint64_t>(
                    to_ms(configured_at.time_since_epoch()))
                    << kPidBits |
                (static_cast<std::uint64_t>(pid) & kPidMask)) {}

    static constexpr ProcessId from_word(std::uint64_t word) {
        ProcessId id;
        id.word_ = word;
        return id;
    }

    constexpr std::uint64_t word() const { return word_; }
    constexpr Instant configured_at() const {
        return Instant{
            Milliseconds{static_cast<std::int64_t>(word_ >> kPidBits)}};
    }
    constexpr int pid() const { return static_cast<int>(word_ & kPidMask); }
    constexpr bool is_none() const { return word_ == 0; }

    constexpr bool is_newer_than(ProcessId other) const {
        return word_ >> kPidBits > other.word_ >> kPidBits;
    }

    friend constexpr bool operator==(ProcessId, ProcessId) = default;

private:
    // Linux: PID_MAX_LIMIT is 2^22.
    static constexpr int kPidBits = 22;
    static constexpr std::uint64_t kPidMask = (1u << kPidBits) - 1;

    std::uint64_t word_ = 0;
};

}  // namespace ngx_vrrp::engine
