// The handover of a virtual router from one process of a node to another: the
// state is continued unchanged, so that no advertisement is missed and the LAN
// sees no change.
#include "core/vrrp/instance.hpp"

#include <algorithm>
#include <utility>

namespace ngx_vrrp::vrrp {

std::optional<Checkpoint> Instance::checkpoint() const {
    Checkpoint checkpoint;
    checkpoint.link_up_at = link_up_at_;
    if (const auto *active = std::get_if<Active>(&state_)) {
        checkpoint.active = true;
        checkpoint.advertised = active->advertised;
        checkpoint.advertised_interval = active->advertised_interval;
        checkpoint.advertised_at = active->advertised_at;
        checkpoint.advertise_at = active->advertise_at;
        checkpoint.renew_at = active->renew_at;
        checkpoint.announce_at = active->announcements.second_at();
        checkpoint.refresh_at = active->announcements.refresh_at();
        return checkpoint;
    }
    if (const auto *backup = std::get_if<Backup>(&state_)) {
        // the next process has to ask, and needs time for that
        checkpoint.backup = *backup;
        checkpoint.backup.timer_started =
            std::max(backup->timer_started, answered_at_);
        if (const Instant since = missing_since(*backup);
            since < checkpoint.backup.timer_started) {
            checkpoint.unheard_since = since;
        }
        checkpoint.active_router = active_router_;
        return checkpoint;
    }
    return std::nullopt;
}

Actions Instance::resume(const Checkpoint &checkpoint, Instant now) {
    // an event of this process is later than one of the previous process
    link_up_at_ = std::max(link_up_at_, checkpoint.link_up_at);
    if (checkpoint.active) {
        state_ = active_from(checkpoint, now);
    } else {
        state_ = backup_from(checkpoint);
        active_router_ = checkpoint.active_router;
        continued_timer_ = checkpoint.backup.timer_started;
        unheard_before_ = checkpoint.unheard_since;
    }

    // Differences between the processes take effect within this event.
    return fault_.empty() ? handle(PriorityChanged{priority_, {}}, now)
                          : handle(FaultChanged{fault_}, now);
}

void Instance::retire() {
    state_ = Initialize{};
    active_router_.reset();
}

// The previous process may not have reported it.
Duration Instance::known_interval(Duration said) const {
    return said > Duration::zero() ? said : config_.advert_interval;
}

// With a shorter interval the next advertisement is due sooner; with a longer
// one, the backups still use the interval that they received last.
Active Instance::active_from(const Checkpoint &checkpoint, Instant now) const {
    return Active{
        .advertised = checkpoint.advertised,
        .advertised_interval = known_interval(checkpoint.advertised_interval),
        .advertised_at = checkpoint.advertised_at,
        .advertise_at =
            std::min(checkpoint.advertise_at, now + config_.advert_interval),
        .renew_at = std::min(checkpoint.renew_at, now + renew_interval()),
        .announcements =
            AnnounceSchedule{config_.announce, checkpoint.announce_at,
                             checkpoint.refresh_at, now}};
}

Backup Instance::backup_from(const Checkpoint &checkpoint) const {
    Backup backup = checkpoint.backup;
    backup.active_interval = config_.version == Version::v2
                                 ? config_.advert_interval
                                 : known_interval(backup.active_interval);
    return backup;
}

}  // namespace ngx_vrrp::vrrp
