#include "core/status/worker_area.hpp"

#include <algorithm>
#include <array>

#include "core/base/sane_time.hpp"

namespace ngx_vrrp::status {

namespace {

// "VRRPwork": a mark to detect that the memory was overwritten.
constexpr std::uint64_t kMark = 0x565252506b726f77;

}  // namespace

// Its page, with the first slots behind it, is the only one that the vrrp
// process reads at rest: see Area::NumbersSlot.
struct alignas(WorkerArea::kAlignment) WorkerArea::Header {
    std::atomic<std::uint64_t> mark;
    std::atomic<std::uint64_t> used;  // slots that have ever had heartbeats
    SharedWord asks;                  // see Commands
};

// Each in its own cache line, because each worker writes its own.
struct alignas(WorkerArea::kAlignment) WorkerArea::Slot {
    std::atomic<std::int64_t> at_ns;
    std::atomic<std::int32_t> pid;  // 0: no heartbeat in this slot
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

WorkerArea::Slot &WorkerArea::slot(std::size_t index) const {
    return reinterpret_cast<Slot *>(memory_ + sizeof(Header))[index];
}

std::atomic<std::int32_t> &WorkerArea::pid(std::size_t slot) const {
    return this->slot(slot).pid;
}

std::atomic<std::int64_t> &WorkerArea::beat_ns(std::size_t slot) const {
    return this->slot(slot).at_ns;
}

Commands WorkerArea::commands() const {
    return {header().asks, &slot(kHeartbeatSlots), room_.instances};
}

void WorkerArea::begin() {
    header().mark.store(kMark);
}

bool WorkerArea::is_damaged() const {
    for (std::size_t i = 0; i < kHeartbeatSlots; ++i) {
        const std::int64_t ns = beat_ns(i).load();
        if (pid(i).load() < 0 || ns != sane_time(ns)) {
            return true;
        }
    }
    return header().mark.load() != kMark ||
           header().used.load() > kHeartbeatSlots || commands().is_damaged();
}

void WorkerArea::beat(std::size_t slot, std::int32_t pid, Instant now) {
    if (slot >= kHeartbeatSlots) {
        return;
    }
    std::uint64_t used = header().used.load(std::memory_order_relaxed);
    while (used <= slot &&
           !header().used.compare_exchange_weak(used, slot + 1)) {
    }
    beat_ns(slot).store(to_ns(now), std::memory_order_relaxed);
    if (this->pid(slot).load(std::memory_order_relaxed) != pid) {
        this->pid(slot).store(pid, std::memory_order_release);
    }
}

void WorkerArea::stop_beating(std::size_t slot) {
    if (slot < kHeartbeatSlots) {
        pid(slot).store(0, std::memory_order_release);
    }
}

std::vector<engine::Heartbeat> WorkerArea::heartbeats() const {
    std::vector<std::size_t> slots;
    std::vector<engine::Heartbeat> list;
    find_beating(slots);
    read_heartbeats(slots, list);
    return list;
}

[[gnu::hot]] void WorkerArea::find_beating(
    std::vector<std::size_t> &slots) const {
    slots.clear();
    const std::size_t used = std::min<std::size_t>(
        header().used.load(std::memory_order_relaxed), kHeartbeatSlots);
    for (std::size_t i = 0; i < used; ++i) {
        if (pid(i).load(std::memory_order_relaxed) > 0) {
            slots.push_back(i);
        }
    }
}

[[gnu::hot]] void WorkerArea::read_heartbeats(
    const std::vector<std::size_t> &of,
    std::vector<engine::Heartbeat> &list) const {
    list.clear();
    for (const std::size_t i : of) {
        const std::int32_t who = pid(i).load(std::memory_order_acquire);
        if (who > 0) {
            const std::int64_t ns = beat_ns(i).load(std::memory_order_relaxed);
            list.push_back({who, instant_from_ns(sane_time(ns))});
        }
    }
}

[[gnu::hot]] std::optional<Instant> WorkerArea::oldest_beat(
    std::span<const std::size_t> slots,
    std::span<const std::int32_t> pids) const {
    std::optional<Instant> oldest;
    if (slots.size() != pids.size()) {
        return oldest;
    }
    for (std::size_t i = 0; i < slots.size(); ++i) {
        if (pid(slots[i]).load(std::memory_order_acquire) != pids[i]) {
            return std::nullopt;
        }
        const std::int64_t ns =
            beat_ns(slots[i]).load(std::memory_order_relaxed);
        take_earlier(oldest, {instant_from_ns(sane_time(ns))});
    }
    return oldest;
}

}  // namespace ngx_vrrp::status
