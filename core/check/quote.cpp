#include "core/check/quote.hpp"

#include "core/base/log.hpp"

namespace ngx_vrrp::check {

namespace {

std::string escaped(char c) {
    const auto octet = static_cast<unsigned char>(c);
    if (octet < 0x20 || octet > 0x7e) {
        return format("\\x%02x", octet);
    }
    return c == '"' || c == '\\' ? std::string{'\\', c} : std::string{c};
}

}  // namespace

std::string quote(std::string_view text) {
    std::string shown = "\"";
    for (const char c : text) {
        const std::string next = escaped(c);
        if (shown.size() + next.size() > kMaxQuoted + 1) {
            return shown + "\"...";
        }
        shown += next;
    }
    return shown + '"';
}

}  // namespace ngx_vrrp::check
