// A text as 64 bits, to recognise it: FNV-1a.
#pragma once

#include <cstdint>
#include <string_view>

namespace ngx_vrrp {

// before: the fingerprint of a text in front of this one.
constexpr std::uint64_t fingerprint(
    std::string_view text, std::uint64_t before = 14695981039346656037u) {
    std::uint64_t hash = before;
    for (const char c : text) {
        hash = (hash ^ static_cast<unsigned char>(c)) * 1099511628211u;
    }
    return hash;
}

}  // namespace ngx_vrrp
