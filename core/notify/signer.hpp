// Signs messages, so that receivers can verify their sender.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>

namespace ngx_vrrp::notify {

using Digest = std::array<std::uint8_t, 32>;

class Signer {
public:
    virtual ~Signer() = default;

    // RFC 2104, with SHA-256. Nothing: it is not possible now.
    virtual std::optional<Digest> hmac_sha256(std::string_view key,
                                              std::string_view text) = 0;
};

}  // namespace ngx_vrrp::notify
