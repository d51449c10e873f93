// The version of this module.
#pragma once

namespace ngx_vrrp {

inline constexpr const char *kVersion = "0.1.0";

}  // namespace ngx_vrrp
