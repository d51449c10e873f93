// A mail server may say anything. (libcurl reads its replies, line by line.)
// The kept part is bounded and can be logged.
//
// An input: lines; one that begins with ">" is what we say.

#include <algorithm>
#include <string>
#include <string_view>

#include "core/notify/refusals.hpp"
#include "tests/fuzz/require.hpp"

namespace ngx_vrrp::notify {
namespace {

using fuzz::require;

constexpr std::size_t kLongestText = 320;

void check_text(std::string_view text) {
    require(text.size() <= kLongestText, "too many words");
    require(
        std::ranges::all_of(text, [](char c) { return c >= ' ' && c <= '~'; }),
        "words that cannot be logged");
}

void check(std::string_view talk) {
    Refusals refusals;
    unsigned refused = 0;
    while (!talk.empty()) {
        const std::size_t end = std::min(talk.find('\n'), talk.size() - 1) + 1;
        const std::string line(talk.substr(0, end));
        talk.remove_prefix(end);
        if (line.starts_with('>')) {
            refusals.on_command(std::string_view(line).substr(1));
        } else {
            refused += line.starts_with('4') || line.starts_with('5');
            refusals.on_reply(line);
        }
    }
    const std::string recipients = refusals.of_recipients();
    check_text(recipients);
    require(refused != 0 || recipients.empty(), "a refusal from nowhere");
    for (const long code : {0L, 421L, 550L}) {
        const Outcome outcome = refusals.outcome(code);
        check_text(outcome.text);
        require(!outcome.delivered && !outcome.text.empty(),
                "a refusal without a word");
    }
}

}  // namespace
}  // namespace ngx_vrrp::notify

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t *data,
                                      std::size_t size) {
    ngx_vrrp::notify::check({reinterpret_cast<const char *>(data), size});
    return 0;
}
