// Reads one number or text of a response: some services always answer 200, and
// report errors in JSON.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace ngx_vrrp::notify {

// The integer member of this name in the object json. Nothing: json is not JSON
// (RFC 8259), not an object, nests too deep, has no such member or two of them,
// or it has another type.
std::optional<std::int64_t> find_number(std::string_view json,
                                        std::string_view name);

// The same for a string, decoded, so that it may hold any octets. An escape
// that is not a Unicode character becomes U+FFFD.
std::optional<std::string> find_text(std::string_view json,
                                     std::string_view name);

}  // namespace ngx_vrrp::notify
