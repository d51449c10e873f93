#include "core/status/area.hpp"

#include <algorithm>
#include <array>
#include <atomic>
#include <bit>
#include <cassert>
#include <cstring>
#include <utility>

#include "core/base/seqlock.hpp"
#include "core/status/records.hpp"

namespace ngx_vrrp::status {

namespace {

constexpr std::uint32_t kMagic = 0x56525250;  // "VRRP"
constexpr std::uint32_t kLayoutVersion = 6;
constexpr std::size_t kCacheLine = 64;

// An area is divided by its size alone, so that areas of one size have room
// for the same: for each step so much status and so many checks.
constexpr std::size_t kStatusStep = 4096;
constexpr std::size_t kChecksStep = 16;

// No more of them are in a status of one step.
constexpr std::size_t kInstancesStep = kStatusStep / sizeof(InstanceRecord) + 1;

constexpr std::size_t steps_for(std::size_t amount, std::size_t step) {
    return (amount + step - 1) / step;
}

static_assert(kStatusStep % check::Table::kAlignment == 0);
static_assert(kCacheLine % check::Table::kAlignment == 0);

using CrashWords =
    std::array<std::uint64_t, words(sizeof(engine::CrashHistory))>;

}  // namespace

struct alignas(kCacheLine) Area::Header {
    std::uint32_t magic;
    std::uint32_t version;
    std::uint64_t capacity;  // of the status block, bytes
    Seqlock status_lock;
    std::atomic<std::uint64_t> length;  // of the status, bytes
    std::atomic<std::uint64_t> generation;
    std::atomic<std::uint64_t> settled;
    std::atomic<std::int32_t> holder;    // pid
    std::atomic<std::uint64_t> life;     // generation of the one that lives
    std::atomic<std::int32_t> notifier;  // pid
    std::array<SharedWord, std::tuple_size_v<CrashWords>> crashes;
    TransitionRing transitions;
    ReleasedRouters released;
    ChannelBoard channels;
};

// pid 0: nobody beats here.
struct alignas(kCacheLine) Area::Slot {
    std::atomic<std::int32_t> pid;
    std::atomic<std::int64_t> beat_ns;
};

std::size_t Area::size_of(std::size_t steps) {
    return sizeof(Header) + kHeartbeatSlots * sizeof(Slot) +
           steps * kStatusStep + Commands::size(steps * kInstancesStep) +
           check::Table::size(steps * kChecksStep);
}

std::size_t Area::size(std::size_t capacity, std::size_t checks) {
    return size_of(std::max({std::size_t{1}, steps_for(capacity, kStatusStep),
                             steps_for(checks, kChecksStep)}));
}

bool Area::init(void *memory, std::size_t size) {
    if (size < size_of(1) ||
        reinterpret_cast<std::uintptr_t>(memory) % alignof(Header) != 0) {
        return false;
    }
    const std::size_t steps = (size - size_of(0)) / (size_of(1) - size_of(0));

    std::memset(memory, 0, size);
    auto *header = static_cast<Header *>(memory);
    header->capacity = steps * kStatusStep;
    header->version = kLayoutVersion;
    header->magic = kMagic;
    return check::Table::init(Area(memory).tables(),
                              check::Table::size(steps * kChecksStep));
}

Area::Area(void *memory)
    : memory_(static_cast<std::uint8_t *>(memory)),
      capacity_(header().capacity) {
    assert(header().magic == kMagic && header().version == kLayoutVersion);
}

Area::Header &Area::header() const {
    return *reinterpret_cast<Header *>(memory_);
}

Area::Slot *Area::slots() const {
    return reinterpret_cast<Slot *>(memory_ + sizeof(Header));
}

SharedWord *Area::status() const {
    return reinterpret_cast<SharedWord *>(memory_ + sizeof(Header) +
                                          kHeartbeatSlots * sizeof(Slot));
}

void *Area::commands_memory() const {
    return status() + words(capacity_);
}

void *Area::tables() const {
    return static_cast<std::uint8_t *>(commands_memory()) +
           Commands::size(capacity_ / kStatusStep * kInstancesStep);
}

Commands Area::commands() const {
    return {commands_memory(), capacity_ / kStatusStep * kInstancesStep};
}

check::Table Area::checks(std::uint64_t generation) const {
    return {tables(), generation};
}

void Area::beat(std::size_t slot, std::int32_t pid, Instant now) {
    if (slot >= kHeartbeatSlots) {
        return;
    }
    slots()[slot].beat_ns.store(to_ns(now), std::memory_order_relaxed);
    slots()[slot].pid.store(pid, std::memory_order_release);
}

void Area::stop_beating(std::size_t slot) {
    if (slot < kHeartbeatSlots) {
        slots()[slot].pid.store(0, std::memory_order_release);
    }
}

std::vector<health::Heartbeat> Area::heartbeats() const {
    std::vector<health::Heartbeat> list;
    for (std::size_t i = 0; i < kHeartbeatSlots; ++i) {
        const Slot &slot = slots()[i];
        const std::int32_t pid = slot.pid.load(std::memory_order_acquire);
        if (pid != 0) {
            list.push_back({pid, instant_from_ns(slot.beat_ns.load(
                                     std::memory_order_relaxed))});
        }
    }
    return list;
}

std::uint64_t Area::begin_generation() {
    return header().generation.fetch_add(1) + 1;
}

std::uint64_t Area::generation() const {
    return header().generation.load();
}

void Area::settle(std::uint64_t generation) {
    header().settled.store(generation);
}

std::uint64_t Area::settled() const {
    return header().settled.load();
}

bool Area::begin_life(std::uint64_t generation) {
    return header().life.exchange(generation) == generation;
}

// Unless one of a newer generation has begun.
void Area::end_life(std::uint64_t generation) {
    header().life.compare_exchange_strong(generation, 0);
}

bool Area::has_ended(std::uint64_t generation) const {
    return settled() >= generation && header().life.load() == 0;
}

engine::CrashHistory Area::crash_history() const {
    CrashWords copy{};
    std::copy(header().crashes.begin(), header().crashes.end(), copy.begin());
    return std::bit_cast<engine::CrashHistory>(copy);
}

void Area::set_crash_history(const engine::CrashHistory &history) {
    const auto copy = std::bit_cast<CrashWords>(history);
    std::copy(copy.begin(), copy.end(), header().crashes.begin());
}

TransitionRing &Area::transitions() const {
    return header().transitions;
}

ReleasedRouters &Area::released() const {
    return header().released;
}

void Area::hold(std::int32_t pid) {
    header().holder.store(pid);
}

void Area::let_go(std::int32_t pid) {
    header().holder.compare_exchange_strong(pid, 0);
}

std::int32_t Area::holder() const {
    return header().holder.load();
}

std::int32_t Area::begin_notifying(std::int32_t pid) {
    return header().notifier.exchange(pid);
}

// Unless another one has begun.
void Area::end_notifying(std::int32_t pid) {
    header().notifier.compare_exchange_strong(pid, 0);
}

std::int32_t Area::notifier() const {
    return header().notifier.load();
}

ChannelBoard &Area::channels() const {
    return header().channels;
}

bool Area::publish(Bytes bytes) {
    Header &h = header();
    if (bytes.size() > capacity_) {
        return false;
    }
    h.status_lock.write([&] {
        store_words(status(), bytes);
        h.length.store(bytes.size(), std::memory_order_relaxed);
    });
    return true;
}

std::optional<Buffer> Area::read() const {
    const Header &h = header();
    Buffer bytes;
    const bool whole = h.status_lock.read([&] {
        const std::uint64_t length = h.length.load(std::memory_order_relaxed);
        bytes.resize(std::min(length, capacity_));
        load_words(status(), bytes);
    });
    return whole ? std::optional(std::move(bytes)) : std::nullopt;
}

}  // namespace ngx_vrrp::status
