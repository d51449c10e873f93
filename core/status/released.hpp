// The virtual routers that an operator has released, in shared memory: so that
// a vrrp process that starts after a crash has the list. A word for each, by
// the hash of its name, taken and given back atomically, and one for the terms
// of its release. All zeros: none.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

#include "core/base/seqlock.hpp"

namespace ngx_vrrp::status {

class ReleasedRouters {
public:
    static constexpr std::size_t kRoom = 512;

    bool contains(std::string_view router) const {
        return find(hash(router)) != kRoom;
    }

    // The terms with which it was released.
    std::optional<std::uint64_t> terms_of(std::string_view router) const {
        const std::size_t index = find(hash(router));
        return index == kRoom ? std::nullopt
                              : std::optional{terms_[index].load()};
    }

    // False: there is no room for it. A process that dies in the middle leaves
    // a release without terms.
    bool set(std::string_view router, bool released, std::uint64_t terms = 0) {
        const std::uint64_t word = hash(router);
        if (released && !contains(router)) {
            replace(kFree, word);
        }
        const std::size_t index = find(word);
        if (index == kRoom) {
            return !released;
        }
        terms_[index].store(released ? terms : 0);
        return released || replace(word, kFree);
    }

private:
    static constexpr std::uint64_t kFree = 0;

    // kRoom: none.
    std::size_t find(std::uint64_t wanted) const {
        std::size_t i = 0;
        while (i < kRoom && words_[i].load() != wanted) {
            ++i;
        }
        return i;
    }

    // The first one.
    bool replace(std::uint64_t old, std::uint64_t with) {
        for (SharedWord &word : words_) {
            std::uint64_t expected = old;
            if (word.compare_exchange_strong(expected, with)) {
                return true;
            }
        }
        return false;
    }

    // FNV-1a, never the word of a free slot.
    static constexpr std::uint64_t hash(std::string_view text) {
        std::uint64_t value = 0xcbf29ce484222325;
        for (const char c : text) {
            value = (value ^ static_cast<std::uint8_t>(c)) * 0x100000001b3;
        }
        return value | 1;
    }

    std::array<SharedWord, kRoom> words_;
    std::array<SharedWord, kRoom> terms_;
};

}  // namespace ngx_vrrp::status
