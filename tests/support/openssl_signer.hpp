// Signatures as nginx has them: by OpenSSL.
#pragma once

#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <optional>
#include <string_view>

#include "core/base/bytes.hpp"
#include "core/notify/signer.hpp"

namespace ngx_vrrp::test {

inline std::optional<notify::Digest> openssl_hmac_sha256(Bytes key,
                                                         Bytes text) {
    notify::Digest digest{};
    const bool done =
        ::HMAC(::EVP_sha256(), key.data(), static_cast<int>(key.size()),
               text.data(), text.size(), digest.data(), nullptr) != nullptr;
    return done ? std::optional(digest) : std::nullopt;
}

class OpensslSigner final : public notify::Signer {
public:
    std::optional<notify::Digest> hmac_sha256(std::string_view key,
                                              std::string_view text) override {
        notify::Digest digest{};
        const auto *octets =
            reinterpret_cast<const unsigned char *>(text.data());
        const bool signed_ =
            works &&
            ::HMAC(::EVP_sha256(), key.data(), static_cast<int>(key.size()),
                   octets, text.size(), digest.data(), nullptr) != nullptr;
        return signed_ ? std::optional(digest) : std::nullopt;
    }

    bool works = true;
};

}  // namespace ngx_vrrp::test
