// The addresses of a virtual router: added to the kernel, announced on the LAN,
// and removed again.
#include <algorithm>
#include <utility>

#include "core/base/find.hpp"
#include "core/engine/virtual_router.hpp"
#include "core/vrrp/timing.hpp"
#include "core/wire/arp.hpp"
#include "core/wire/ndisc.hpp"

namespace ngx_vrrp::engine {

namespace {

// If our addresses are removed this often within this time, we leave the
// election.
constexpr Seconds kRemovalWindow{60};
constexpr Duration kRemovalTimeOut = Seconds{30};

// The time for which a master may be without any of its addresses: two renewals
// at least.
constexpr Seconds kAddressPatience{2};
constexpr Duration kAddressTimeOut = Seconds{10};

// The kernel may remove an address this much earlier than its lease ends.
constexpr Duration kEarlyEnd = Milliseconds{100};

// How often a router that is not MASTER removes an address that comes back: too
// seldom to make a MASTER with this module on the same node leave
// (kRemovalWindow).
constexpr Duration kStrayPause = Seconds{15};

}  // namespace

// Whose it is

// The mark identifies our addresses. With a kernel that does not keep it, we
// use our own record, and the fact that we never add an address without a
// lifetime.
bool VirtualRouter::is_ours(const InterfaceAddress &address, bool held) const {
    return address.ours ||
           (!interfaces_->keeps_marks && held && !address.permanent);
}

// IPv6 has each address once; in IPv4 an address with another prefix length
// answers as well.
VirtualRouter::Sighting VirtualRouter::find_in(
    const Interface &interface, const vrrp::VirtualAddress &address,
    bool held) const {
    Sighting seen;
    for (const InterfaceAddress &a : interface.addresses) {
        if (a.address != address.address) {
            continue;
        }
        if (!is_ours(a, held)) {
            seen.foreign = &a;
        } else if (!seen.ours || a.prefix_length == address.prefix_length) {
            seen.ours = &a;
        }
    }
    return seen;
}

VirtualRouter::Losses VirtualRouter::find_addresses(Instant now) {
    Losses losses;
    for (AddressState &state : addresses_) {
        const Interface *interface = interface_of(state.address);
        const bool held = state.lease_ends != Instant{};
        const Sighting seen =
            interface ? find_in(*interface, state.address, held) : Sighting{};
        const bool ours_there = seen.has(state.address);
        const bool was_foreign = state.foreign;

        state.foreign = seen.foreign && !ours_there;
        state.reported = state.reported && state.foreign;
        state.present = ours_there || state.foreign;
        if (state.foreign) {
            state.lease_ends = {};
        } else if (was_foreign && !state.present) {
            ++losses.foreign;
        }
        state.given_up = state.given_up && !state.present;
        if (state.present || !held) {
            continue;
        }
        if (state.address.optional) {
            state.given_up = interface && interface->up &&
                             now < state.lease_ends - kEarlyEnd;
            state.lease_ends = {};
            continue;
        }
        if (now < state.lease_ends - kEarlyEnd) {
            ++losses.removed;
        } else {
            ++losses.lapsed;
        }
        losses.first = losses.first ? losses.first : &state;
        state.lease_ends = {};
    }
    return losses;
}

// Another program may remove an address after the previous process has written
// its record, and before we own the router: neither of us would notice it. An
// address that the previous process added just before has perhaps not been
// reported yet: to add it again does no harm, and we remove it like any other.
VirtualRouter::Losses VirtualRouter::continue_addresses(
    const Handover &handover, Instant now) {
    Losses losses;
    for (AddressState &state : addresses_) {
        const bool held = handover.has_held(state.address);
        const Interface *interface = interface_of(state.address);
        const Sighting seen =
            interface ? find_in(*interface, state.address, held) : Sighting{};
        const bool there = seen.has(state.address);
        state.present = (held && there) || state.foreign;
        state.lease_ends = held && !state.foreign ? now + lease_ : Instant{};
        if (!held || state.present) {
            continue;
        }
        if (state.address.optional) {
            state.given_up = interface && interface->up;
        } else {
            ++losses.removed;
            losses.by_record = true;
            losses.first = losses.first ? losses.first : &state;
        }
    }
    return losses;
}

// Up

void VirtualRouter::act(const vrrp::AddAddresses &, Instant now) {
    cut_ = {};
    set_vmac(true, now);
    held_since_ = now;
    for (AddressState &state : addresses_) {
        state.given_up = false;
    }
    hold(Which::all, 0, now);
    take_back_drained(now);
}

// Usually the only work is to renew leases, which waits until the end of the
// pass.
[[gnu::hot]] void VirtualRouter::act(const vrrp::RenewAddresses &,
                                     Instant now) {
    wants_to_prolong_routes_ = !routes_.empty();
    wants_to_prolong_ = std::ranges::all_of(
        addresses_, [&](const AddressState &state) { return is_usual(state); });
    if (!wants_to_prolong_) {
        renew_now(now);
    }
}

void VirtualRouter::renew_now(Instant now) {
    send_due_advert(now);
    hold(Which::all, config().announce.repeat, now);
}

// no_track: nothing is done about an address that is missing.
[[gnu::hot]] bool VirtualRouter::is_spared(const AddressState &state) const {
    const Interface *interface = interface_of(state.address);
    return state.given_up ||
           (state.address.optional && !(interface && interface->up));
}

[[gnu::hot]] bool VirtualRouter::is_usual(const AddressState &state) const {
    return is_spared(state) || is_held(state);
}

[[gnu::hot]] bool VirtualRouter::is_held(const AddressState &state) const {
    return state.present && !state.foreign && interface_of(state.address);
}

// Unless they must not be held any more.
[[gnu::hot]] void VirtualRouter::ask_to_prolong(
    std::vector<LeaseRequest> &requests, Instant now) {
    prolonging_.clear();
    if (!std::exchange(wants_to_prolong_, false) || !may_act()) {
        return;
    }
    for (AddressState &state : addresses_) {
        if (is_held(state)) {
            requests.push_back(lease_of(state, now));
            prolonging_.push_back(&state);
        }
    }
}

[[gnu::hot]] void VirtualRouter::take_prolonged(
    std::span<const Status> &answers, Instant now) {
    if (std::exchange(wants_to_prolong_routes_, false)) {
        prolong_routes(now);
    }
    if (prolonging_.empty()) {
        return;
    }
    bool any_held = false;
    for (AddressState *state : prolonging_) {
        any_held = take_answer(*state, answers.front(), now) || any_held;
        answers = answers.subspan(1);
    }
    prolonging_.clear();
    judge_attempt(any_held, now);
}

[[gnu::hot]] LeaseRequest VirtualRouter::lease_of(const AddressState &state,
                                                  Instant now) const {
    LeaseRequest request{interface_of(state.address), &state.address, lease_};
    if (const auto preferred = state.address.preferred) {
        const Duration left = *preferred - (now - held_since_);
        request.preferred = std::clamp(
            std::chrono::duration_cast<Seconds>(left), Seconds{0}, lease_);
    }
    return request;
}

// An address that another program has added remains the machine's: with our
// lease the machine would lose it. The same holds for the real address of the
// address owner (RFC 9568, 1.7).
bool VirtualRouter::is_used_as_it_is(const AddressState &state) const {
    return state.foreign && !state.address.takeover;
}

void VirtualRouter::report_foreign(AddressState &state) {
    if (!std::exchange(state.reported, true) &&
        config().priority != kPriorityOwner) {
        log_(LogLevel::warn,
             "%s on %s was not added by this module and is used unchanged: "
             "this node cannot release it (see \"takeover\" of "
             "virtual_ipaddress)",
             state.address.address.to_string().c_str(),
             state.address.interface.c_str());
    }
}

// An address with our prefix length is replaced; one with another prefix length
// must be removed first.
bool VirtualRouter::take_over(const Interface &interface,
                              const AddressState &state, Instant now) {
    const InterfaceAddress *foreign =
        find_in(interface, state.address, false).foreign;
    if (!foreign) {
        return true;
    }
    log_(LogLevel::notice,
         "taking over %s/%u on %s, which another program added",
         foreign->address.to_string().c_str(), unsigned{foreign->prefix_length},
         state.address.interface.c_str());
    if (foreign->prefix_length == state.address.prefix_length) {
        return true;
    }
    vrrp::VirtualAddress there = state.address;
    there.prefix_length = foreign->prefix_length;
    const Status status = ports_.addresses.remove(interface, there);
    if (!status) {
        report_address_error(status.error(), now);
    }
    return status.has_value();
}

// False: a request is useless, and the address may be used as it is.
bool VirtualRouter::may_hold(AddressState &state, Instant now) {
    const Interface *interface = interface_of(state.address);
    if (!interface || !may_act()) {
        return false;
    }
    if (is_used_as_it_is(state)) {
        report_foreign(state);
        return false;
    }
    return !state.foreign || take_over(*interface, state, now);
}

// The kernel that refuses to prolong a lease keeps the address until it ends.
[[gnu::hot]] bool VirtualRouter::take_answer(AddressState &state,
                                             const Status &status,
                                             Instant now) {
    changed_ = changed_ || !status || !state.present || state.foreign;
    if (status) {
        state.present = true;
        state.foreign = false;
        state.lease_ends = now + lease_;
    } else {
        state.present = state.present && now < state.lease_ends;
        report_address_error(status.error(), now);
    }
    return status.has_value();
}

// Adds addresses or renews their leases, in one request. announcements: of each
// address that is new.
void VirtualRouter::hold(Which which, unsigned announcements, Instant now) {
    std::vector<LeaseRequest> requests;
    std::vector<AddressState *> asked;
    bool any_held = addresses_.empty();
    for (AddressState &state : addresses_) {
        if (which == Which::missing && state.present) {
            continue;
        }
        if (is_spared(state)) {
            any_held = true;
        } else if (may_hold(state, now)) {
            requests.push_back(lease_of(state, now));
            asked.push_back(&state);
        } else {
            any_held = any_held || (is_used_as_it_is(state) && may_act());
        }
    }
    std::vector<Status> answers;
    ports_.addresses.add(requests, answers);
    for (std::size_t i = 0; i < asked.size(); ++i) {
        const bool is_new = !asked[i]->present;
        if (take_answer(*asked[i], answers[i], now)) {
            any_held = true;
            announce_later(*asked[i], is_new ? announcements : 0, now);
        }
    }
    hold_routes(now);
    judge_attempt(any_held, now);
}

void VirtualRouter::add_missing(Instant now) {
    if (std::ranges::any_of(addresses_, [&](const AddressState &state) {
            return !state.present && !is_spared(state);
        })) {
        hold(Which::missing, config().announce.repeat, now);
    }
}

// Down

// A client whose connection stays here would get no answer: its packets go to
// the successor. So its connection is closed while the address can still send a
// reset. A router that yields removes its addresses at once anyway, and after a
// fault no router has them yet. A successor that has agreed to forward may be
// late: its kernel needs some time for the addresses, too.
void VirtualRouter::act(const vrrp::RemoveAddresses &action, Instant now) {
    if ((action.successor || action.may_wait) &&
        begin_drain(action.successor, now)) {
        // they are finished while the successor has the addresses
    } else if (!action.successor) {
        cut_.wait_for_successor();
        remove_addresses(now);
    } else if (cut(now)) {
        remove_addresses(now);
    } else if (action.may_wait) {
        cut_.hold_addresses(now);
    } else {
        cut_.retry_later(now);
        remove_addresses(now);
    }
}

void VirtualRouter::remove_addresses(Instant now) {
    mark_changed();
    remove_routes();
    // The kernel needs some milliseconds to set it down. Meanwhile it would
    // report from it to MLD that each IPv6 address is gone.
    if (config().family == Family::ipv6) {
        set_vmac(false, now);
    }
    drop_addresses(now);
    set_vmac(false, now);
}

void VirtualRouter::drop_addresses(Instant now) {
    wants_to_prolong_ = false;
    for (AddressState &state : addresses_) {
        state.announcements = 0;
        state.given_up = false;
        if (is_used_as_it_is(state)) {
            state.reported = false;
            continue;
        }
        const bool held = state.lease_ends != Instant{};
        const bool there = state.present || held;
        state.present = !remove(state.address, held, now) && there;
        state.lease_ends = {};
    }
}

// The interface to remove it from: a renamed interface still has it.
const Interface *VirtualRouter::holder_of(
    const vrrp::VirtualAddress &address) const {
    const Interface *interface = interface_of(address);
    if (interface || !interfaces_) {
        return interface;
    }
    return find_first(interfaces_->list, [&](const Interface &other) {
        return other.has_marked(address);
    });
}

// Removes only our own addresses, by the last report of the kernel. held: we
// gave it a lease, and the kernel may not have reported it yet.
bool VirtualRouter::remove(const vrrp::VirtualAddress &address, bool held,
                           Instant now) {
    const Interface *interface = holder_of(address);
    if (!interface) {
        return true;
    }
    if (!may_act()) {
        return false;
    }
    vrrp::VirtualAddress there = address;
    const Sighting seen = find_in(*interface, address, held);
    const bool takes_over = seen.foreign && address.takeover;
    if (const auto *found = takes_over ? seen.foreign : seen.ours) {
        there.prefix_length = found->prefix_length;
    } else if (seen.foreign) {
        return false;
    } else if (!held) {
        return true;
    }
    const Status status = ports_.addresses.remove(*interface, there);
    if (status) {
        return true;
    }
    ++counters_.address_errors;
    mark_changed();
    remove_line_.write(log_, LogLevel::alert,
                       status.error().to_string() +
                           ", the kernel removes it within " +
                           std::to_string(lease_.count()) + " s",
                       now);
    return false;
}

// Not MASTER

// The addresses that are on this node although this router, which takes part in
// the election, is not MASTER: the node answers for them beside the MASTER. If
// another nginx of this node has the router, the addresses belong to it.
[[gnu::hot]] const AddressState *VirtualRouter::stray() const {
    if (phase_ != Phase::joined || !interfaces_ || stopped_ || is_taken() ||
        cut_.holds_addresses() ||
        instance_.state() == vrrp::StateName::active ||
        config().priority == kPriorityOwner) {
        return nullptr;
    }
    return find_first(addresses_, &AddressState::present);
}

std::string VirtualRouter::describe_stray() const {
    const AddressState *first = stray();
    if (!first) {
        return {};
    }
    return format(
        "%s is on %s although this node is %s, and %s: this node also answers "
        "for it; remove it, or see \"takeover\" of virtual_ipaddress",
        first->address.address.to_string().c_str(),
        first->address.interface.c_str(),
        vrrp::public_name(instance_.state()).data(),
        first->foreign ? "this module did not add it (static configuration, "
                         "keepalived that was killed?)"
                       : "another process of this module adds it");
}

// An address that comes back at once stays for a while, to avoid a fight.
[[gnu::hot]] void VirtualRouter::remove_strays(Instant now) {
    if (remove_strays_at_ && now < *remove_strays_at_) {
        return;
    }
    remove_strays_at_.reset();
    if (!stray() || !may_act()) {
        return;
    }
    for (AddressState &state : addresses_) {
        if (state.present && !is_used_as_it_is(state)) {
            log_(LogLevel::notice,
                 "removing %s from %s: %s, but this node is %s",
                 state.address.address.to_string().c_str(),
                 state.address.interface.c_str(),
                 state.foreign ? "another program added it"
                               : "a process of this module left it behind",
                 vrrp::public_name(instance_.state()).data());
            mark_changed();
            state.present = !remove(state.address, false, now);
            remove_strays_at_ = now + kStrayPause;
        }
    }
}

// Lost to others

// We add addresses again that another program removed. If this happens
// repeatedly, this node cannot serve clients, and leaves the election.
void VirtualRouter::restore(const Losses &losses, Instant now) {
    if (instance_.state() != vrrp::StateName::active) {
        return;
    }
    if (!losses.first) {
        // an address of another program is gone: now we can add it
        if (losses.foreign > 0) {
            add_missing(now);
        }
        return;
    }
    if (losses.removed == 0) {
        report_lapse(losses, now);
    } else if (removal_limit_.allow(now)) {
        removals_.add(now);
        if (removals_.are_within(kRemovalWindow)) {
            leave_fight(*losses.first, now);
            return;
        }
        report_removal(losses);
    }
    counters_.addresses_restored += losses.removed;
    mark_changed();
    add_missing(now);
}

void VirtualRouter::leave_fight(const AddressState &removed, Instant now) {
    const std::string why = format(
        "another program removed addresses from %s %zu times within %d s "
        "(NetworkManager, systemd-networkd without KeepConfiguration=yes, "
        "netplan without critical: true?)",
        removed.address.interface.c_str(), removals_.at.size(),
        static_cast<int>(kRemovalWindow.count()));
    stay_out(FaultCause::removal, why, kRemovalTimeOut, now);
}

void VirtualRouter::report_removal(const Losses &losses) {
    if (losses.by_record) {
        log_(LogLevel::warn,
             "%s, which the previous vrrp process held, is not on %s (did "
             "another program remove it?), adding it again",
             losses.first->address.address.to_string().c_str(),
             losses.first->address.interface.c_str());
        return;
    }
    log_(LogLevel::warn,
         "another program removed %s from %s (a network manager?), adding it "
         "again%s",
         losses.first->address.address.to_string().c_str(),
         losses.first->address.interface.c_str(),
         suppressed_note(removal_limit_.take_suppressed()).c_str());
}

// We were not scheduled, but not for as long as a peer waits, or the kernel
// refused to renew the lease.
void VirtualRouter::report_lapse(const Losses &losses, Instant now) {
    lapse_line_.write(
        log_, LogLevel::warn,
        format("the lease of %s on %s expired before it was renewed, adding it "
               "again",
               losses.first->address.address.to_string().c_str(),
               losses.first->address.interface.c_str()),
        now);
}

// Refused by the kernel

void VirtualRouter::report_address_error(const SystemError &error,
                                         Instant now) {
    ++counters_.address_errors;
    mark_changed();
    address_error_ = error.to_string();
    address_line_.write(log_, LogLevel::error,
                        address_error_ + ", retrying with the next renewal",
                        now);
}

[[gnu::hot]] void VirtualRouter::judge_attempt(bool any_held, Instant now) {
    if (any_held) {
        failing_since_.reset();
    } else {
        failing_since_ = failing_since_.value_or(now);
    }
}

// A master without any of its addresses blocks its peers and answers no client.
// Some renewals may fail; after a time out for the same reason, the first
// failure counts.
[[gnu::hot]] std::optional<Instant> VirtualRouter::black_hole_at() const {
    if (!failing_since_ || instance_.state() != vrrp::StateName::active) {
        return std::nullopt;
    }
    Instant at = *failing_since_;
    if (!faults_.is_on_probation(FaultCause::address, *failing_since_)) {
        at += kAddressPatience;
    }
    for (const AddressState &state : addresses_) {
        at = std::max(at, state.lease_ends);
    }
    return at;
}

[[gnu::hot]] void VirtualRouter::leave_black_hole(Instant now) {
    const std::optional<Instant> at = black_hole_at();
    if (!at || now < *at) {
        return;
    }
    renew_now(now);
    if (failing_since_) {
        stay_out(FaultCause::address,
                 "no virtual address could be added: " + address_error_,
                 kAddressTimeOut, now);
    }
}

// Announcements on the LAN

void VirtualRouter::act(const vrrp::AnnounceAddresses &action, Instant now) {
    for (AddressState &state : addresses_) {
        announce_later(state, action.repeat, now);
    }
}

// Once at once: the other addresses of this pass come before it is repeated.
// Only an address that we hold: others must not be requested from us.
void VirtualRouter::announce_later(AddressState &state, unsigned times,
                                   Instant now) {
    const bool waits = state.announcements != 0;
    const Interface *interface = interface_of(state.address);
    state.announcements =
        state.present && interface ? std::max(state.announcements, times) : 0;
    if (waits || state.announcements == 0) {
        return;
    }
    const Announcer::Line line{interface->index,
                               state.address.address.family()};
    const bool is_free = announcer_->is_free(line, now);
    if (is_free) {
        announce(state, now);
    }
    if (state.announcements != 0) {
        const auto index = static_cast<std::size_t>(&state - addresses_.data());
        announcer_->wait(line, {this, index}, is_free);
    }
}

bool VirtualRouter::announce_in_turn(std::size_t address, Instant now) {
    AddressState &state = addresses_[address];
    const bool gives_up = instance_.state() != vrrp::StateName::active ||
                          (instance_.is_leaving() && !instance_.may_return());
    if (gives_up || !state.present) {
        state.announcements = 0;
    }
    announce(state, now);
    return state.announcements != 0;
}

void VirtualRouter::announce_again(const std::string &interface, Instant now) {
    const auto is_there = [&](const AddressState &state) {
        return state.present && state.address.interface == interface;
    };
    if (instance_.state() != vrrp::StateName::active ||
        std::ranges::none_of(addresses_, is_there)) {
        return;
    }
    log_(LogLevel::notice,
         "the MAC address of %s has changed, announcing the virtual addresses "
         "again",
         interface.c_str());
    for (AddressState &state : addresses_) {
        if (is_there(state)) {
            announce_later(state, config().announce.repeat, now);
        }
    }
}

void VirtualRouter::act(const vrrp::AnnounceSource &, Instant now) {
    if (const Interface *interface = own_interface()) {
        announce(*interface, source_, now);
    }
}

void VirtualRouter::announce(AddressState &state, Instant now) {
    const Interface *interface = interface_of(state.address);
    if (state.announcements == 0 || !interface) {
        state.announcements = 0;
        return;
    }
    --state.announcements;
    announce(*interface, state.address.address, now);
    announcer_->sent({interface->index, state.address.address.family()},
                     pause_after(state.address.address), now);
}

Duration VirtualRouter::pause_after(const IpAddress &announced) const {
    return announced.family() == Family::ipv4 ? config().announce.garp_interval
                                              : config().announce.gna_interval;
}

void VirtualRouter::announce(const Interface &interface,
                             const IpAddress &address, Instant now) {
    const bool has_lan = interface.mac != MacAddress{};  // lo has none
    if (!has_lan || !may_act()) {
        return;
    }
    const Buffer frame = address.family() == Family::ipv4
                             ? wire::gratuitous_arp(interface.mac, address)
                             : wire::unsolicited_neighbour_advertisement(
                                   interface.mac, address, false);
    const Status status = ports_.transmit.send_frame(interface, frame);
    if (!status) {
        report_send_error(status.error(), now);
        return;
    }
    ++counters_.announcements_sent;
    mark_changed();
}

}  // namespace ngx_vrrp::engine
