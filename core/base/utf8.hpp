// UTF-8 (RFC 3629).
#pragma once

#include <string>
#include <string_view>

namespace ngx_vrrp {

// The same text, with U+FFFD for whatever is not UTF-8: surrogates, longer
// forms than necessary and what has been cut in its middle are not.
std::string valid_utf8(std::string_view text);

}  // namespace ngx_vrrp
