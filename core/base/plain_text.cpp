#include "core/base/plain_text.hpp"

#include <algorithm>

namespace ngx_vrrp {

namespace {

bool is_of_name(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
           (c >= '0' && c <= '9') || c == '_' || c == '.' || c == '-';
}

bool is_control(char c) {
    const auto octet = static_cast<unsigned char>(c);
    return octet < ' ' || octet == 0x7f;
}

void remove_end(std::string_view &line, char end) {
    if (line.ends_with(end)) {
        line.remove_suffix(1);
    }
}

}  // namespace

bool is_name(std::string_view text) {
    return !text.empty() && text.size() <= kLongestName &&
           std::ranges::all_of(text, is_of_name);
}

bool is_line(std::string_view text) {
    return !text.empty() && std::ranges::none_of(text, is_control);
}

SecretLine read_secret(std::string_view text) {
    SecretLine secret{text};
    remove_end(secret.line, '\n');
    remove_end(secret.line, '\r');
    if (secret.line.empty()) {
        secret.wrong = "is empty";
    } else if (secret.line.size() > kLongestSecret || !is_line(secret.line)) {
        secret.wrong = "must contain one line of text of at most 1024 bytes";
    }
    return secret;
}

}  // namespace ngx_vrrp
