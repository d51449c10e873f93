// Any octets may be in a file of secret_file, password_file or
// "authentication PASS file=". The secret is its only line, or the file is
// refused.
//
// An input: the text of the file.

#include <string_view>

#include "core/base/plain_text.hpp"
#include "core/capi.h"
#include "tests/fuzz/require.hpp"

namespace ngx_vrrp {
namespace {

using fuzz::require;

bool is_end(std::string_view text) {
    return text.empty() || text == "\n" || text == "\r" || text == "\r\n";
}

void check(std::string_view text) {
    const vrrp_core_str_t file{text.data(), text.size()};
    vrrp_core_str_t line{};
    const char *wrong = vrrp_core_secret(&file, &line);
    if (wrong != nullptr) {
        return;
    }
    require(line.data == text.data() && line.len <= text.size(),
            "it is not in the file");
    require(is_end(text.substr(line.len)), "more than a line");
    require(line.len <= kLongestSecret && vrrp_core_is_line(&line) != 0,
            "no line");
}

}  // namespace
}  // namespace ngx_vrrp

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t *data,
                                      std::size_t size) {
    ngx_vrrp::check({reinterpret_cast<const char *>(data), size});
    return 0;
}
