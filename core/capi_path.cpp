// What the test of a configuration wants to know about the file system.

#include <algorithm>
#include <exception>
#include <string>

#include "core/capi.h"
#include "core/net/unsafe_path.hpp"

namespace {

void copy_text(const std::string &text, char *out, std::size_t size) {
    if (size != 0) {
        const std::size_t n = std::min(text.size(), size - 1);
        out[text.copy(out, n)] = '\0';
    }
}

}  // namespace

int vrrp_core_unsafe_path(const char *path, uint32_t uid, char *why,
                          size_t size) {
    try {
        const std::string wrong = ngx_vrrp::net::unsafe_path(path, uid);
        copy_text(wrong, why, size);
        return wrong.empty() ? VRRP_CORE_OK : VRRP_CORE_ERROR;
    } catch (const std::exception &) {
        copy_text("out of memory", why, size);
        return VRRP_CORE_ERROR;
    }
}
