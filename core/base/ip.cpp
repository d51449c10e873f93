#include "core/base/ip.hpp"

#include <algorithm>
#include <cassert>
#include <charconv>
#include <system_error>

#include "core/base/bytes.hpp"

namespace ngx_vrrp {

namespace {

using OctetsV4 = std::array<std::uint8_t, 4>;
using OctetsV6 = std::array<std::uint8_t, 16>;
using Groups = std::array<std::uint16_t, 8>;

// The prefix of IPv4-mapped addresses, ::ffff:0:0/96 (RFC 4291, 2.5.5.2).
constexpr std::array<std::uint8_t, 12> kMappedPrefix{0, 0, 0, 0, 0,    0,
                                                     0, 0, 0, 0, 0xff, 0xff};

// Reads an unsigned number from the beginning of text, and removes it.
std::optional<std::uint32_t> take_number(std::string_view &text, int base,
                                         std::size_t max_digits) {
    const std::string_view digits = text.substr(0, max_digits);
    std::uint32_t number = 0;
    const auto [end, error] = std::from_chars(
        digits.data(), digits.data() + digits.size(), number, base);
    if (error != std::errc{}) {
        return std::nullopt;
    }
    text.remove_prefix(static_cast<std::size_t>(end - digits.data()));
    return number;
}

bool take_char(std::string_view &text, char c) {
    if (!text.starts_with(c)) {
        return false;
    }
    text.remove_prefix(1);
    return true;
}

// Leading zeros are refused: some programs read them as octal.
std::optional<std::uint8_t> take_octet(std::string_view &text) {
    const std::string_view before = text;
    const auto number = take_number(text, 10, 3);
    if (!number || *number > 255) {
        return std::nullopt;
    }
    const std::size_t digits = before.size() - text.size();
    if (digits > 1 && before.starts_with('0')) {
        return std::nullopt;
    }
    return static_cast<std::uint8_t>(*number);
}

std::optional<OctetsV4> parse_quad(std::string_view text) {
    OctetsV4 quad{};
    for (std::size_t i = 0; i < quad.size(); ++i) {
        if (i > 0 && !take_char(text, '.')) {
            return std::nullopt;
        }
        const auto octet = take_octet(text);
        if (!octet) {
            return std::nullopt;
        }
        quad[i] = *octet;
    }
    return text.empty() ? std::optional(quad) : std::nullopt;
}

enum class Quad { refused, allowed };

bool is_quad(std::string_view text) {
    return text.find('.') != text.npos && text.find(':') == text.npos;
}

// Groups of hexadecimal digits between single colons, possibly none; "the
// six high-order 16-bit pieces" may be followed by a dotted quad (RFC 4291,
// 2.2).
std::optional<Buffer> parse_groups(std::string_view text, Quad quad) {
    Buffer octets;
    if (text.empty()) {
        return octets;
    }
    ByteWriter out(octets);
    do {
        if (quad == Quad::allowed && is_quad(text)) {
            const auto last = parse_quad(text);
            if (!last) {
                return std::nullopt;
            }
            out.bytes(*last);
            return octets;
        }
        const auto group = take_number(text, 16, 4);
        if (!group) {
            return std::nullopt;
        }
        out.u16(static_cast<std::uint16_t>(*group));
    } while (take_char(text, ':'));
    return text.empty() ? std::optional(octets) : std::nullopt;
}

std::optional<OctetsV6> parse_full(std::string_view text) {
    OctetsV6 octets{};
    const auto groups = parse_groups(text, Quad::allowed);
    if (!groups || groups->size() != octets.size()) {
        return std::nullopt;
    }
    std::ranges::copy(*groups, octets.begin());
    return octets;
}

// "The use of "::" indicates one or more groups of 16 bits of zeros."
std::optional<OctetsV6> parse_compressed(std::string_view before,
                                         std::string_view after) {
    OctetsV6 octets{};
    const auto head = parse_groups(before, Quad::refused);
    const auto tail = parse_groups(after, Quad::allowed);
    if (!head || !tail || head->size() + tail->size() > octets.size() - 2) {
        return std::nullopt;
    }
    std::ranges::copy(*head, octets.begin());
    std::ranges::copy_backward(*tail, octets.end());
    return octets;
}

std::optional<OctetsV6> parse_hex(std::string_view text) {
    const std::size_t gap = text.find("::");
    return gap == text.npos
               ? parse_full(text)
               : parse_compressed(text.substr(0, gap), text.substr(gap + 2));
}

void append_number(std::string &out, unsigned number, int base) {
    std::array<char, 8> digits;
    const auto result = std::to_chars(
        digits.data(), digits.data() + digits.size(), number, base);
    out.append(digits.data(), result.ptr);
}

std::string quad_text(std::span<const std::uint8_t> octets) {
    std::string text;
    for (const std::uint8_t octet : octets) {
        if (!text.empty()) {
            text += '.';
        }
        append_number(text, octet, 10);
    }
    return text;
}

std::string groups_text(std::span<const std::uint16_t> groups) {
    std::string text;
    for (const std::uint16_t group : groups) {
        if (!text.empty()) {
            text += ':';
        }
        append_number(text, group, 16);
    }
    return text;
}

struct Run {
    std::size_t begin = 0;
    std::size_t length = 0;

