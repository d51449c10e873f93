#include "core/notify/encoding.hpp"

#include <cstddef>
#include <cstdint>

namespace ngx_vrrp::notify {

namespace {

constexpr std::string_view kLowerHex = "0123456789abcdef";
constexpr std::string_view kUpperHex = "0123456789ABCDEF";
constexpr std::string_view kBase64 =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

// RFC 2045, 6.7 (5): "no more than 76 characters long", and one is the "=" of
// a soft line break.
constexpr std::size_t kLongestLine = 75;

std::string_view view_of(const Digest &digest) {
    return {reinterpret_cast<const char *>(digest.data()), digest.size()};
}

void append_hex(std::string &text, char octet, std::string_view digits) {
    const auto u = static_cast<unsigned char>(octet);
    text += digits[u >> 4];
    text += digits[u & 15];
}

bool is_unreserved(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
           (c >= '0' && c <= '9') || c == '-' || c == '.' || c == '_' ||
           c == '~';
}

// A character within a line; a blank at the end of a line would be lost.
std::string quoted(char c, bool last) {
    const bool blank = c == ' ' || c == '\t';
    if ((blank && !last) || (c > ' ' && c <= '~' && c != '=')) {
        return {c};
    }
    std::string text = "=";
    append_hex(text, c, kUpperHex);
    return text;
}

void append_line(std::string &text, std::string_view line) {
    std::size_t length = 0;
    for (std::size_t i = 0; i < line.size(); ++i) {
        const std::string next = quoted(line[i], i + 1 == line.size());
        if (length + next.size() > kLongestLine) {
            text += "=\r\n";
            length = 0;
        }
        text += next;
        length += next.size();
    }
    text += "\r\n";
}

}  // namespace

std::string to_hex(const Digest &digest) {
    std::string text;
    for (const char octet : view_of(digest)) {
        append_hex(text, octet, kLowerHex);
    }
    return text;
}

std::string to_base64(std::string_view octets) {
    std::string text;
    for (std::size_t i = 0; i < octets.size(); i += 3) {
        const std::string_view group = octets.substr(i, 3);
        std::uint32_t bits = 0;
        for (std::size_t k = 0; k < 3; ++k) {
            bits =
                bits << 8 |
                (k < group.size() ? static_cast<unsigned char>(group[k]) : 0u);
        }
        for (std::size_t k = 0; k < 4; ++k) {
            text +=
                k <= group.size() ? kBase64[bits >> (18 - 6 * k) & 63] : '=';
        }
    }
    return text;
}

std::string to_base64(const Digest &digest) {
    return to_base64(view_of(digest));
}

std::string percent_encoded(std::string_view text) {
    std::string encoded;
    for (const char c : text) {
        if (is_unreserved(c)) {
            encoded += c;
        } else {
            encoded += '%';
            append_hex(encoded, c, kUpperHex);
        }
    }
    return encoded;
}

std::string quoted_printable(std::string_view text) {
    std::string encoded;
    while (!text.empty()) {
        const std::size_t end = text.find('\n');
        append_line(encoded, text.substr(0, end));
        text.remove_prefix(end == text.npos ? text.size() : end + 1);
    }
    return encoded;
}

}  // namespace ngx_vrrp::notify
