// Any octets may be the answer of a webhook or the reply of a mail server. The
// text about it is one short line of UTF-8, and exists when the message was not
// delivered.
//
// An input: the format (1 octet), the status (1), the answer.

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>

#include "core/base/utf8.hpp"
#include "core/notify/email.hpp"
#include "core/notify/endpoint.hpp"
#include "core/notify/json_number.hpp"
#include "core/notify/webhook.hpp"

namespace ngx_vrrp::notify {
namespace {

constexpr std::size_t kLongestText = 1024;
constexpr long kStatuses[] = {200, 204, 302, 404, 429, 503, 550, 999};

// An assert that no build leaves out.
void require(bool condition, const char *what) {
    if (!condition) {
        std::fprintf(stderr, "answer_fuzz: %s\n", what);
        std::abort();
    }
}

void check(const Outcome &outcome) {
    require(outcome.delivered == outcome.text.empty(), "nothing is said");
    require(!outcome.delivered || !outcome.permanent, "delivered and refused");
    require(outcome.text.size() <= kLongestText, "the text is too long");
    require(valid_utf8(outcome.text) == outcome.text, "the text is not UTF-8");
    require(std::ranges::none_of(outcome.text,
                                 [](char c) { return c >= 0 && c < ' '; }),
            "the text is not one line");
}

void check_text(std::string_view answer) {
    const auto text = find_text(answer, "errmsg");
    require(!text || !find_number(answer, "errmsg"), "a text and a number");
    require(!text || text->size() <= answer.size(), "longer than its JSON");
}

}  // namespace
}  // namespace ngx_vrrp::notify

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t *data,
                                      std::size_t size) {
    using namespace ngx_vrrp::notify;

    if (size < 2) {
        return 0;
    }
    const auto format = static_cast<WebhookFormat>(data[0] % 6);
    const long status = kStatuses[data[1] % std::size(kStatuses)];
    const std::string_view answer(reinterpret_cast<const char *>(data) + 2,
                                  size - 2);
    check(webhook_outcome(format, status, answer));
    check(mail_refused(status, answer));
    check_text(answer);
    static_cast<void>(without_tokens(std::string(answer),
                                     "https://h/send?key=aaaaaaaa&b=bbbbbbbb"));
    return 0;
}
