// The memory in which nginx's workers write: that they live, and what operators
// ask of the vrrp process. Whoever has broken a worker writes here what it
// likes, so all that is read is a hint: copied, made sane, and used for nothing
// that a worker might not say.
//
// Layout: header, heartbeat slots, commands.
#pragma once

#include <cstddef>
#include <cstdint>
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

    // The master, once: the memory is full of zeros.
    void begin();

    // Something stands there that no worker of ours writes. Others write at the
    // same time: never a word that the memory is all right.
    bool is_damaged() const;

    // A worker's beat. slot >= kHeartbeatSlots is ignored.
    void beat(std::size_t slot, std::int32_t pid, Instant now);
    void stop_beating(std::size_t slot);
    std::vector<engine::Heartbeat> heartbeats() const;

    // The slots of those that beat, and what stands in these.
    std::vector<std::size_t> beating() const;
    std::vector<engine::Heartbeat> heartbeats(
        const std::vector<std::size_t> &of) const;

    // What operators ask for.
    Commands commands() const;

private:
    struct Header;
    struct Slot;

    Header &header() const;
    Slot *slots() const;

    std::uint8_t *memory_;
    Room room_;
};

}  // namespace ngx_vrrp::status
