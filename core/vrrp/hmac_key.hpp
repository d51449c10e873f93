// The text of an HMAC key, in the configuration or in its file, as keepalived
// has it: "hex:" and digits, or "ascii:" and the key itself, or only the key.
#pragma once

#include <string_view>

#include "core/base/bytes.hpp"

namespace ngx_vrrp::vrrp {

inline constexpr std::size_t kLeastHmacKey = 32;
inline constexpr std::size_t kLongestHmacKey = 64;

struct HmacKeyText {
    Buffer secret;
    const char *wrong = nullptr;  // never contains a part of the key
};

HmacKeyText read_hmac_key(std::string_view text);

}  // namespace ngx_vrrp::vrrp
