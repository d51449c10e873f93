// Octets as text.
#pragma once

#include <string>
#include <string_view>

#include "core/notify/signer.hpp"

namespace ngx_vrrp::notify {

// In lower case.
std::string to_hex(const Digest &digest);

// RFC 4648, 4.
std::string to_base64(std::string_view octets);
std::string to_base64(const Digest &digest);

// RFC 3986, 2.1: all but unreserved characters, as part of a query.
std::string percent_encoded(std::string_view text);

// RFC 2045, 6.7, of lines that end with "\n"; its lines end with CRLF and are
// not longer than 76 characters.
std::string quoted_printable(std::string_view text);

}  // namespace ngx_vrrp::notify
