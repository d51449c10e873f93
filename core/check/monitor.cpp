#include "core/check/monitor.hpp"

#include <utility>

namespace ngx_vrrp::check {

bool Monitor::add(bool passed) {
    const Verdict seen = passed ? Verdict::up : Verdict::down;
    if (seen == verdict_) {
        streak_ = 0;
        return false;
    }
    ++streak_;
    if (verdict_ != Verdict::unknown && streak_ < (passed ? rise_ : fall_)) {
        return false;
    }
    streak_ = 0;
    verdict_ = seen;
    return true;
}

}  // namespace ngx_vrrp::check
