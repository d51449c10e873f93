// A number from a text.
#pragma once

#include <charconv>
#include <optional>
#include <string_view>
#include <system_error>

namespace ngx_vrrp {

// The whole text is the number: digits, after a minus sign if T is signed.
template <class T>
std::optional<T> parse_number(std::string_view text, int base = 10) {
    T number{};
    const char *end = text.data() + text.size();
    const auto [rest, error] = std::from_chars(text.data(), end, number, base);
    return error == std::errc{} && rest == end ? std::optional(number)
                                               : std::nullopt;
}

}  // namespace ngx_vrrp
