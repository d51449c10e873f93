// Secrets are overwritten before their memory is freed.
#pragma once

#include <cstdint>
#include <span>

namespace ngx_vrrp {

// Also if the memory is not read again: volatile keeps the compiler from
// leaving it out.
inline void wipe(std::span<std::uint8_t> octets) {
    for (volatile std::uint8_t &octet : octets) {
        octet = 0;
    }
}

}  // namespace ngx_vrrp
