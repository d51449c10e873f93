// A value in shared memory that one process writes and others read without a
// lock. A writer that dies in the middle blocks no reader: the value cannot be
// read until it is written again.
//
// The value lies in words: relaxed word by word, ordered by the fences around
// them, so that a torn copy is seen and no byte is raced for. Memory of all
// zeros is a lock whose value has not been written yet.
#pragma once

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>

#include "core/base/bytes.hpp"

namespace ngx_vrrp {

using SharedWord = std::atomic<std::uint64_t>;

static_assert(SharedWord::is_always_lock_free);

constexpr std::size_t words(std::size_t bytes) {
    return (bytes + sizeof(SharedWord) - 1) / sizeof(SharedWord);
}

// Calls call(word) for each word; unused bytes of the last one are zero.
template <class Call>
[[gnu::hot]] void each_word(Bytes bytes, Call &&call) {
    std::uint64_t word = 0;
    for (; bytes.size() >= sizeof(word); bytes = bytes.subspan(sizeof(word))) {
        std::memcpy(&word, bytes.data(), sizeof(word));
        call(word);
    }
    if (!bytes.empty()) {
        word = 0;
        std::memcpy(&word, bytes.data(), bytes.size());
        call(word);
    }
}

// to: words(bytes.size()) of them.
inline void store_words(SharedWord *to, Bytes bytes) {
    each_word(bytes, [&](std::uint64_t word) {
        to++->store(word, std::memory_order_relaxed);
    });
}

inline void load_words(const SharedWord *from, std::span<std::uint8_t> bytes) {
    for (; !bytes.empty(); ++from) {
        const std::uint64_t word = from->load(std::memory_order_relaxed);
        const std::size_t n = std::min(sizeof(word), bytes.size());
        std::memcpy(bytes.data(), &word, n);
        bytes = bytes.subspan(n);
    }
}

class Seqlock {
public:
    static constexpr int kReadAttempts = 1000;

    // store() stores the words. One writer at a time.
    template <class Store>
    void write(Store &&store) {
        // An odd number was left by a writer that died: the new one is odd,
        // too.
        const std::uint64_t writing =
            sequence_.load(std::memory_order_relaxed) | 1;
        sequence_.store(writing, std::memory_order_relaxed);
        std::atomic_thread_fence(std::memory_order_release);

        store();

        // 0 would mean that no value was written yet.
        sequence_.store(std::max<std::uint64_t>(writing + 1, 2),
                        std::memory_order_release);
    }

    // load() loads the words, and may get torn ones. False before the first
    // write, or if a writer was active at every attempt.
    template <class Load>
    [[nodiscard]] bool read(Load &&load) const {
        for (int attempt = 0; attempt < kReadAttempts; ++attempt) {
            const std::uint64_t before =
                sequence_.load(std::memory_order_acquire);
            if (before == 0 || before % 2 != 0) {
                continue;
            }

            load();

            std::atomic_thread_fence(std::memory_order_acquire);
            if (sequence_.load(std::memory_order_relaxed) == before) {
                return true;
            }
        }
        return false;
    }

    // Another one after each write.
    std::uint64_t sequence() const {
        return sequence_.load(std::memory_order_relaxed);
    }

private:
    std::atomic<std::uint64_t> sequence_;  // odd while the value changes
};

}  // namespace ngx_vrrp
