// Any octets may be in a file of track_file. The result is a number, or a
// failure that can be logged.
//
// An input: the text of the file.

#include <algorithm>
#include <string>
#include <string_view>

#include "core/check/file_text.hpp"
#include "tests/fuzz/require.hpp"

namespace ngx_vrrp::check {
namespace {

using fuzz::require;

void check(std::string_view text) {
    const std::string copy(text.substr(0, kLongestFileText + 1));
    const Outcome outcome = judge_file_text(copy);
    const std::string &why = outcome.failure.text;

    require(!outcome.passed() || copy.size() <= kLongestFileText,
            "a number without end");
    require(outcome.passed() == why.empty(), "a failure without a word");
    require(why.size() <= kLongestFileText + 20, "too many words");
    require(
        std::ranges::all_of(why, [](char c) { return c >= ' ' && c <= '~'; }),
        "words that cannot be logged");
    if (outcome.passed()) {
        const Outcome again = judge_file_text(std::to_string(outcome.value));
        require(again.passed() && again.value == outcome.value,
                "another number");
    }
}

}  // namespace
}  // namespace ngx_vrrp::check

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t *data,
                                      std::size_t size) {
    ngx_vrrp::check::check({reinterpret_cast<const char *>(data), size});
    return 0;
}
