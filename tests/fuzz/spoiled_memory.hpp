// Shared memory with overwritten words, and the rules that must still hold.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/bytes.hpp"
#include "core/base/utf8.hpp"
#include "core/notify/json_number.hpp"
#include "tests/fuzz/require.hpp"
#include "tests/support/zeroed_memory.hpp"

namespace ngx_vrrp::fuzz {

// A memory of words as it is before it is spoiled.
struct Pristine {
    std::vector<std::uint64_t> words;
    std::vector<std::size_t> used;  // where they are not zero

    explicit Pristine(std::span<const std::uint64_t> all)
        : words(all.begin(), all.end()) {
        for (std::size_t i = 0; i < words.size(); ++i) {
            if (words[i] != 0) {
                used.push_back(i);
            }
        }
    }

    void restore(const test::ZeroedMemory &memory) const {
        std::ranges::copy(words, memory.words().begin());
    }
};

// The value of a word after a step with this number.
inline std::uint64_t changed(std::uint64_t word, std::uint8_t kind,
                             std::uint8_t number) {
    const unsigned bit = number % 64;
    switch (kind % 16) {
        case 0:
            return number;
        case 1:
            return ~std::uint64_t{number};
        case 2:
            return std::uint64_t{1} << bit;
        case 3:
            return ~(std::uint64_t{1} << bit);
        case 4:
            return word + number;
        case 5:
            return word - number;
        case 6:
            return number * 0x0101010101010101U;
        case 7:
            return (std::uint64_t{1} << bit) - 1;
        default:  // an octet of it
            const unsigned shift = kind % 8 * 8;
            return (word & ~(std::uint64_t{0xff} << shift)) |
                   std::uint64_t{number} << shift;
    }
}

// An input: steps of four octets. Where: 15 bits, the index of a word that was
// used; or, when the 16th is set, of any word. What is done to it: a kind and a
// number.
inline void spoil(const test::ZeroedMemory &memory, const Pristine &pristine,
                  Bytes steps) {
    const std::span<std::uint64_t> words = memory.words();
    ByteReader reader(steps);
    while (reader.remaining() >= 4) {
        const unsigned place = reader.u16();
        const std::size_t index = place & 0x7fffU;
        const std::size_t at =
            (place & 0x8000U) != 0
                ? index % words.size()
                : pristine.used[index % pristine.used.size()];
        const std::uint8_t kind = reader.u8();
        words[at] = changed(words[at], kind, reader.u8());
    }
}

// It is a member of an object, so that arrays are looked at, too.
inline void require_json(const std::string &text) {
    require(
        notify::find_number("{\"body\":" + text + ",\"end\":1}", "end") == 1,
        "it is not JSON");
    require(valid_utf8(text) == text, "it is not UTF-8");
}

}  // namespace ngx_vrrp::fuzz
