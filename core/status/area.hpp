// The shared memory of one nginx: heartbeats of the workers, the status that
// the vrrp process publishes, its last changes of state, how its processes
// ended, and what the checks have found. All readers and writers are lock-free,
// so a process that dies or stops in the middle holds up nobody.
//
// Layout: Header, heartbeat slots, status block, commands, tables of checks.
// One version of the module creates and uses an area; another one (after a
// binary upgrade) has its own.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "core/base/bytes.hpp"
#include "core/base/seqlock.hpp"
#include "core/base/time.hpp"
#include "core/check/table.hpp"
#include "core/engine/crash_history.hpp"
#include "core/health/worker_watch.hpp"
#include "core/status/channels.hpp"
#include "core/status/commands.hpp"
#include "core/status/released.hpp"
#include "core/status/transitions.hpp"

namespace ngx_vrrp::status {

inline constexpr std::size_t kHeartbeatSlots = 1024;

class Area {
public:
    // Bytes for a status of up to `capacity` bytes and for so many checks.
    static std::size_t size(std::size_t capacity, std::size_t checks);

    // Zeroes and divides the memory; false when it is too small for anything.
    // An area of size(capacity, checks) or more, whatever it was made for, has
    // room for both of them.
    static bool init(void *memory, std::size_t size);

    // memory was initialised; it outlives the Area, which reads here, once,
    // how it is divided.
    explicit Area(void *memory);

    // A worker's beat. slot >= kHeartbeatSlots is ignored.
    void beat(std::size_t slot, std::int32_t pid, Instant now);
    void stop_beating(std::size_t slot);
    std::vector<health::Heartbeat> heartbeats() const;

    // Generations of the configuration, one for each time nginx read it. The
    // master counts them; the vrrp process of a generation settles it when it
    // owns all its routers.
    std::uint64_t begin_generation();
    std::uint64_t generation() const;
    void settle(std::uint64_t generation);
    std::uint64_t settled() const;

    // A vrrp process of this generation starts; nginx runs one at a time. True:
    // the one before it has not ended its life, it crashed.
    bool begin_life(std::uint64_t generation);
    void end_life(std::uint64_t generation);

    // One of this generation was in charge, and none is left or crashed.
    bool has_ended(std::uint64_t generation) const;

    engine::CrashHistory crash_history() const;
    void set_crash_history(const engine::CrashHistory &history);

    // The last changes of state, of all generations.
    TransitionRing &transitions() const;

    // Routers that an operator has released.
    ReleasedRouters &released() const;

    // What operators ask for.
    Commands commands() const;

    // The vrrp process that holds addresses, 0: none.
    void hold(std::int32_t pid);
    void let_go(std::int32_t pid);
    std::int32_t holder() const;

    // A notifier process begins; the one before it, which may be there still.
    // 0: none.
    std::int32_t begin_notifying(std::int32_t pid);
    void end_notifying(std::int32_t pid);
    std::int32_t notifier() const;
    ChannelBoard &channels() const;

    // One writer at a time. False when it does not fit.
    bool publish(Bytes status);

    // Nothing before the first publish, or when every one of a bounded number
    // of attempts met a writer.
    std::optional<Buffer> read() const;

    // What the checks of a generation have found.
    check::Table checks(std::uint64_t generation) const;

private:
    struct Header;
    struct Slot;

    static std::size_t size_of(std::size_t steps);

    Header &header() const;
    Slot *slots() const;
    SharedWord *status() const;
    void *commands_memory() const;
    void *tables() const;

    std::uint8_t *memory_;
    std::size_t capacity_;  // of the status block, bytes
};

}  // namespace ngx_vrrp::status
