#include "core/status/area.hpp"

#include <algorithm>
#include <array>
#include <atomic>
#include <bit>
#include <cassert>
#include <cstring>

namespace ngx_vrrp::status {

namespace {

constexpr std::uint32_t kMagic = 0x56525250;  // "VRRP"
constexpr std::uint32_t kLayoutVersion = 2;
constexpr std::size_t kCacheLine = 64;
constexpr int kReadAttempts = 1000;

// A seqlock over words: relaxed word by word, ordered by the fences around
// them, so that a torn copy is seen and no byte is raced for.
using Word = std::uint64_t;

constexpr std::size_t words(std::size_t bytes) {
    return (bytes + sizeof(Word) - 1) / sizeof(Word);
}

using CrashWords = std::array<Word, words(sizeof(engine::CrashHistory))>;

}  // namespace

struct alignas(kCacheLine) Area::Header {
    std::uint32_t magic;
    std::uint32_t version;
    std::uint64_t capacity;               // of the status block, bytes
    std::atomic<std::uint64_t> sequence;  // odd while the status changes
    std::atomic<std::uint64_t> length;    // of the status, bytes
    std::atomic<std::uint64_t> generation;
    std::atomic<std::uint64_t> settled;
    std::atomic<std::int32_t> holder;  // pid
    std::atomic<std::uint64_t> life;   // generation of the one that lives
    std::array<std::atomic<Word>, std::tuple_size_v<CrashWords>> crashes;
};

// pid 0: nobody beats here.
struct alignas(kCacheLine) Area::Slot {
    std::atomic<std::int32_t> pid;
    std::atomic<std::int64_t> beat_ns;
};

std::size_t Area::size(std::size_t capacity) {
    return sizeof(Header) + kHeartbeatSlots * sizeof(Slot) +
           words(capacity) * sizeof(Word);
}

bool Area::init(void *memory, std::size_t size) {
    static_assert(std::atomic<std::uint64_t>::is_always_lock_free);

    if (size < Area::size(sizeof(Word)) ||
        reinterpret_cast<std::uintptr_t>(memory) % alignof(Header) != 0) {
        return false;
    }
    std::memset(memory, 0, size);
    auto *header = static_cast<Header *>(memory);
    header->capacity = (size - Area::size(0)) / sizeof(Word) * sizeof(Word);
    header->version = kLayoutVersion;
    header->magic = kMagic;
    return true;
}

Area::Area(void *memory) : memory_(static_cast<std::uint8_t *>(memory)) {
    assert(header().magic == kMagic && header().version == kLayoutVersion);
}

Area::Header &Area::header() const {
    return *reinterpret_cast<Header *>(memory_);
}

Area::Slot *Area::slots() const {
    return reinterpret_cast<Slot *>(memory_ + sizeof(Header));
}

std::uint8_t *Area::status() const {
    return memory_ + sizeof(Header) + kHeartbeatSlots * sizeof(Slot);
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

void Area::hold(std::int32_t pid) {
    header().holder.store(pid);
}

void Area::let_go(std::int32_t pid) {
    header().holder.compare_exchange_strong(pid, 0);
}

std::int32_t Area::holder() const {
    return header().holder.load();
}

bool Area::publish(Bytes bytes) {
    Header &h = header();
    if (bytes.size() > h.capacity) {
        return false;
    }

    // An odd number is left by a writer that died; make it odd again.
    const std::uint64_t before = h.sequence.load(std::memory_order_relaxed);
    const std::uint64_t writing = before | 1;
    h.sequence.store(writing, std::memory_order_relaxed);
    std::atomic_thread_fence(std::memory_order_release);

    auto *to = reinterpret_cast<std::atomic<Word> *>(status());
    for (std::size_t i = 0; i < words(bytes.size()); ++i) {
        Word word = 0;
        const std::size_t at = i * sizeof(Word);
        std::memcpy(&word, bytes.data() + at,
                    std::min(sizeof(Word), bytes.size() - at));
        to[i].store(word, std::memory_order_relaxed);
    }
    h.length.store(bytes.size(), std::memory_order_relaxed);

    h.sequence.store(writing + 1, std::memory_order_release);
    return true;
}

std::optional<Buffer> Area::read() const {
    const Header &h = header();
    const auto *from = reinterpret_cast<const std::atomic<Word> *>(status());

    for (int attempt = 0; attempt < kReadAttempts; ++attempt) {
        const std::uint64_t before = h.sequence.load(std::memory_order_acquire);
        const std::uint64_t length = h.length.load(std::memory_order_relaxed);
        if (before == 0 || before % 2 != 0 || length > h.capacity) {
            continue;
        }

        std::vector<Word> copy(words(length));
        for (std::size_t i = 0; i < copy.size(); ++i) {
            copy[i] = from[i].load(std::memory_order_relaxed);
        }

        std::atomic_thread_fence(std::memory_order_acquire);
        if (h.sequence.load(std::memory_order_relaxed) != before) {
            continue;
        }
        Buffer bytes(length);
        std::memcpy(bytes.data(), copy.data(), length);
        return bytes;
    }
    return std::nullopt;
}

}  // namespace ngx_vrrp::status
