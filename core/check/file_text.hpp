// Reads the number in the text of a checked file.
#pragma once

#include <cstddef>
#include <string_view>

#include "core/check/verdict.hpp"

namespace ngx_vrrp::check {

// Octets. A longer text is not a number, so the rest of a file is not read.
inline constexpr std::size_t kLongestFileText = 64;

// White space around it is ignored, and alone it means 0.
Outcome judge_file_text(std::string_view text);

}  // namespace ngx_vrrp::check
