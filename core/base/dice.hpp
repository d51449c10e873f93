// Random numbers for schedules: small, fast, and the same everywhere for one
// seed. Not for secrets.
#pragma once

#include <cstdint>

namespace ngx_vrrp {

// SplitMix64 (Steele, Lea, Flood 2014).
class Dice {
public:
    constexpr explicit Dice(std::uint64_t seed) : state_(seed) {}

    // 0 or more, less than 1.
    constexpr double roll() {
        state_ += 0x9e3779b97f4a7c15;
        std::uint64_t z = state_;
        z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
        z = (z ^ z >> 27) * 0x94d049bb133111eb;
        z ^= z >> 31;
        return static_cast<double>(z >> 11) * 0x1p-53;
    }

private:
    std::uint64_t state_;
};

}  // namespace ngx_vrrp
