// "authentication HMAC": the keys, and what is demanded of other routers.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <string_view>
#include <vector>

#include "core/base/bytes.hpp"
#include "core/base/enum_name.hpp"
#include "core/base/time.hpp"

namespace ngx_vrrp::vrrp {

struct HmacKey {
    std::uint8_t id = 0;  // 1..255
    Buffer secret;        // 32 to 64 octets
};

// As in keepalived, so that the keys can be introduced without an interruption.
enum class HmacMode : std::uint8_t {
    enforce,      // signs, and demands signatures
    permissive,   // signs, and accepts advertisements without a signature
    receive_only  // the same, but does not sign
};

constexpr std::string_view to_string(HmacMode mode) {
    constexpr std::array<std::string_view, 3> names{"enforce", "permissive",
                                                    "receive-only"};
    return name_of(mode, names);
}

// time: the clocks of sender and receiver differ by at most the window.
// monotonic: the sequence of each sender grows, whatever its clock is.
enum class AntiReplay : std::uint8_t { time, monotonic };

struct HmacConfig {
    std::vector<HmacKey> keys;
    std::uint8_t active_key = 0;  // signs
    HmacMode mode = HmacMode::enforce;
    AntiReplay anti_replay = AntiReplay::time;
    Seconds window{5};

    const HmacKey *find(std::uint8_t id) const {
        const auto found = std::ranges::find(keys, id, &HmacKey::id);
        return found == keys.end() ? nullptr : &*found;
    }
};

}  // namespace ngx_vrrp::vrrp
