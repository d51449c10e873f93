// An assert that no build leaves out.
#pragma once

#include <cstdio>
#include <cstdlib>

namespace ngx_vrrp::fuzz {

inline void require(bool condition, const char *what) {
    if (!condition) {
        std::fprintf(stderr, "fuzz: %s\n", what);
        std::abort();
    }
}

}  // namespace ngx_vrrp::fuzz
