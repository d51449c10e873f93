// Chance that is the same in every run and with every standard library.
#pragma once

#include <cstdint>
#include <random>

#include "core/base/time.hpp"

namespace ngx_vrrp::test {

class Dice {
public:
    explicit Dice(std::uint32_t seed) : engine_(seed) {}

    // 0..bound - 1. Not by a distribution of <random>: their numbers differ
    // from one standard library to the next.
    unsigned below(unsigned bound) {
        return static_cast<unsigned>(engine_() % bound);
    }

    bool one_in(unsigned n) { return below(n) == 0; }

    bool percent(unsigned probability) { return below(100) < probability; }

    // 0..longest, in microseconds.
    Duration up_to(Duration longest) {
        const auto us =
            std::chrono::duration_cast<std::chrono::microseconds>(longest);
        return std::chrono::microseconds{
            below(static_cast<unsigned>(us.count()) + 1)};
    }

private:
    std::mt19937 engine_;
};

}  // namespace ngx_vrrp::test
