// The process of this machine that holds the name of a virtual router. One
// nginx holds it for all of its processes; another nginx with the same router
// has to wait. The name carries no state, and any local user may bind it first:
// then it means nothing.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "core/base/log.hpp"

namespace ngx_vrrp::engine {

struct NameHolder {
    int pid = 0;                       // 0: not visible from here
    std::optional<std::uint32_t> uid;  // nothing: not known
    bool is_own_user = false;

    // Owned by root or by our own user. Otherwise it is not an nginx that we
    // wait for.
    bool may_be_nginx() const { return uid && (*uid == 0 || is_own_user); }

    friend bool operator==(const NameHolder &, const NameHolder &) = default;
};

// "process 1234 of user 0"
inline std::string to_string(const NameHolder &holder) {
    if (!holder.uid) {
        return "a process that does not listen";
    }
    return (holder.pid != 0 ? "process " + std::to_string(holder.pid)
                            : "a process of another pid namespace,") +
           " of user " + std::to_string(*holder.uid);
}

}  // namespace ngx_vrrp::engine
