// What the authentication of advertisements needs from outside of the engine.
#pragma once

#include <array>
#include <cstdint>
#include <optional>

#include "core/base/bytes.hpp"
#include "core/base/time.hpp"

namespace ngx_vrrp::engine {

class Signing {
public:
    using Digest = std::array<std::uint8_t, 32>;

    virtual ~Signing() = default;

    // RFC 2104, with SHA-256. Nothing: it is not possible now (logged).
    virtual std::optional<Digest> hmac_sha256(Bytes key, Bytes text) = 0;

    // The date, which peers compare with theirs.
    virtual WallTime wall_clock() = 0;
};

}  // namespace ngx_vrrp::engine
