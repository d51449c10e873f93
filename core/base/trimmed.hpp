// A text without the given characters at its ends.
#pragma once

#include <cstddef>
#include <string_view>

namespace ngx_vrrp {

inline std::string_view trimmed(std::string_view text,
                                std::string_view characters) {
    const std::size_t begin = text.find_first_not_of(characters);
    if (begin == std::string_view::npos) {
        return {};
    }
    return text.substr(begin, text.find_last_not_of(characters) - begin + 1);
}

}  // namespace ngx_vrrp
