#include "core/status/worker_area.hpp"

#include <algorithm>
#include <atomic>
#include <span>

#include "core/base/sane_time.hpp"

namespace ngx_vrrp::status {

namespace {

// "VRRPwork": a mark to detect that the memory was overwritten.
constexpr std::uint64_t kMark = 0x565252506b726f77;

}  // namespace

struct alignas(WorkerArea::kAlignment) WorkerArea::Header {
    std::atomic<std::uint64_t> mark;
};

// pid 0: no heartbeat in this slot.
struct alignas(WorkerArea::kAlignment) WorkerArea::Slot {
    std::atomic<std::int32_t> pid;
    std::atomic<std::int64_t> beat_ns;
};

std::size_t WorkerArea::size(const Room &room) {
    return sizeof(Header) + kHeartbeatSlots * sizeof(Slot) +
           Commands::size(room.instances);
}

WorkerArea::WorkerArea(void *memory, const Room &room)
    : memory_(static_cast<std::uint8_t *>(memory)), room_(room) {}

WorkerArea::Header &WorkerArea::header() const {
    return *reinterpret_cast<Header *>(memory_);
}

WorkerArea::Slot *WorkerArea::slots() const {
    return reinterpret_cast<Slot *>(memory_ + sizeof(Header));
}

Commands WorkerArea::commands() const {
    return {slots() + kHeartbeatSlots, room_.instances};
}

void WorkerArea::begin() {
    header().mark.store(kMark);
}

bool WorkerArea::is_damaged() const {
    const auto is_impossible = [](const Slot &slot) {
        const std::int64_t beat_ns = slot.beat_ns.load();
        return slot.pid.load() < 0 || beat_ns != sane_time(beat_ns);
    };
    return header().mark.load() != kMark ||
           std::ranges::any_of(std::span(slots(), kHeartbeatSlots),
                               is_impossible) ||
           commands().is_damaged();
}

void WorkerArea::beat(std::size_t slot, std::int32_t pid, Instant now) {
    if (slot >= kHeartbeatSlots) {
        return;
    }
    slots()[slot].beat_ns.store(to_ns(now), std::memory_order_relaxed);
    slots()[slot].pid.store(pid, std::memory_order_release);
}

void WorkerArea::stop_beating(std::size_t slot) {
    if (slot < kHeartbeatSlots) {
        slots()[slot].pid.store(0, std::memory_order_release);
    }
}

std::vector<engine::Heartbeat> WorkerArea::heartbeats() const {
    return heartbeats(beating());
}

std::vector<std::size_t> WorkerArea::beating() const {
    std::vector<std::size_t> list;
    for (std::size_t i = 0; i < kHeartbeatSlots; ++i) {
        if (slots()[i].pid.load(std::memory_order_relaxed) > 0) {
            list.push_back(i);
        }
    }
    return list;
}

std::vector<engine::Heartbeat> WorkerArea::heartbeats(
    const std::vector<std::size_t> &of) const {
    std::vector<engine::Heartbeat> list;
    for (const std::size_t i : of) {
        const Slot &slot = slots()[i];
        const std::int32_t pid = slot.pid.load(std::memory_order_acquire);
        if (pid > 0) {
            list.push_back({pid, instant_from_ns(sane_time(slot.beat_ns.load(
                                     std::memory_order_relaxed)))});
        }
    }
    return list;
}

}  // namespace ngx_vrrp::status
