// The memory that the vrrp processes of a node share, and no other process: a
// slot for each virtual router, with the words that say which process owns it
// (shared_ownership.hpp) and the record that it passes on.
//
//     header (4096 bytes) | slots (64 bytes each) | records (16384 bytes each)
//
// Behind the header are words about new binaries.
// The words of a slot are read for each packet, the record once in the life of
// a process. Each record has its own version. Magic and number have the same
// place in all layouts, and only the last letter of the magic changes: a new
// binary recognises the memory, and closes what it cannot use.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <type_traits>

#include "core/base/seqlock.hpp"
#include "core/engine/handover_record.hpp"
#include "core/engine/router_key.hpp"

namespace ngx_vrrp::engine {

struct OwnershipHeader {
    std::uint64_t magic;
    std::uint32_t slots;
    std::uint32_t slot_size;
    std::uint64_t number;  // by which a new binary recognises it

    friend bool operator==(const OwnershipHeader &,
                           const OwnershipHeader &) = default;
};

struct OwnershipSlot {
    SharedWord key;    // fingerprint of the RouterKey, 0: free
    SharedWord owner;  // ProcessId, 0: none
    SharedWord wanted;
    SharedWord asked_at;   // ns: the process in `wanted` ran last
    SharedWord ran_at;     // ns: the owner ran last, while it is wanted
    SharedWord active_at;  // ns: it advertised last, 0: it is not active
    SharedWord given_to;   // ProcessId: the receiver of the record
    SharedWord checksum;   // of the record
};

using SharedRecord = std::array<SharedWord, words(sizeof(HandoverRecord))>;

class OwnershipMemory {
public:
    static constexpr std::uint32_t kSlots = 1024;
    static constexpr std::uint32_t kSlotSize = 64;
    static constexpr std::uint32_t kRecordSize = 16384;
    static constexpr std::size_t kHeaderSize = 4096;
    static constexpr std::size_t kSize =
        kHeaderSize + std::size_t{kSlots} * (kSlotSize + kRecordSize);

    static constexpr OwnershipHeader header(std::uint64_t number) {
        return {kMagic, kSlots, kSlotSize, number};
    }

    // Of this or another version of the module, with this number.
    static constexpr bool is_any_layout(const OwnershipHeader &header,
                                        std::uint64_t number) {
        return header.magic >> 8 == kMagic >> 8 && header.number == number;
    }

    // memory: kSize bytes, zeros after the header.
    explicit OwnershipMemory(void *memory)
        : memory_(static_cast<std::uint8_t *>(memory)) {}

    // The router's slot, found or newly taken; nullptr: all are taken. A slot
    // is never given back: no nginx has 1024 routers in its lifetime.
    OwnershipSlot *find(const RouterKey &router) const {
        return find(to_string(router));
    }

    // By the name of a router, or of something else that one process has.
    OwnershipSlot *find(std::string_view name) const {
        const std::uint64_t wanted = fingerprint(name) | 1;
        for (std::size_t i = 0; i < kSlots; ++i) {
            OwnershipSlot &slot = at((wanted / 2 + i) % kSlots);
            std::uint64_t key = slot.key.load();
            if (key == 0 && slot.key.compare_exchange_strong(key, wanted)) {
                key = wanted;
            }
            if (key == wanted) {
                return &slot;
            }
        }
        return nullptr;
    }

    // The master process of a new binary whose vrrp process does not have its
    // routers yet, as a ProcessId; 0: none.
    SharedWord &starting() const {
        return *reinterpret_cast<SharedWord *>(memory_ + kStartingAt);
    }

    // The master process of the newest binary with the memory; 0: the first.
    SharedWord &newest() const {
        return *reinterpret_cast<SharedWord *>(memory_ + kNewestAt);
    }

    // The id of this node on peer links; 0: none yet.
    SharedWord &peer_id() const {
        return *reinterpret_cast<SharedWord *>(memory_ + kPeerIdAt);
    }

    // What the vrrp processes of this nginx have written about it last, a
    // NginxRuns; 0: nothing yet.
    SharedWord &nginx_runs() const {
        return *reinterpret_cast<SharedWord *>(memory_ + kNginxRunsAt);
    }

    // Of a slot that find() has returned.
    SharedRecord &record_of(const OwnershipSlot &slot) const {
        const auto i = static_cast<std::size_t>(&slot - &at(0));
        return *reinterpret_cast<SharedRecord *>(
            memory_ + kHeaderSize + std::size_t{kSlots} * kSlotSize +
            i * kRecordSize);
    }

private:
    static constexpr std::size_t kStartingAt = 64;
    static constexpr std::size_t kNewestAt = 72;
    static constexpr std::size_t kPeerIdAt = 80;
    static constexpr std::size_t kNginxRunsAt = 88;
    static constexpr std::uint64_t kMagic = 0x6e67787672727033;  // "ngxvrrp3"

    OwnershipSlot &at(std::size_t i) const {
        return *reinterpret_cast<OwnershipSlot *>(memory_ + kHeaderSize +
                                                  i * kSlotSize);
    }

    std::uint8_t *memory_;
};

static_assert(sizeof(OwnershipSlot) == OwnershipMemory::kSlotSize);
static_assert(sizeof(SharedRecord) <= OwnershipMemory::kRecordSize);
static_assert(sizeof(OwnershipHeader) <= 64);
static_assert(std::is_trivially_copyable_v<OwnershipHeader>);
static_assert(offsetof(OwnershipHeader, magic) == 0);
static_assert(offsetof(OwnershipHeader, number) == 16);

}  // namespace ngx_vrrp::engine
