#include "core/check/file_text.hpp"

#include <cstdint>
#include <optional>

#include "core/base/first_line.hpp"
#include "core/base/parse_number.hpp"
#include "core/base/trimmed.hpp"

namespace ngx_vrrp::check {

namespace {

constexpr std::string_view kFileWhiteSpace = " \t\r\n\v\f";

std::optional<std::int64_t> parse_signed(std::string_view text) {
    if (text.starts_with('+') && !text.starts_with("+-")) {
        text.remove_prefix(1);
    }
    return parse_number<std::int64_t>(text);
}

}  // namespace

Outcome judge_file_text(std::string_view text) {
    const std::string_view word = trimmed(text, kFileWhiteSpace);
    if (text.size() <= kLongestFileText) {
        if (word.empty()) {
            return passed(0);
        }
        if (const auto number = parse_signed(word)) {
            return passed(*number);
        }
    }
    return failed(Reason::file, "not a number: \"" +
                                    first_line(word, kLongestFileText) + '"');
}

}  // namespace ngx_vrrp::check
