// The lines of an HTTP/1.x response (RFC 9112), one by one.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace ngx_vrrp::check {

struct StatusLine {
    unsigned minor_version = 0;
    unsigned status = 0;
};

struct HttpHeader {
    std::string name;   // as it came
    std::string value;  // without white space around it

    bool is(std::string_view other_name) const;  // in any case
};

// May these be the first bytes of a response?
bool begins_like_http(std::string_view text);

// Lines are without their CRLF. Nothing: it is not such a line.
std::optional<StatusLine> parse_status_line(std::string_view line);
std::optional<HttpHeader> parse_header_line(std::string_view line);

// Chunk size, extensions are left out.
std::optional<std::uint64_t> parse_chunk_size(std::string_view line);

// The value of Content-Length.
std::optional<std::uint64_t> parse_content_length(std::string_view value);

// In any case (of ASCII).
bool same_word(std::string_view a, std::string_view b);

// Is it one of the words in a list with commas?
bool lists(std::string_view list, std::string_view word);

}  // namespace ngx_vrrp::check
