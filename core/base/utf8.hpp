// UTF-8 (RFC 3629).
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace ngx_vrrp {

// The same text, with U+FFFD for octets that are not UTF-8: surrogates,
// overlong forms and truncated characters.
std::string valid_utf8(std::string_view text);

// The beginning of a valid text: at most `size` octets, no part of a character.
std::string_view whole_characters(std::string_view text, std::size_t size);

}  // namespace ngx_vrrp
