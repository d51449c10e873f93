// Bytes that look random and are the same in every run.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <random>

#include "core/base/bytes.hpp"

namespace ngx_vrrp::test {

class RandomBytes {
public:
    explicit RandomBytes(std::uint32_t seed) : engine_(seed) {}

    // 0..bound - 1. Not by std::uniform_int_distribution, whose numbers differ
    // from one standard library to the next.
    std::size_t below(std::size_t bound) { return engine_() % bound; }

    Buffer bytes(std::size_t n) {
        Buffer buffer(n);
        std::ranges::generate(buffer, [this] {
            return static_cast<std::uint8_t>(engine_() & 0xff);
        });
        return buffer;
    }

private:
    std::mt19937 engine_;
};

}  // namespace ngx_vrrp::test
