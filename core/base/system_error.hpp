// A failed request to the operating system: the request, and errno.
#pragma once

#include <cerrno>
#include <cstring>
#include <string>
#include <utility>
#include <variant>

#include "core/base/result.hpp"

namespace ngx_vrrp {

struct SystemError {
    std::string what;  // "bind() to 224.0.0.18", without the word "failed"
    int code = 0;      // errno

    // nginx's form: bind() to 224.0.0.18 failed (98: Address already in use)
    [[gnu::cold]] std::string to_string() const {
        return what + " failed (" + std::to_string(code) + ": " +
               std::strerror(code) + ")";
    }
};

using Status = Result<std::monostate, SystemError>;

inline Status success() {
    return std::monostate{};
}

// Of the request that has just failed.
[[gnu::cold]] inline Unexpected<SystemError> failure(std::string what,
                                                     int error = errno) {
    return Unexpected(SystemError{std::move(what), error});
}

}  // namespace ngx_vrrp
