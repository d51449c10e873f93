#include "core/check/file_text.hpp"

#include <charconv>
#include <cstdint>
#include <optional>

#include "core/base/first_line.hpp"

namespace ngx_vrrp::check {

namespace {

constexpr std::string_view kFileWhiteSpace = " \t\r\n\v\f";

std::string_view trim(std::string_view text) {
    const std::size_t begin = text.find_first_not_of(kFileWhiteSpace);
    if (begin == std::string_view::npos) {
        return {};
    }
    return text.substr(begin,
                       text.find_last_not_of(kFileWhiteSpace) - begin + 1);
}

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
    const std::string_view word = trim(text);
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
