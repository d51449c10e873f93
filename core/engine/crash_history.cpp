#include "core/engine/crash_history.hpp"

#include "core/base/log.hpp"

namespace ngx_vrrp::engine {

void CrashHistory::add_crash(Instant now, const CrashPolicy &policy) {
    ++crashes;
    last.add(now);
    if (out.is_out(now)) {
        out.restart(now);
    } else if (last.are_within(policy.window) ||
               out.is_on_probation(now, policy.window)) {
        out.begin(policy.first, now);
    }
}

std::string CrashHistory::reason() const {
    const std::string how_often =
        last.are_within(kVrrpProcess.window)
            ? format("%zu times within %lld s", last.at.size(),
                     static_cast<long long>(to_ms(kVrrpProcess.window) / 1000))
            : "again";
    return "the vrrp process crashed " + how_often + ", " + to_string(out);
}

}  // namespace ngx_vrrp::engine
