// Packets in tests are written as hexadecimal text.
#pragma once

#include <charconv>
#include <stdexcept>
#include <string>
#include <string_view>

#include "core/base/bytes.hpp"

namespace ngx_vrrp::test {

// Pairs of digits; spaces between the pairs do not count.
inline Buffer from_hex(std::string_view text) {
    Buffer bytes;
    while (!text.empty()) {
        if (text.front() == ' ') {
            text.remove_prefix(1);
            continue;
        }
        const char *begin = text.data();
        std::uint8_t byte = 0;
        if (text.size() < 2 ||
            std::from_chars(begin, begin + 2, byte, 16).ptr != begin + 2) {
            throw std::invalid_argument("not hexadecimal: " +
                                        std::string(text));
        }
        bytes.push_back(byte);
        text.remove_prefix(2);
    }
    return bytes;
}

inline std::string to_hex(Bytes bytes) {
    constexpr std::string_view digits = "0123456789abcdef";
    std::string text;
    for (const std::uint8_t byte : bytes) {
        text += digits[byte >> 4];
        text += digits[byte & 0xf];
    }
    return text;
}

}  // namespace ngx_vrrp::test
