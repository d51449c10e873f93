// Reads one number or text of a response: some services always answer 200, and
// report errors in JSON.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace ngx_vrrp::notify {

// The integer member of this name in an object. Nothing: the text is not JSON
// (RFC 8259), not an object, nests too deep, has no such member or two of them,
// or it has another type. Octets that are not UTF-8 become U+FFFD.
std::optional<std::int64_t> find_number(std::string_view text,
                                        std::string_view name);

// The same for a string.
std::optional<std::string> find_text(std::string_view text,
                                     std::string_view name);

}  // namespace ngx_vrrp::notify
