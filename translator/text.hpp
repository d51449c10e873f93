// Numbers, times, addresses and words of both languages.
#pragma once

#include <array>
#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace ngx_vrrp::translator {

std::string_view trim(std::string_view text);
std::vector<std::string> split_words(std::string_view text);

bool is_one_of(std::string_view word,
               std::initializer_list<std::string_view> words);

// A blank between words of a line.
inline bool is_blank(char c) {
    return c == ' ' || c == '\t';
}

// A whole number, as strtol() reads it, and nothing behind it.
std::optional<std::int64_t> parse_number(std::string_view text);

// "0.5" and "3", in millionths.
std::optional<std::int64_t> parse_decimal(std::string_view text);

// on, true, yes; off, false, no
std::optional<bool> parse_bool(std::string_view text);

// 4, 6, or 0 for a text that is no address
int address_family(const std::string &text);
bool is_multicast(const std::string &address);

// Of an address of this family, 4 or 6. IPv4: the first four.
using Octets = std::array<unsigned char, 16>;
Octets octets_of(const std::string &address, int family);
std::string next_address(const std::string &address, int family);

// "100ms", "2s"; nginx has nothing shorter than a millisecond.
std::string nginx_time(std::int64_t microseconds);

// One argument of nginx, in quotes if it needs them.
std::string nginx_word(std::string_view text);

// The characters of an instance's name here: letters, digits, "_.-".
std::string nginx_name(std::string_view text);

// The most similar of these names, if one is similar enough.
std::string_view nearest(std::string_view word,
                         const std::vector<std::string_view> &names);

// A text that can stand in a comment or a message: printable, one line.
std::string printable(std::string_view text);

}  // namespace ngx_vrrp::translator
