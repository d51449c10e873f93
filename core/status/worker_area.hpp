// The memory in which nginx's workers write: heartbeats, and commands of
// operators for the vrrp process. A compromised worker may write any bytes
// here, so all that is read is a hint: it is copied, checked, and used only for
// decisions that a worker may influence.
//
// Layout: header, pids, heartbeats, commands.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "core/base/time.hpp"
#include "core/engine/worker_watch.hpp"
#include "core/status/commands.hpp"
#include "core/status/room.hpp"

namespace ngx_vrrp::status {

inline constexpr std::size_t kHeartbeatSlots = 1024;

class WorkerArea {
public:
    static constexpr std::size_t kAlignment = 64;

    // Bytes.
    static std::size_t size(const Room &room);

    // memory has that size and outlives the area, which is a handle and may be
    // copied.
    WorkerArea(void *memory, const Room &room);

    // In the master, once: the memory is full of zeros.
    void begin();

    // True: the memory has bytes that our workers never write. False is no
    // proof that it is intact, because other processes write at the same time.
    bool is_damaged() const;

    // A worker's beat. slot >= kHeartbeatSlots is ignored.
    void beat(std::size_t slot, std::int32_t pid, Instant now);
    void stop_beating(std::size_t slot);
    std::vector<engine::Heartbeat> heartbeats() const;

    // The slots with heartbeats, and their content.
    void find_beating(std::vector<std::size_t> &slots) const;
    void read_heartbeats(const std::vector<std::size_t> &of,
                         std::vector<engine::Heartbeat> &list) const;
    // Of these workers in these slots. Nothing: one of the slots has another
    // one, or none.
    std::optional<Instant> oldest_beat(
        std::span<const std::size_t> slots,
        std::span<const std::int32_t> pids) const;

    // Commands of operators.
    Commands commands() const;

private:
    struct Header;
    struct Slot;

    Header &header() const;
    Slot &slot(std::size_t index) const;
    std::atomic<std::int32_t> &pid(std::size_t slot) const;
    std::atomic<std::int64_t> &beat_ns(std::size_t slot) const;

    std::uint8_t *memory_;
    Room room_;
};

}  // namespace ngx_vrrp::status
