// How this process gets a virtual router, and hands it over to another process
// of the node.
#include <algorithm>

#include "core/engine/virtual_router.hpp"
#include "core/vrrp/timing.hpp"

namespace ngx_vrrp::engine {

namespace {

// The time for which an ending owner continues for a waiter that does not run
// now.
constexpr Duration kWaiterWakes = Seconds{5};

// A crash of this vrrp process is not a fault of the successor, which has the
// crash history if it is of the same binary.
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
    ready_ = false;
    if (stopped_) {
        return;
    }
    phase_ = Phase::claiming;
    check_ownership(now);
}

[[gnu::hot]] void VirtualRouter::check_ownership(Instant now) {
    if (phase_ == Phase::claiming) {
        if (const auto got = ports_.ownership.request(id_, now)) {
            own(*got, now);
        }
    } else if (phase_ == Phase::passing) {
        watch_successor(now);
    } else if (owner_ && !ports_.ownership.owns(id_)) {
        lose(now);
    } else if (owner_) {
        serve_demand(now);
    }
}

// A release by the operator, or the end, is completed first.
[[gnu::hot]] void VirtualRouter::serve_demand(Instant now) {
    const Ownership::Demand demand =
        ports_.ownership.demand(id_, hand_over_by_.has_value(), now);
    if (is_moving()) {
        return;
    }
    if (demand == Ownership::Demand::due) {
        hand_over(now);
    } else if (hand_over_by_ &&
               (!expects_waiter(demand) || now >= *hand_over_by_ ||
                instance_.state() != vrrp::StateName::active)) {
        shut_down(now);
    }
}

// nginx's master process starts another vrrp process for one that died.
bool VirtualRouter::expects_waiter(Ownership::Demand demand) {
    if (demand != Ownership::Demand::none) {
        waiter_died_ = demand == Ownership::Demand::died;
    }
    return demand != Ownership::Demand::none || waiter_died_;
}

void VirtualRouter::set_name_holder(const std::optional<NameHolder> &holder,
                                    Instant now) {
    const bool was_taken = is_taken();
    std::string fault;
    if (holder && holder->may_be_nginx()) {
        fault = "another nginx on this machine runs this virtual router: " +
                to_string(*holder);
        if (!was_taken) {
            log_(LogLevel::warn, "%s; waiting until it exits", fault.c_str());
        }
    } else if (holder && name_limit_.allow(now)) {
        log_(LogLevel::warn,
             "ignoring %s, which uses the name \"@ngx_vrrp/%s\" but runs "
             "neither as root nor as nginx's user; another nginx with this "
             "virtual router cannot be detected",
             to_string(*holder).c_str(), to_string(key()).c_str());
    }
    if (was_taken && fault.empty()) {
        log_(LogLevel::notice,
             "the other nginx with this virtual router has exited, taking "
             "over");
    }
    set_fault(FaultCause::taken, std::move(fault), now);
    if (was_taken && !is_taken() && interfaces_) {
        report_interface_faults(now);  // makes the device of use_vmac
    }
}

// This process did not run, and another one continues.
void VirtualRouter::lose(Instant now) {
    log_(LogLevel::notice,
         "another vrrp process of this node took over because this one did "
         "not run");
    retire();
    phase_ = stopped_ ? Phase::starting : Phase::claiming;
    check_ownership(now);
}

void VirtualRouter::retire() {
    mark_changed();
    instance_.retire();
    split_brain_.retire();
    owner_ = false;
    advert_due_.reset();
    wants_to_prolong_ = false;
    hand_over_by_.reset();
    failing_since_.reset();
    unheard_since_.reset();
    lost_adverts_.reset();
    cut_ = {};
    drain_ = {};
    forwarding_ = {};
    postponed_.reset();
    preempts_at_.reset();
    stands_in_ = false;
    count_own_at_.reset();
    for (AddressState &state : addresses_) {
        state.lease_ends = {};
    }
    retry_routes_at_.reset();
    wants_to_prolong_routes_ = false;
}

void VirtualRouter::own(const Inheritance &got, Instant now) {
    mark_changed();
    owner_ = true;
    trackers_.set_latched([&](const std::string &title) {
        return ports_.shared.is_latched(key(), title);
    });
    evaluate_trackers(now);
    continue_release(
        got.handover ? got.handover->release : ports_.shared.released(key()),
        now);
    phase_ = Phase::checking;
    if (got.from != Inheritance::From::owner) {
        ports_.shared.lost_successor();
    }

    set_fault(FaultCause::interface, interface_fault(now), now);
    if (got.handover) {
        inherit(*got.handover, now);
    } else if (const auto inherited = heritage(got, now)) {
        if (faults_.reason().empty()) {
            log_(LogLevel::notice,
                 "the previous vrrp process %s, continuing as MASTER",
                 got.from == Inheritance::From::silent ? "does not run"
                                                       : "died");
        }
        inherit(*inherited, now);
    } else {
        join(now);
    }
    remove_old_vmacs();
    resume_drain(got.handover, now);
}

void VirtualRouter::join(Instant now) {
    remove_leftovers(now);
    lower_unused_vmac(now);
    report_tracker_changes(now);
    take_part(now);
}

// With the right priority from the first advertisement.
bool VirtualRouter::waits_to_join() const {
    return phase_ == Phase::checking && !stopped_ && trackers_.are_known() &&
           !source_pending_ && is_vmac_ready();
}

void VirtualRouter::take_part(Instant now) {
    if (waits_to_join() && !config().is_grouped()) {
        start_up(now);
    }
}

void VirtualRouter::start_up(Instant now) {
    phase_ = Phase::joined;
    input(vrrp::Startup{}, now);
}

void VirtualRouter::inherit(const Handover &handover, Instant now) {
    counters_ = handover.counters;
    last_ = handover.last;
    authenticator_.resume(handover.replay);
    distrust_ = handover.distrust;
    is_distrust_new_ = distrust_.has_value();
    trackers_.expect_failed(handover.failed);
    set_fault(FaultCause::tracker, trackers_.fault(), now);
    for (const TimeOut &out : handover.time_outs) {
        stay_out(out.cause, out.fault, now);
    }
    if (handover.checkpoint) {
        continue_from(handover, now);
    } else {
        join(now);
    }
}

void VirtualRouter::hand_over(Instant now) {
    finish_removal(now);
    auto checkpoint = instance_.checkpoint();
    const bool announces = std::ranges::any_of(
        addresses_,
        [](const AddressState &state) { return state.announcements != 0; });
    if (checkpoint && checkpoint->active && announces) {
        checkpoint->announce_at = now;  // the next process begins again
    }
    Handover handover{.checkpoint = checkpoint,
                      .last = last_,
                      .counters = counters_,
                      .held = {},
                      .failed = trackers_.failed(),
                      .time_outs = time_outs(faults_),
                      .release = release_,
                      .signs = split_brain_.signs(),
                      .lost_adverts = lost_adverts_,
                      .distrust = distrust_,
                      .replay = authenticator_.state(),
                      .drain_ends_at = drain_.has_addresses()
                                           ? std::optional{drain_.ends_at()}
                                           : std::nullopt,
                      .forwards_to = forwarding_.is_on()
                                         ? std::optional{forwarding_.mac()}
                                         : std::nullopt};
    if (checkpoint) {
        put_routes(handover.held);
    }
    for (const AddressState &state : addresses_) {
        if (checkpoint && state.present && !state.foreign) {
            handover.held.push_back(fingerprint_of(state.address));
        }
    }
    if (!ports_.ownership.pass_on(id_, handover, stopped_, now)) {
        return;
    }
    retire();
    phase_ = stopped_ ? Phase::passing : Phase::claiming;
}

// An ending process continues if the owner does not. Owner and waiter may end
// at the same time: a router that we have just received must be released by us.
void VirtualRouter::watch_successor(Instant now) {
    const bool has_successor = ports_.ownership.has_successor(id_);
    const auto got = has_successor ? ports_.ownership.withdraw(id_, now)
                                   : ports_.ownership.take_back(id_, now);
    if (got) {
        waiter_died_ = got->from == Inheritance::From::dead;
        own(*got, now);
        leave(now);
    } else if (has_successor) {
        phase_ = Phase::starting;
    }
}

// A waiter that does not run now may run again, and another process is started
// for one that died: while nginx serves, we continue for a while.
void VirtualRouter::leave(Instant now) {
    if (!is_ours()) {
        return;
    }
    const auto demand = may_act() && !is_moving()
                            ? ports_.ownership.demand(id_, true, now)
                            : Ownership::Demand::none;
    if (demand == Ownership::Demand::due) {
        hand_over(now);
    } else if (expects_waiter(demand) && ending_.serving &&
               instance_.state() == vrrp::StateName::active) {
        hand_over_by_ = now + kWaiterWakes;
    } else {
        shut_down(now);
    }
}

void VirtualRouter::shut_down(Instant now) {
    hand_over_by_.reset();
    shutting_down_ = true;
    const bool finishes = stands_in_ && ending_.serving;
    if (phase_ == Phase::joined && !finishes) {
        leave_by(ending_, ending_.serving, now);
    }
    give_up_if_ended();
}

[[gnu::hot]] void VirtualRouter::give_up_if_ended() {
    if (shutting_down_ && owner_ && !holds_addresses() &&
        !drain_.has_addresses()) {
        stop_forwarding("nginx is shutting down");
        remove_vmac();
        stands_in_ = false;
        ports_.ownership.give_up(id_);
        owner_ = false;
        phase_ = Phase::starting;
    }
}

void VirtualRouter::continue_from(const Handover &handover, Instant now) {
    continue_routes(handover, now);
    remove_unconfigured(handover, now);
    held_since_ = last_.at;
    const Losses losses = continue_addresses(handover, now);
    trackers_.trust(now);
    phase_ = Phase::joined;
    evaluate_trackers(now);
    split_brain_.resume(handover.signs, now);
    lost_adverts_ = handover.lost_adverts;
    perform(instance_.resume(*handover.checkpoint, now), now);
    check_split_brain(now);
    check_lost_adverts(now);

    if (instance_.state() == vrrp::StateName::active) {
        restore(losses, now);
        // trackers and addresses that the previous configuration did not have
        add_missing(now);
        hold_routes(now);
    }
}

// The previous owner ended and left its addresses. We may keep them if no peer
// can have taken over since its last advertisement.
std::optional<Handover> VirtualRouter::heritage(const Inheritance &got,
                                                Instant now) const {
    const bool all_there =
        std::ranges::all_of(addresses_, [&](const AddressState &state) {
            return state.address.optional || is_marked(state);
        });
    const Duration takeover = vrrp::fastest_takeover(
        config().version, config().advert_interval, config().down_adverts);
    const bool late =
        got.active_at && config().election && now - *got.active_at >= takeover;
    if (!all_there || !got.active_at || late) {
        return std::nullopt;
    }

    Handover handover;
    vrrp::Checkpoint &checkpoint = handover.checkpoint.emplace();
    checkpoint.active = true;
    checkpoint.advertised = instance_.effective_priority();
    checkpoint.advertised_at = *got.active_at;
    checkpoint.advertise_at = now;
    checkpoint.renew_at = now;
    handover.last = {now, "resumed after the vrrp process died"};
    for (const AddressState &state : addresses_) {
        if (is_marked(state)) {
            handover.held.push_back(fingerprint_of(state.address));
        }
    }
    return handover;
}

// The kernel has the address, and a process of ours put it there.
bool VirtualRouter::is_marked(const AddressState &state) const {
    const Interface *interface = interface_of(state.address);
    return interface &&
           std::ranges::any_of(interface->addresses, [&](const auto &a) {
               return a.ours && a.address == state.address.address;
           });
}

// Addresses of the previous process that this configuration does not have. Only
// the kernel's list is reliable; the handover is a hint.
void VirtualRouter::remove_unconfigured(const Handover &handover, Instant now) {
    std::vector<vrrp::VirtualAddress> unwanted;
    for (const Interface &interface : interfaces_->list) {
        for (const InterfaceAddress &a : interface.addresses) {
            const std::uint64_t held =
                fingerprint_of(a.address, a.prefix_length, interface.name);
            if (is_ours(a, true) &&
                std::ranges::find(handover.held, held) != handover.held.end() &&
                std::ranges::none_of(
                    addresses_, [&](const AddressState &state) {
                        return state.address.address == a.address &&
                               state.address.prefix_length == a.prefix_length &&
                               state.address.interface == interface.name;
                    })) {
                unwanted.push_back(
                    {a.address, a.prefix_length, interface.name, ""});
            }
        }
    }
    for (const vrrp::VirtualAddress &address : unwanted) {
        remove(address, true, now);
    }
}

// Another router is MASTER now. Addresses of another nginx are not leftovers.
void VirtualRouter::remove_leftovers(Instant now) {
    if (is_taken()) {
        return;
    }
    if (!finds_drain()) {
        remove_routes();
    }
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
