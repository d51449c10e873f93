#include "core/vrrp/hmac_key.hpp"

#include <charconv>
#include <optional>
#include <utility>

#include "core/base/wipe.hpp"

namespace ngx_vrrp::vrrp {

namespace {

constexpr std::string_view kHex = "hex:";
constexpr std::string_view kAscii = "ascii:";

std::optional<Buffer> from_hex(std::string_view digits) {
    Buffer octets;
    octets.reserve(digits.size() / 2);  // a longer one would leave a copy
    for (; !digits.empty(); digits.remove_prefix(2)) {
        std::uint8_t octet = 0;
        const char *begin = digits.data();
        if (digits.size() < 2 ||
            std::from_chars(begin, begin + 2, octet, 16).ptr != begin + 2) {
            wipe(octets);
            return std::nullopt;
        }
        octets.push_back(octet);
    }
    return octets;
}

}  // namespace

HmacKeyText read_hmac_key(std::string_view text) {
    HmacKeyText key;
    if (text.starts_with(kHex)) {
        auto octets = from_hex(text.substr(kHex.size()));
        if (!octets) {
            key.wrong = "must have pairs of hexadecimal digits after \"hex:\"";
            return key;
        }
        key.secret = std::move(*octets);
    } else {
        text.remove_prefix(text.starts_with(kAscii) ? kAscii.size() : 0);
        key.secret.assign(text.begin(), text.end());
    }
    if (key.secret.size() < kLeastHmacKey ||
        key.secret.size() > kLongestHmacKey) {
        key.wrong = "must have 32 to 64 bytes";
    }
    return key;
}

}  // namespace ngx_vrrp::vrrp
