// No exception crosses into C. Calls of a process have their own wall
// (process.hpp).
#pragma once

#include <cstddef>
#include <string>

#include "core/capi.h"
#include "core/capi/values.hpp"

namespace ngx_vrrp {

// What f returns, or `otherwise` after an exception.
template <class T, class F>
T guarded(T otherwise, F &&f) noexcept {
    try {
        return f();
    } catch (...) {
        return otherwise;
    }
}

template <class F>
void guarded(F &&f) noexcept {
    guarded(false, [&] {
        f();
        return true;
    });
}

// f returns what is wrong, or an empty text.
template <class F>
int report(char *why, std::size_t size, F &&f) noexcept {
    try {
        const std::string wrong = f();
        copy_text(wrong, why, size);
        return wrong.empty() ? VRRP_CORE_OK : VRRP_CORE_ERROR;
    } catch (...) {
        copy_text("out of memory", why, size);
        return VRRP_CORE_ERROR;
    }
}

}  // namespace ngx_vrrp
