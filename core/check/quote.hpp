// Text of a peer in one of our messages: it can neither end a line of the log
// nor fill it.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace ngx_vrrp::check {

inline constexpr std::size_t kMaxQuoted = 80;  // characters between the quotes

// "text" with its quotes, in printable ASCII: all else is \xHH, quotes and
// backslashes are escaped. A longer text is cut: "text"...
std::string quote(std::string_view text);

}  // namespace ngx_vrrp::check
