// Any octets may come as the answer to a webhook. The result does not depend on
// blanks around the object, and every octet that is missing makes it no JSON.
//
// An input: the length of a member's name (1 octet), the name, the text.

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>

#include "core/notify/json_number.hpp"

namespace ngx_vrrp::notify {
namespace {

// An assert that no build leaves out.
void require(bool condition, const char *what) {
    if (!condition) {
        std::fprintf(stderr, "json_number_fuzz: %s\n", what);
        std::abort();
    }
}

void check(std::string_view name, std::string_view text) {
    const auto number = find_number(text, name);
    const std::string padded = "\r\n\t " + std::string(text) + " \t\r\n";
    require(find_number(padded, name) == number, "blanks matter");
    require(!find_number(std::string(text) + "x", name), "text after the end");
    if (!number) {
        return;
    }
    const std::size_t end = text.find_last_not_of(" \t\r\n");
    require(!find_number(text.substr(0, end), name), "an object without end");
    require(text.find(std::to_string(*number)) != text.npos || *number == 0,
            "a number that is not there");
}

}  // namespace
}  // namespace ngx_vrrp::notify

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t *data,
                                      std::size_t size) {
    const std::string_view input(reinterpret_cast<const char *>(data), size);
    if (input.empty() || input.size() < 1u + data[0]) {
        return 0;
    }
    ngx_vrrp::notify::check(input.substr(1, data[0]),
                            input.substr(1u + data[0]));
    return 0;
}
