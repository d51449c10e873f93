// The small values that all of the boundary converts: C structs -> C++,
// and texts back.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "core/base/ip.hpp"
#include "core/capi.h"
#include "core/engine/router_key.hpp"

namespace ngx_vrrp {

inline std::string to_string(const vrrp_core_str_t &s) {
    return s.len == 0 ? std::string{} : std::string(s.data, s.len);
}

inline std::string_view to_view(const vrrp_core_str_t &s) {
    return s.len == 0 ? std::string_view{} : std::string_view(s.data, s.len);
}

// A setting, whose range the parser has checked.
template <class T>
constexpr T to(std::int64_t setting) {
    return static_cast<T>(setting);
}

inline vrrp_core_ip_t to_c(const IpAddress &address) {
    vrrp_core_ip_t ip{};
    ip.family = static_cast<std::uint8_t>(address.family());
    std::ranges::copy(address.octets(), ip.octets);
    return ip;
}

inline IpAddress to_ip(const vrrp_core_ip_t &ip) {
    return IpAddress::from_octets({ip.octets, address_size(Family{ip.family})});
}

inline engine::RouterKey router_key(const vrrp_core_instance_conf_t &c) {
    return {to_string(c.interface), Family{c.family},
            to<Vrid>(c.virtual_router_id),
            c.election != 0 ? std::string{} : to_string(c.name)};
}

// Cut to size, and ended by a zero.
inline void copy_text(const std::string &text, char *out, std::size_t size) {
    if (size != 0) {
        const std::size_t n = std::min(text.size(), size - 1);
        out[text.copy(out, n)] = '\0';
    }
}

}  // namespace ngx_vrrp
