// UTF-8 (RFC 3629).
#pragma once

#include <string>
#include <string_view>

namespace ngx_vrrp {

// The same text, with U+FFFD for octets that are not UTF-8: surrogates,
// overlong forms and truncated characters.
std::string valid_utf8(std::string_view text);

}  // namespace ngx_vrrp
