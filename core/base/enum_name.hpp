// The word for a value of an enumeration, by its number.
#pragma once

#include <array>
#include <cstddef>
#include <string_view>

namespace ngx_vrrp {

// A value that was read from memory or a socket may be outside of its
// enumeration; it gets a word, too.
template <class Enum, std::size_t N>
constexpr std::string_view name_of(
    Enum value, const std::array<std::string_view, N> &names) {
    const auto number = static_cast<std::size_t>(value);
    return number < N ? names[number] : std::string_view{"unknown"};
}

}  // namespace ngx_vrrp
