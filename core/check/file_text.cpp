#include "core/check/file_text.hpp"

#include <charconv>
#include <cstdint>
#include <optional>

#include "core/base/first_line.hpp"
#include "core/base/trimmed.hpp"

namespace ngx_vrrp::check {

namespace {

constexpr std::string_view kFileWhiteSpace = " \t\r\n\v\f";

std::optional<std::int64_t> parse_number(std::string_view text) {
    if (text.starts_with('+') && !text.starts_with("+-")) {
        text.remove_prefix(1);
    }
    std::int64_t number = 0;
    const char *end = text.data() + text.size();
    const auto [rest, error] = std::from_chars(text.data(), end, number);
    return error == std::errc{} && rest == end ? std::optional(number)
                                               : std::nullopt;
}

}  // namespace

Outcome judge_file_text(std::string_view text) {
    const std::string_view word = trimmed(text, kFileWhiteSpace);
    if (text.size() <= kLongestFileText) {
        if (word.empty()) {
            return passed(0);
        }
        if (const auto number = parse_number(word)) {
            return passed(*number);
        }
    }
    return failed(Reason::file, "not a number: \"" +
                                    first_line(word, kLongestFileText) + '"');
}

}  // namespace ngx_vrrp::check