    std::size_t end() const { return begin + length; }
};

// The first of the longest.
Run longest_run_of_zeros(const Groups &groups) {
    Run longest;
    Run current;
    for (std::size_t i = 0; i < groups.size(); ++i) {
        current = groups[i] == 0 ? Run{current.begin, current.length + 1}
                                 : Run{i + 1, 0};
        if (current.length > longest.length) {
            longest = current;
        }
    }
    return longest;
}

// RFC 5952, 4.2.2: "The symbol "::" MUST NOT be used to shorten just one
// 16-bit 0 field." 4.2.3: "When there is an alternative choice in the
// placement of a "::", the longest run of consecutive 16-bit 0 fields MUST be
// shortened", and among equals the first one.
std::string hex_text(const Groups &groups) {
    const Run zeros = longest_run_of_zeros(groups);
    const std::span<const std::uint16_t> all(groups);
    if (zeros.length < 2) {
        return groups_text(all);
    }
    return groups_text(all.first(zeros.begin)) +
           "::" + groups_text(all.subspan(zeros.end()));
}

Groups to_groups(Bytes octets) {
    Groups groups{};
    ByteReader in(octets);
    std::ranges::generate(groups, [&in] { return in.u16(); });
    return groups;
}

}  // namespace

IpAddress IpAddress::v4(std::array<std::uint8_t, 4> octets) {
    return from_octets(octets);
}

IpAddress IpAddress::v6(std::array<std::uint8_t, 16> octets) {
    return from_octets(octets);
}

IpAddress IpAddress::from_octets(std::span<const std::uint8_t> octets) {
    assert(octets.size() == 4 || octets.size() == 16);
    IpAddress address;
    address.family_ = octets.size() == 4 ? Family::ipv4 : Family::ipv6;
    std::ranges::copy(octets, address.octets_.begin());
    return address;
}

std::optional<IpAddress> IpAddress::parse(std::string_view text) {
    if (text.find(':') == text.npos) {
        const auto octets = parse_quad(text);
        return octets ? std::optional(v4(*octets)) : std::nullopt;
    }
    const auto octets = parse_hex(text);
    return octets ? std::optional(v6(*octets)) : std::nullopt;
}

std::span<const std::uint8_t> IpAddress::octets() const {
    return std::span(octets_).first(address_size(family_));
}

bool IpAddress::is_unspecified() const {
    return octets_ == OctetsV6{};
}

bool IpAddress::is_multicast() const {
    return family_ == Family::ipv4 ? octets_[0] >> 4 == 0xe
                                   : octets_[0] == 0xff;
}

bool IpAddress::is_link_local() const {
    return family_ == Family::ipv4
               ? octets_[0] == 169 && octets_[1] == 254
               : octets_[0] == 0xfe && octets_[1] >> 6 == 0x2;
}

// RFC 5952, 5: addresses with an embedded IPv4 address show it.
std::string IpAddress::to_string() const {
    if (family_ == Family::ipv4) {
        return quad_text(octets());
    }
    const auto tail = octets().subspan(kMappedPrefix.size());
    return std::ranges::equal(octets().first(kMappedPrefix.size()),
                              kMappedPrefix)
               ? "::ffff:" + quad_text(tail)
               : hex_text(to_groups(octets()));
}

}  // namespace ngx_vrrp
