// Questions about the file system from the test of a configuration.

#include "core/capi/wall.hpp"
#include "core/script/unsafe_path.hpp"

int vrrp_core_unsafe_path(const char *path, uint32_t uid, char *why,
                          size_t size) {
    return ngx_vrrp::report(
        why, size, [&] { return ngx_vrrp::script::unsafe_path(path, uid); });
}
