// One call of Instance::handle(): its time, and its results. Only the sources
// of Instance need this header.
#pragma once

#include <string>
#include <utility>

#include "core/base/ip.hpp"
#include "core/base/time.hpp"
#include "core/base/types.hpp"
#include "core/vrrp/action.hpp"

namespace ngx_vrrp::vrrp {

struct Turn {
    Instant now;
    Actions actions;
    std::string reason;  // of the transition, when there is one

    void act(Action action) { actions.push_back(std::move(action)); }

    void announce(unsigned frames) {
        if (frames > 0) {
            act(AnnounceAddresses{frames});
        }
    }
};

// Parts of texts that several reasons share.

inline std::string milliseconds(Duration duration) {
    return std::to_string(to_ms(duration)) + " ms";
}

inline std::string priority_from(Priority priority, const IpAddress &address) {
    return "priority " + std::to_string(priority.value) + " from " +
           address.to_string();
}

}  // namespace ngx_vrrp::vrrp
