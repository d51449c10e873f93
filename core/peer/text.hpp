// Texts in the messages of a peer link: a length of one octet, and the octets.
// They go into logs and pages, so they have no control characters.
#pragma once

#include <string>
#include <string_view>

#include "core/base/bytes.hpp"
#include "core/base/plain_text.hpp"

namespace ngx_vrrp::peer {

inline constexpr std::size_t kLongestText = kLongestName;
inline constexpr std::size_t kLongestReason = 127;

inline std::string read_text(ByteReader &in, std::size_t most = kLongestText) {
    const Bytes octets = in.take(in.u8());
    const std::string text(octets.begin(), octets.end());
    if (!text.empty() && !is_line(text)) {
        return "?";
    }
    return text.substr(0, most);
}

inline void write_text(ByteWriter &out, std::string_view text,
                       std::size_t most = kLongestText) {
    text = text.substr(0, most);
    out.u8(static_cast<std::uint8_t>(text.size()));
    out.bytes(
        {reinterpret_cast<const std::uint8_t *>(text.data()), text.size()});
}

}  // namespace ngx_vrrp::peer
