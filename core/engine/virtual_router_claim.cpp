// How a virtual router comes to this process and leaves it for another one of
// the node.
#include <algorithm>

#include "core/engine/virtual_router.hpp"
#include "core/vrrp/timing.hpp"

namespace ngx_vrrp::engine {

namespace {

// That the vrrp process crashed is no word about the heir, and known to it if
// it is of the same binary.
std::vector<TimeOut> time_outs(const Faults &faults) {
    std::vector<TimeOut> list;
    for (const FaultCause cause :
         {FaultCause::removal, FaultCause::address, FaultCause::transmit}) {
        const Faults::Entry &fault = faults.entry(cause);
        if (fault.backoff.length != Duration::zero()) {
            list.push_back({cause, fault});
        }
    }
    return list;
}

}  // namespace

void VirtualRouter::claim(Instant now) {
    if (stopped_) {
        return;
    }
    phase_ = Phase::claiming;
    if (ports_.claims.claim(key())) {
        claim_granted({}, now);
    } else {
        waited_ = true;
    }
}

// Owner and heir may end at the same time (systemd's TERM to everybody): an
// address that was on its way to us is ours to give up.
void VirtualRouter::withdraw(Instant now) {
    if (phase_ != Phase::claiming) {
        return;
    }
    if (const auto handover = ports_.claims.withdraw(key())) {
        claim_granted(*handover, now);
    }
}

void VirtualRouter::claim_granted(const std::string &handover, Instant now) {
    if (phase_ != Phase::claiming) {
        return;
    }
    look_at_trackers(now);
    const auto passed_on = parse_handover(handover);
    keep_released(
        passed_on ? passed_on->released : ports_.shared.is_released(key()),
        now);
    phase_ = Phase::checking;

    if (passed_on) {
        inherit(*passed_on, now);
    } else if (const auto inherited = heritage(now)) {
        if (faults_.reason().empty()) {
            log_(LogLevel::notice,
                 "the vrrp process before this one died, going on as MASTER");
        }
        inherit(*inherited, now);
    } else {
        join(now);
    }
}

void VirtualRouter::join(Instant now) {
    remove_leftovers(now);
    tell_tracker_changes(now);
    take_part(now);
}

// With the priority that is right from the first advert on.
void VirtualRouter::take_part(Instant now) {
    if (phase_ == Phase::checking && !stopped_ && trackers_.are_known() &&
        !source_pending_) {
        phase_ = Phase::joined;
        input(vrrp::Startup{}, now);
    }
}

void VirtualRouter::inherit(const Handover &handover, Instant now) {
    counters_ = handover.counters;
    last_ = handover.last;
    trackers_.expect_failed(handover.failed);
    for (const TimeOut &out : handover.time_outs) {
        stay_out(out.cause, out.fault, now);
    }
    if (handover.checkpoint) {
        go_on(handover, now);
    } else {
        join(now);
    }
}

void VirtualRouter::hand_over(Instant now) {
    wanted_ = instance_.is_leaving();
    if (!is_ours() || wanted_) {
        return;
    }
    finish_removal(now);

    const auto checkpoint = instance_.checkpoint();
    Handover handover{.checkpoint = checkpoint,
                      .last = last_,
                      .counters = counters_,
                      .held = {},
                      .failed = trackers_.failed(),
                      .time_outs = time_outs(faults_),
                      .released = is_released(),
                      .signs = split_brain_.signs()};
    for (const AddressState &state : addresses_) {
        if (checkpoint && state.present && !state.foreign) {
            handover.held.push_back(state.address);
        }
    }
    if (!ports_.claims.pass_on(key(), to_text(handover))) {
        return;
    }
    instance_.retire();
    split_brain_.retire();
    phase_ = Phase::starting;
    if (!stopped_) {
        claim(now);
    }
}

// The addresses that were to be given up are: now somebody else may decide.
void VirtualRouter::hand_over_late(Instant now) {
    if (wanted_ && !instance_.is_leaving()) {
        hand_over(now);
    }
}

void VirtualRouter::go_on(const Handover &handover, Instant now) {
    const auto is_held = [&](const AddressState &state) {
        return std::find(handover.held.begin(), handover.held.end(),
                         state.address) != handover.held.end();
    };

    remove_unconfigured(handover, now);
    for (AddressState &state : addresses_) {
        state.present = is_held(state);
        state.lease_ends =
            state.present && !state.foreign ? now + lease_ : Instant{};
        state.present = state.present || state.foreign;
    }
    trackers_.trust(now);
    phase_ = Phase::joined;
    look_at_trackers(now);
    split_brain_.resume(handover.signs, now);
    perform(instance_.resume(*handover.checkpoint, now), now);
    look_for_split_brain(now);

    if (instance_.state() == vrrp::StateName::active) {
        // what this configuration has more than the one before
        add_missing(now);
    }
}

// The owner before us died with the addresses in its hands. They are ours to
// keep if no peer can have taken over since: the process of this nginx that
// died has left word when it was last active; one that we waited for died
// just now.
std::optional<Handover> VirtualRouter::heritage(Instant now) const {
    const std::optional<Instant> active_at =
        waited_ ? std::optional{now} : ports_.shared.last_active(key());
    const bool all_there = std::all_of(
        addresses_.begin(), addresses_.end(),
        [&](const AddressState &state) { return is_marked(state); });
    if (!all_there || !active_at ||
        now - *active_at >= vrrp::fastest_takeover(config().version,
                                                   config().advert_interval)) {
        return std::nullopt;
    }

    Handover handover;
    vrrp::Checkpoint &checkpoint = handover.checkpoint.emplace();
    checkpoint.active = true;
    checkpoint.advertised = instance_.effective_priority();
    checkpoint.advertised_at = *active_at;
    checkpoint.advertise_at = now;
    checkpoint.renew_at = now;
    handover.last = {now, "resumed after the vrrp process died"};
    for (const AddressState &state : addresses_) {
        handover.held.push_back(state.address);
    }
    return handover;
}

// The kernel has the address, and a process of ours put it there.
bool VirtualRouter::is_marked(const AddressState &state) const {
    const Interface *interface = interface_of(state.address);
    return interface &&
           std::any_of(interface->addresses.begin(), interface->addresses.end(),
                       [&](const InterfaceAddress &a) {
                           return a.ours && a.address == state.address.address;
                       });
}

void VirtualRouter::remove_unconfigured(const Handover &handover, Instant now) {
    for (const vrrp::VirtualAddress &address : handover.held) {
        const bool configured =
            std::any_of(addresses_.begin(), addresses_.end(),
                        [&](const AddressState &state) {
                            return state.address == address;
                        });
        if (!configured) {
            remove(address, true, now);
        }
    }
}

// Whoever is master now, it is not us.
void VirtualRouter::remove_leftovers(Instant now) {
    for (AddressState &state : addresses_) {
        if (is_marked(state)) {
            log_(LogLevel::notice,
                 "removing %s, left on %s by an earlier process",
                 state.address.address.to_string().c_str(),
                 state.address.interface.c_str());
            state.present = !remove(state.address, false, now);
        }
    }
}

}  // namespace ngx_vrrp::engine
