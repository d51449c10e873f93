// Looks into an answer for one number or text: some services answer 200
// whatever happens, and say in JSON what did.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace ngx_vrrp::notify {

// The integer that is the member of this name in the object that json is.
// Nothing: json is not JSON (RFC 8259), not an object, nests too deep, has no
// such member or two of them, or it is something else. Names are compared as
// they are written, without escapes.
std::optional<std::int64_t> find_number(std::string_view json,
                                        std::string_view name);

// The same for a string, as it is meant, so that it may hold any octets. An
// escape of no Unicode character becomes U+FFFD.
std::optional<std::string> find_text(std::string_view json,
                                     std::string_view name);

}  // namespace ngx_vrrp::notify
