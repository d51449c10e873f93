// SHA-256 (FIPS 180-4) and HMAC with it (RFC 2104), for messages of a few
// kilobytes. As nginx brings MD5 and SHA-1 of its own: an nginx without OpenSSL
// has no libcrypto that a module could rely on.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

namespace ngx_vrrp::notify {

using Digest = std::array<std::uint8_t, 32>;

Digest sha256(std::string_view message);

Digest hmac_sha256(std::string_view key, std::string_view message);

}  // namespace ngx_vrrp::notify
