// Questions about the file system from the test of a configuration.

#include <exception>
#include <string>

#include "core/capi.h"
#include "core/capi/values.hpp"
#include "core/script/unsafe_path.hpp"

int vrrp_core_unsafe_path(const char *path, uint32_t uid, char *why,
                          size_t size) {
    try {
        const std::string wrong = ngx_vrrp::script::unsafe_path(path, uid);
        ngx_vrrp::copy_text(wrong, why, size);
        return wrong.empty() ? VRRP_CORE_OK : VRRP_CORE_ERROR;
    } catch (const std::exception &) {
        ngx_vrrp::copy_text("out of memory", why, size);
        return VRRP_CORE_ERROR;
    }
}
