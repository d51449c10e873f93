// A stand-in for HMAC-SHA256: every octet of the key and of the text matters.
#pragma once

#include "core/peer/session.hpp"

namespace ngx_vrrp::peer {

inline std::optional<Digest> fake_hmac(Bytes key, Bytes text) {
    std::uint64_t hash = 0xcbf29ce484222325;
    const auto add = [&](Bytes octets) {
        for (const std::uint8_t octet : octets) {
            hash = (hash ^ octet) * 0x100000001b3;
        }
        hash = (hash ^ octets.size()) * 0x100000001b3;
    };
    add(key);
    add(text);
    Digest digest{};
    for (std::uint8_t &octet : digest) {
        hash = (hash ^ 0x5a) * 0x100000001b3;
        octet = static_cast<std::uint8_t>(hash >> 56);
    }
    return digest;
}

}  // namespace ngx_vrrp::peer
