// The virtual routers that an operator has released, in shared memory: so that
// a vrrp process that starts after a crash has the list. A word for each, by
// the hash of its name, taken and given back atomically. All zeros: none.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "core/base/seqlock.hpp"

namespace ngx_vrrp::status {

class ReleasedRouters {
public:
    static constexpr std::size_t kRoom = 512;

    bool contains(std::string_view router) const {
        const std::uint64_t wanted = hash(router);
        for (const SharedWord &word : words_) {
            if (word.load() == wanted) {
                return true;
            }
        }
        return false;
    }

    // False: there is no room for it.
    bool set(std::string_view router, bool released) {
        if (!released) {
            replace(hash(router), kFree);
            return true;
        }
        return contains(router) || replace(kFree, hash(router));
    }

private:
    static constexpr std::uint64_t kFree = 0;

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
};

}  // namespace ngx_vrrp::status
