#include "core/check/http_syntax.hpp"

#include <algorithm>
#include <limits>

#include "core/base/parse_number.hpp"
#include "core/base/trimmed.hpp"

namespace ngx_vrrp::check {

namespace {

constexpr std::string_view kVersionPrefix = "HTTP/1.";
constexpr std::string_view kWhiteSpace = " \t";

// Larger lengths make no sense, and sums of smaller ones cannot overflow.
constexpr std::uint64_t kMaxLength = std::numeric_limits<std::int64_t>::max();

constexpr char lower(char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

constexpr bool is_digit(char c) {
    return c >= '0' && c <= '9';
}

// RFC 9112, 2.2: a bare CR must not be treated as anything else; nginx refuses
// NUL.
bool has_stray_octets(std::string_view line) {
    using namespace std::string_view_literals;
    return line.find_first_of("\r\0"sv) != std::string_view::npos;
}

bool is_header_name(std::string_view name) {
    return !name.empty() && std::ranges::all_of(name, [](char c) {
        const auto octet = static_cast<unsigned char>(c);
        return octet > ' ' && octet != 0x7f;
    });
}

bool ends_status(char c) {
    return c == ' ' || c == '.';
}

// Digits and nothing else, up to kMaxLength.
std::optional<std::uint64_t> parse_length(std::string_view digits, int base) {
    const auto length = parse_number<std::uint64_t>(digits, base);
    return length && *length <= kMaxLength ? length : std::nullopt;
}

}  // namespace

bool HttpHeader::is(std::string_view other_name) const {
    return same_word(name, other_name);
}

bool begins_like_http(std::string_view text) {
    const std::size_t n = std::min(text.size(), kVersionPrefix.size());
    return text.substr(0, n) == kVersionPrefix.substr(0, n);
}

// RFC 9112, 4: status-line = HTTP-version SP status-code SP [ reason-phrase ].
// As in nginx there may be more spaces or no last one, and IIS's "403.1".
std::optional<StatusLine> parse_status_line(std::string_view line) {
    if (!line.starts_with(kVersionPrefix)) {
        return std::nullopt;
    }
    line.remove_prefix(kVersionPrefix.size());
    if (line.size() < 5 || !is_digit(line[0]) || line[1] != ' ' ||
        has_stray_octets(line)) {
        return std::nullopt;
    }
    const std::string_view code = trimmed(line.substr(2), kWhiteSpace);
    const auto status = parse_length(code.substr(0, 3), 10);
    if (!status || *status < 100 ||
        (code.size() > 3 && !ends_status(code[3]))) {
        return std::nullopt;
    }
    return StatusLine{static_cast<unsigned>(line[0] - '0'),
                      static_cast<unsigned>(*status)};
}

// As in nginx the colon may be missing. A folded line (RFC 9112, 5.2) begins
// with white space, which no name does.
std::optional<HttpHeader> parse_header_line(std::string_view line) {
    const std::size_t colon = std::min(line.find(':'), line.size());
    const std::string_view name = line.substr(0, colon);
    const std::string_view value = line.substr(colon);
    if (!is_header_name(name) || has_stray_octets(value)) {
        return std::nullopt;
    }
    return HttpHeader{
        std::string{name},
        std::string{trimmed(value.substr(value.empty() ? 0 : 1), kWhiteSpace)}};
}

// RFC 9112, 7.1: chunk-size [ chunk-ext ] CRLF. White space before the
// extension is "bad" there, but often seen.
std::optional<std::uint64_t> parse_chunk_size(std::string_view line) {
    return parse_length(line.substr(0, line.find_first_of("; \t")), 16);
}

std::optional<std::uint64_t> parse_content_length(std::string_view value) {
    return parse_length(value, 10);
}

bool lists(std::string_view list, std::string_view word) {
    for (;;) {
        const std::size_t comma = list.find(',');
        if (same_word(trimmed(list.substr(0, comma), kWhiteSpace), word)) {
            return true;
        }
        if (comma == std::string_view::npos) {
            return false;
        }
        list.remove_prefix(comma + 1);
    }
}

bool same_word(std::string_view a, std::string_view b) {
    return std::ranges::equal(a, b, {}, lower, lower);
}

}  // namespace ngx_vrrp::check
