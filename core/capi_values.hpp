// The small values that all of the boundary converts: C structs -> C++.
#pragma once

#include <string>

#include "core/base/ip.hpp"
#include "core/capi.h"

namespace ngx_vrrp {

inline std::string to_string(const vrrp_core_str_t &s) {
    return s.len == 0 ? std::string{} : std::string(s.data, s.len);
}

inline IpAddress to_ip(const vrrp_core_ip_t &ip) {
    return IpAddress::from_octets({ip.octets, address_size(Family{ip.family})});
}

}  // namespace ngx_vrrp
