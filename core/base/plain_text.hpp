// Texts that clients and files contain: what they may consist of.
#pragma once

#include <cstddef>
#include <string_view>

namespace ngx_vrrp {

// It fits a Text<64> of shared memory.
inline constexpr std::size_t kLongestName = 63;

// Of an instance, for example.
bool is_name(std::string_view text);

// Not empty, and without control characters. It may have spaces.
bool is_line(std::string_view text);

// The last part of a path: of "/vrrp/release" "release".
constexpr std::string_view last_part(std::string_view path) {
    return path.substr(path.rfind('/') + 1);
}

inline constexpr std::size_t kLongestSecret = 1024;

// The only line of a file, without its end. No copy is made of it.
struct SecretLine {
    std::string_view line;
    const char *wrong = nullptr;  // the problem of the file
};

SecretLine read_secret(std::string_view text);

}  // namespace ngx_vrrp
