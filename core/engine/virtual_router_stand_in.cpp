// A node that quits has left the addresses to a successor, which dies while
// this node finishes its connections. If no other router takes over, this one
// takes the addresses back, with the lowest priority, until the last connection
// has ended. nginx does not listen any more, so the kernel refuses new
// connections. A node that comes meanwhile gets the addresses at once.
#include "core/engine/virtual_router.hpp"

namespace ngx_vrrp::engine {

// The kernel finishes connections without workers, too.
bool VirtualRouter::can_stand_in() const {
    Faults others = faults_;
    others.set(FaultCause::nginx, {});
    return others.reason().empty() && rescue_refusal().empty() &&
           !config().is_grouped() && may_act() &&
           instance_.state() == vrrp::StateName::initialize;
}

void VirtualRouter::stand_in(Instant now) {
    if (!shutting_down_ || stands_in_ || !drain_.misses_successor(now) ||
        !can_stand_in()) {
        return;
    }
    const std::string why =
        "the successor does not answer on the peer link, for connections that "
        "are left";
    stands_in_ = true;
    stands_in_until_ = drain_.ends_at();
    drain_.wait_for_election(now);
    set_fault(FaultCause::nginx, {}, now);
    report_priority(now, why);
    input(vrrp::Startup{why}, now);
}

void VirtualRouter::continue_standing_in(Instant now) {
    const vrrp::StateName state = instance_.state();
    if (is_moving() || state != vrrp::StateName::active) {
        count_own_at_.reset();
    }
    if (!stands_in_ || is_moving() || state == vrrp::StateName::initialize) {
        return;
    }
    if (state == vrrp::StateName::active) {
        count_own(now);
    } else if (!drain_.has_addresses() && !cut_.holds_addresses()) {
        input(ending_, now);
    }
}

void VirtualRouter::count_own(Instant now) {
    if (count_own_at_ && now < *count_own_at_) {
        return;
    }
    const bool begins = !count_own_at_;
    count_own_at_ = now + kDrainReport;
    if (begins) {
        return;
    }
    const bool ends = now >= stands_in_until_;
    if (ends && !cut(now)) {
        count_own_at_ = now + ConnectionCut::kPause;
    } else if (ends || count_connections(now) == 0U) {
        input(ending_, now);
    }
}

}  // namespace ngx_vrrp::engine
