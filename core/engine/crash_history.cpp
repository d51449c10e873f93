#include "core/engine/crash_history.hpp"

#include "core/base/log.hpp"

namespace ngx_vrrp::engine {

namespace {

constexpr Seconds kWindow = Seconds{60};
constexpr Duration kFirstTimeOut = Seconds{10};

}  // namespace

void CrashHistory::add_crash(Instant now) {
    ++crashes;
    last.add(now);
    if (out.is_out(now)) {
        out.restart(now);
    } else if (last.are_within(kWindow) || out.is_on_probation(now, kWindow)) {
        out.begin(kFirstTimeOut, now);
    }
}

std::string CrashHistory::reason() const {
    const std::string how_often =
        last.are_within(kWindow)
            ? format("%zu times within %d s", last.at.size(),
                     static_cast<int>(kWindow.count()))
            : "again";
    return "the vrrp process crashed " + how_often + ", " + to_string(out);
}

}  // namespace ngx_vrrp::engine
