// What the text of a file that is checked says: a number.
#pragma once

#include <cstddef>
#include <string_view>

#include "core/check/verdict.hpp"

namespace ngx_vrrp::check {

// Octets. More than that is no number; nothing behind them need be read.
inline constexpr std::size_t kLongestFileText = 64;

// White space around it does not matter, and alone it is 0.
Outcome judge_file_text(std::string_view text);

}  // namespace ngx_vrrp::check
