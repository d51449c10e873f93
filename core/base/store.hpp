// A small text that outlives the process, so that its successor reads it. It is
// a hint.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "core/base/system_error.hpp"

namespace ngx_vrrp {

inline constexpr std::size_t kLargestStore = 4096;

class Store {
public:
    virtual ~Store() = default;

    // At most kLargestStore octets.
    virtual std::string read() = 0;
    virtual Status write(std::string_view text) = 0;
};

}  // namespace ngx_vrrp
