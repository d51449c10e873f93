#include "core/engine/virtual_router.hpp"

#include <algorithm>
#include <utility>

#include "core/base/find.hpp"
#include "core/vrrp/timing.hpp"

namespace ngx_vrrp::engine {

namespace {

// A peer whose configuration differs from ours repeats its advertisements.
constexpr Duration kDisagreementPeriod = Seconds{60};

// Such a router may repeat its advertisements, too.
constexpr Duration kLosingPeriod = Seconds{10};

// After a reload another process may have to fill the table of checks first;
// until then the previous process keeps the router.
constexpr Duration kKnownSoon = Milliseconds{250};

// Flushing an interface takes iproute2 up to ten rounds within milliseconds,
// and we add the address again in between: all of this counts as one removal.
constexpr Duration kOneRemoval = Milliseconds{100};

std::string log_context(const vrrp::Config &config) {
    const std::string vrid =
        config.election ? format("vrid %u, ", unsigned{to_number(config.vrid)})
                        : "";
    const char *family = config.part == vrrp::Part::whole ? ""
                         : config.family == Family::ipv4  ? ", IPv4"
                                                          : ", IPv6";
    return format("instance \"%s\", %sinterface %s%s", config.name.c_str(),
                  vrid.c_str(), config.interface.c_str(), family);
}

std::vector<AddressState> address_states(const vrrp::Config &config) {
    std::vector<AddressState> states;
    for (const vrrp::VirtualAddress &address : config.addresses) {
        states.push_back({address, false});
    }
    return states;
}

template <class Item>
std::vector<Held<Item>> held_of(const std::vector<Item> &list) {
    std::vector<Held<Item>> held;
    for (const Item &item : list) {
        held.push_back({item});
    }
    return held;
}

}  // namespace

VirtualRouter::VirtualRouter(RouterConfig config, Ports ports,
                             Announcer &announcer, ConnectionCounts &counts,
                             LogSink &sink)
    : announcer_(&announcer),
      counts_(&counts),
      log_(sink, log_context(config.router)),
      instance_(std::move(config.router)),
      id_(ports.ownership.open(key(), this->config().advert_interval)),
      addresses_(address_states(this->config())),
      split_brain_(this->config()),
      trackers_(std::move(config.trackers)),
      ports_(ports),
      lease_(vrrp::lease(this->config().version, this->config().advert_interval,
                         this->config().down_adverts)),
      successor_grace_(
          this->config().election
              ? vrrp::successor_grace(this->config().version,
                                      this->config().advert_interval)
              : this->config().leave_time),
      drain_limit_(this->config().drain_timeout),
      routes_(held_of(this->config().routes)),
      rules_(held_of(this->config().rules)),
      witness_(find_witness()),
      drop_limits_(wire::kDropReasons, RateLimit{kDisagreementPeriod}),
      removal_limit_(kOneRemoval),
      name_limit_(kDisagreementPeriod),
      losing_limit_(kLosingPeriod),
      lost_limit_(kDisagreementPeriod),
      heard_limit_(kDisagreementPeriod),
      cut_off_limit_(kDisagreementPeriod),
      mismatch_line_(kDisagreementPeriod),
      clock_line_(kDisagreementPeriod),
      cut_line_(Seconds{3600}),
      drain_line_(Seconds{60}) {
    if (this->config().drain_timeout > Duration::zero()) {
        counts_->add(drained_addresses());
    }
}

RouterKey VirtualRouter::key() const {
    return {config().interface, config().family, config().vrid,
            config().election ? std::string{} : config().name};
}

void VirtualRouter::start(const Interfaces &interfaces, Instant now) {
    interfaces_ = &interfaces;
    claim_by_ = now + config().workers.timeout;
    known_soon_by_ = now + kKnownSoon;
    trackers_.begin(claim_by_);
    find_addresses(now);
    report_interface_faults(now);
}

void VirtualRouter::stay_out(FaultCause cause, const Faults::Entry &entry,
                             Instant now) {
    const std::string before = faults_.reason();
    faults_.stay_out(cause, entry, now);
    report_fault(before, now);
}

void VirtualRouter::disable(const std::string &reason, Instant now) {
    set_fault(FaultCause::process, reason, now);
    phase_ = Phase::joined;
    input(vrrp::Startup{}, now);
}

// A process that waits for the router gets it, without a change on the LAN.
void VirtualRouter::stop(const std::string &reason, bool serving, Instant now,
                         bool deleted) {
    stopped_ = true;
    deleted_ = deleted;
    ending_ = {reason, serving, successor_grace()};
    if (!serving) {
        finish_removal(now);
    }
    if (!serving || deleted) {
        abort_drain(reason, now);
    }
    if (phase_ == Phase::claiming) {
        phase_ = Phase::passing;
        ports_.ownership.watch_owner(id_, now);
    }
    if (phase_ == Phase::passing) {
        check_ownership(now);
    } else {
        leave(now);
    }
}

// A lost address is judged by its lease at the time of the loss; whether we may
// have it again, by the time that has passed.
void VirtualRouter::set_interfaces(Instant now) {
    if (!interfaces_) {
        return;  // we stand aside
    }
    vmac_asked_up_.reset();
    const Losses losses = find_addresses(now);
    find_routes(now);
    input(vrrp::TimeReached{}, now);
    report_interface_faults(now);
    restore(losses, now);
    restore_routes(now);
    find_vmac(now);
    remove_strays(now);
    check_split_brain(now);
}

// A process that ends, and holds the router for a successor that does not run
// now, watches the successor's workers: our own workers are also quitting.
std::string VirtualRouter::workers_fault(const WorkerVerdict &verdict) const {
    const bool for_successor =
        stopped_ && (hand_over_by_ || phase_ == Phase::passing);
    return verdict.healthy || for_successor || stands_in_
               ? std::string{}
               : format("%u of %u nginx workers alive", verdict.fresh,
                        config().workers.required);
}

bool VirtualRouter::is_news(const WorkerVerdict &verdict) const {
    return phase_ == Phase::starting ||
           faults_.entry(FaultCause::nginx).text != workers_fault(verdict);
}

void VirtualRouter::set_workers(const WorkerVerdict &verdict, Instant now) {
    if (verdict.healthy || phase_ != Phase::starting || now >= claim_by_) {
        set_fault(FaultCause::nginx, workers_fault(verdict), now);
    } else {
        return;
    }
    ready_ = phase_ == Phase::starting && is_ready(now);
    if (ready_ && !config().is_grouped()) {
        claim(now);
    }
}

bool VirtualRouter::is_ready(Instant now) const {
    return trackers_.are_known() || now >= known_soon_by_;
}

void VirtualRouter::evaluate_trackers(Instant now) {
    mark_changed();
    if (!interfaces_) {
        return;  // we stand aside
    }
    const std::string before = faults_.reason();
    inspect_trackers(now);
    report_fault_and_priority(before, now);
    take_part(now);
    see_witness(now);
}

void VirtualRouter::inspect_trackers(Instant now) {
    trackers_.evaluate(*interfaces_, ports_.results, now);
    if (is_ours()) {
        for (const std::string &title : trackers_.latch()) {
            ports_.shared.set_latched(key(), title, true);
        }
    }
    faults_.set(FaultCause::tracker, trackers_.fault());
    if (is_ours()) {
        report_tracker_changes(now);
    }
}

// The cause is reported before its effect.
void VirtualRouter::report_tracker_changes(Instant now) {
    const Priority priority = priority_now();
    for (const auto &[tracker, from] : trackers_.take_changes()) {
        if (config().is_second()) {
            continue;  // the first part has the same trackers
        }
        const TrackerConfig &about = tracker->config();
        if (about.witness) {
            report_witness(*tracker);
        }
        const TrackerChanged change{about.type, about.name, from,
                                    tracker->state()};
        ports_.events.on_event({change, tracker->reason(), priority}, config(),
                               now);
    }
}

[[gnu::hot]] void VirtualRouter::handle_packet(const ReceivedPacket &packet,
                                               Instant now) {
    if (phase_ != Phase::joined || (is_repeated(packet) && hear_again(now))) {
        return;
    }
    auto parsed =
        wire::parse_advertisement(packet.payload, packet.info.endpoints,
                                  config().advertised().empty() ? 0 : 1);
    if (!parsed) {
        report_drop(parsed.error(), packet, nullptr, now);
        return;
    }

    if (const auto reason = vrrp::refuse(config(), source_,
                                         parsed->advertisement, packet.info)) {
        report_drop(*reason, packet, &parsed->advertisement, now);
        return;
    }
    if (!is_authentic(*parsed, packet, now)) {
        return;
    }

    const IpAddress &peer = packet.info.endpoints.source;
    const vrrp::Input heard =
        vrrp::AdvertReceived{std::move(parsed.value().advertisement), peer};
    const auto &advert = std::get<vrrp::AdvertReceived>(heard).advertisement;
    ++counters_.adverts_received;
    if (advert.priority == kPriorityZero) {
        ++counters_.priority_zero_received;
        mark_changed();
    }
    if (const auto text = vrrp::mismatch(config(), advert, peer)) {
        mismatch_line_.write(log_, LogLevel::warn, *text, now);
    } else {
        note_accepted(packet, advert);
    }
    split_brain_.on_advert(advert.interval, now);
    const auto before = instance_.active_router();
    input(heard, now);
    changed_ = changed_ || !vrrp::is_same(before, instance_.active_router());
    split_brain_.on_rival(advert, peer, instance_.effective_priority(), now);
    report_losing(advert, peer, now);
    if (split_brain_.has_news()) {
        check_split_brain(now);
    }
    if (advert.priority != kPriorityZero) {
        leave_unheard(peer, now);
        if (instance_.state() != vrrp::StateName::active) {
            cut_.on_successor(now);
        }
    }
}

// Signed ones differ each time.
void VirtualRouter::note_accepted(const ReceivedPacket &packet,
                                  const wire::Advertisement &advert) {
    const Bytes octets = packet.payload;
    if (config().hmac || octets.size() > Accepted::kMostOctets) {
        return;
    }
    accepted_.info = packet.info;
    accepted_.size = static_cast<std::uint8_t>(octets.size());
    std::ranges::copy(octets, accepted_.octets.begin());
    accepted_.router = {packet.info.endpoints.source, advert.priority,
                        advert.interval};
}

[[gnu::hot]] bool VirtualRouter::is_repeated(
    const ReceivedPacket &packet) const {
    return accepted_.size != 0 && accepted_.info == packet.info &&
           std::ranges::equal(Bytes(accepted_.octets).first(accepted_.size),
                              packet.payload);
}

[[gnu::hot]] bool VirtualRouter::hear_again(Instant now) {
    if (!restart_timer(now)) {
        return false;
    }
    check_split_brain(now);
    cut_.on_successor(now);
    return true;
}

// All that a backup has to do with nearly all advertisements. They are octet by
// octet what was accepted before, so there is nothing to parse and to compare.
[[gnu::hot]] bool VirtualRouter::restart_timer(Instant now) {
    const vrrp::ActiveRouter &router = accepted_.router;
    const bool has_lost = owner_ && !ports_.ownership.owns(id_);
    if (has_lost || shutting_down_ || !instance_.hear_again(router, now)) {
        return false;
    }
    ++counters_.adverts_received;
    split_brain_.on_advert(router.interval, now);
    return true;
}

[[gnu::hot]] bool VirtualRouter::hear_again(const ReceivedPacket &packet,
                                            Instant now) {
    return is_repeated(packet) && restart_timer(now);
}

// All that hear_again() leaves out has a deadline.
[[gnu::hot]] bool VirtualRouter::is_calm() const {
    return accepted_.size != 0 && phase_ == Phase::joined &&
           !cut_.waits_for_successor() && !split_brain_.has_stray();
}

// An early deadline does no harm.
[[gnu::hot]] Instant VirtualRouter::calm_until(Instant deadline) const {
    return deadline - accepted_.router.interval * 3 / 2;
}

[[gnu::hot]] void VirtualRouter::handle_time(Instant now) {
    check_ownership(now);
    if (interfaces_ && link_down_at_ && now >= *link_down_at_) {
        report_interface_faults(now);
    }
    end_faults(now);
    if (release_) {
        end_release(now);
    }
    if (trackers_.deadline() && now >= *trackers_.deadline()) {
        evaluate_trackers(now);
    }
    if (!advertise_again(now)) {
        may_wait_ = true;
        input(vrrp::TimeReached{}, now);
        may_wait_ = false;
    }
    if (vmac_retry_at_ && now >= *vmac_retry_at_) {
        vmac_retry_at_.reset();
        report_interface_faults(now);
    }
    ask_witness(now);
    check_checker(now);
    leave_black_hole(now);
    remove_strays(now);
    retry_routes(now);
    cut_late(now);
    continue_drain(now);
    continue_standing_in(now);
    give_up_if_ended();
}

// All that a router has to do when only its next advertisement is due: no
// actions are made for it.
[[gnu::hot]] bool VirtualRouter::advertise_again(Instant now) {
    if (owner_ && !ports_.ownership.owns(id_)) {
        return false;
    }
    const vrrp::Instance::Due due = instance_.advertise_again(now);
    if (due == vrrp::Instance::Due::other) {
        return false;
    }
    may_wait_ = true;
    act(vrrp::SendAdvert{instance_.effective_priority()}, now);
    if (due == vrrp::Instance::Due::advert_and_renewal) {
        act(vrrp::RenewAddresses{}, now);
    }
    may_wait_ = false;
    check_split_brain(now);
    give_up_if_ended();
    return true;
}

[[gnu::hot]] std::optional<Instant> VirtualRouter::deadline() const {
    std::optional<Instant> earliest = instance_.deadline();
    take_earlier(earliest, other_deadline());
    return earliest;
}

[[gnu::hot]] std::optional<Instant> VirtualRouter::other_deadline() const {
    std::optional<Instant> earliest = faults_.deadline();
    if (release_) {
        take_earlier(earliest, release_ends_at());
    }
    if (interfaces_) {
        take_earlier(earliest, link_down_at_);
    }
    take_earlier(earliest, trackers_.deadline());
    take_earlier(earliest, black_hole_at());
    take_earlier(earliest, remove_strays_at_);
    take_earlier(earliest, retry_routes_at_);
    take_earlier(earliest, cut_.deadline());
    take_earlier(earliest, drain_.deadline());
    take_earlier(earliest, count_own_at_);
    take_earlier(earliest, preempts_at_);
    take_earlier(earliest, forwarding_.deadline());
    take_earlier(earliest, split_brain_.deadline());
    take_earlier(earliest, vmac_retry_at_);
    take_earlier(earliest, witness_deadline());
    if (owner_ || phase_ == Phase::claiming || phase_ == Phase::passing) {
        take_earlier(earliest, ports_.ownership.deadline(id_));
    }
    return earliest;
}

bool VirtualRouter::finished() const {
    return stopped_ && !owner_ && phase_ != Phase::passing &&
           !holds_addresses();
}

// Changes that happened while another process took over are not for this
// process to handle.
[[gnu::hot]] void VirtualRouter::input(const vrrp::Input &input, Instant now) {
    if (owner_ && !ports_.ownership.owns(id_)) {
        lose(now);
    }
    const bool was_leaving = instance_.is_leaving();
    perform(instance_.handle(input, now), now);
    if (was_leaving && release_ && is_master()) {
        log_(LogLevel::notice,
             "no router has taken over, staying MASTER with priority %u",
             unsigned{instance_.effective_priority().value});
    }
    settle_drain(now);
    continue_standing_in(now);
    check_split_brain(now);
    check_lost_adverts(now);
    if (witness_) {
        check_cut_off(now);
    }
    give_up_if_ended();
}

[[gnu::hot]] void VirtualRouter::perform(const vrrp::Actions &actions,
                                         Instant now) {
    const auto can_wait = [](const vrrp::Action &action) {
        return std::holds_alternative<vrrp::SendAdvert>(action) ||
               std::holds_alternative<vrrp::RenewAddresses>(action);
    };
    const bool all_can_wait = std::ranges::all_of(actions, can_wait);
    changed_ = changed_ || !all_can_wait;
    may_wait_ = may_wait_ && all_can_wait;
    if (!may_wait_ && !actions.empty()) {
        send_due_advert(now);
    }
    for (const vrrp::Action &action : actions) {
        std::visit([&](const auto &a) { act(a, now); }, action);
    }
}

void VirtualRouter::set_group_fault(std::string text, Instant now) {
    if (faults_.entry(FaultCause::group).text != text) {
        set_fault(FaultCause::group, std::move(text), now);
    }
}

bool VirtualRouter::serves() const {
    return instance_.state() == vrrp::StateName::active &&
           !instance_.is_leaving() &&
           std::ranges::all_of(addresses_, [](const AddressState &state) {
               return state.present || state.address.optional;
           });
}

void VirtualRouter::obey(const vrrp::Input &order, Instant now) {
    input(order, now);
}

void VirtualRouter::set_fault(FaultCause cause, std::string text, Instant now) {
    mark_changed();
    const std::string before = faults_.reason();
    faults_.set(cause, std::move(text));
    report_fault(before, now);
}

void VirtualRouter::stay_out(FaultCause cause, const std::string &why,
                             Duration first, Instant now) {
    mark_changed();
    const std::string before = faults_.reason();
    faults_.stay_out(cause, why, first, now);
    ++counters_.stayed_out;
    log_(LogLevel::error, "%s", faults_.entry(cause).text.c_str());
    report_fault(before, now);
}

[[gnu::hot]] void VirtualRouter::end_faults(Instant now) {
    if (!faults_.deadline() || now < *faults_.deadline()) {
        return;
    }
    mark_changed();
    const std::string before = faults_.reason();
    faults_.expire(now);
    report_fault(before, now);
}

void VirtualRouter::report_fault(const std::string &before, Instant now) {
    if (faults_.reason() != before) {
        input(vrrp::FaultChanged{faults_.reason()}, now);
    }
}

// cause: in place of trackers, whose contributions are news only now.
void VirtualRouter::report_priority(Instant now, const std::string &cause) {
    const Priority before = instance_.effective_priority();
    const Priority after = priority_now();
    std::string news = trackers_.take_news();
    if (after != before) {
        news = cause.empty() ? news : cause;
        input(vrrp::PriorityChanged{after, news}, now);
        log_(LogLevel::notice, "priority %u -> %u: %s", unsigned{before.value},
             unsigned{after.value}, news.c_str());
        const vrrp::StateName state = instance_.state();
        const bool takes_part = state == vrrp::StateName::active ||
                                state == vrrp::StateName::backup;
        if (takes_part && !config().is_second()) {
            ports_.events.on_event({PriorityNews{state, before}, news, after},
                                   config(), now);
        }
    }
}

// Out of the election with the priority that the others know, into it with
// the new one.
void VirtualRouter::report_fault_and_priority(const std::string &before,
                                              Instant now) {
    if (faults_.reason().empty()) {
        report_priority(now);
        report_fault(before, now);
    } else {
        report_fault(before, now);
        report_priority(now);
    }
}

// Facts about interfaces

// Act on a new fault at once; clear a fault only after all sources were
// evaluated, because one may end while another begins.
void VirtualRouter::report_interface_faults(Instant now) {
    const std::string fault = interface_fault(now);
    if (!fault.empty()) {
        set_fault(FaultCause::interface, fault, now);
    }

    report_link(fault.empty(), now);
    const std::string before = faults_.reason();
    inspect_trackers(now);
    faults_.set(FaultCause::interface, fault);
    if (config().election) {
        faults_.set(FaultCause::socket, open_socket());
        faults_.set(FaultCause::source, choose_source(now));
    }
    report_fault_and_priority(before, now);
    take_part(now);
}

// The interface that receives advertisements. "Up" at the first check is not a
// change, and neither is a link that was not down for link_down_delay.
void VirtualRouter::report_link(bool no_fault, Instant now) {
    const bool up =
        no_fault || link_fault(*interfaces_, config().interface).empty();
    if (up && !link_up_) {
        input(vrrp::LinkUp{}, now);
    }
    link_up_ = up;
}

// The device of the virtual MAC address is down while this node is not MASTER.
// Only a link that was up has link_down_delay, and only while its interface
// exists.
std::string VirtualRouter::interface_fault(Instant now) {
    std::vector<std::string> names{config().interface};
    for (const AddressState &state : addresses_) {
        if (!state.address.optional &&
            state.address.interface != config().vmac) {
            names.push_back(state.address.interface);
        }
    }
    std::string fault;
    bool missing = false;
    for (const std::string &name : names) {
        fault = fault.empty() ? link_fault(*interfaces_, name) : fault;
        missing = missing || !interfaces_->find(name);
    }

    const bool was_up = phase_ == Phase::joined &&
                        faults_.entry(FaultCause::interface).text.empty();
    if (fault.empty() || missing || !was_up) {
        link_down_at_.reset();
        return fault.empty() ? check_vmac(now) : fault;
    }
    link_down_at_ = link_down_at_.value_or(now + config().link_down_delay);
    if (now < *link_down_at_) {
        return {};
    }
    link_down_at_.reset();
    return fault;
}

bool VirtualRouter::depends_on_link(const std::string &interface) const {
    const auto has_it = [&](const AddressState &state) {
        return state.address.interface == interface;
    };
    const auto tracks_it = [&](const Tracker &tracker) {
        return tracker.config().interface == interface;
    };
    return interfaces_ && (config().interface == interface ||
                           std::ranges::any_of(addresses_, has_it) ||
                           std::ranges::any_of(trackers_.list(), tracks_it));
}

std::string VirtualRouter::open_socket() {
    const Interface *interface = own_interface();
    if (!interface) {
        ports_.transmit.forget(config().interface);
        return {};
    }
    const Status status = ports_.transmit.listen(*interface, config());
    return status ? listen_on_vmac() : status.error().to_string();
}

// IPv4: the interface's first address that is not virtual. IPv6: its link-local
// address (RFC 9568, 5.1.2.1). A list of peers that contains this node shows
// the address that the others expect. A configured address must exist, or peers
// would not accept us. A tentative address can neither send nor receive.
std::string VirtualRouter::choose_source(Instant now) {
    const bool was_pending = std::exchange(source_pending_, false);
    const Interface *interface = own_interface();
    if (!interface) {
        return {};
    }

    const InterfaceAddress *usable =
        find_first(interface->addresses, [&](const InterfaceAddress &a) {
            return !a.tentative && !a.ours && !config().source &&
                   vrrp::find_peer(config(), a.address);
        });
    if (!usable) {
        usable = find_first(interface->addresses, [&](const auto &a) {
            return !a.tentative && fits_as_source(a);
        });
    }
    if (!usable) {
        return wait_for_source(*interface, was_pending);
    }
    if (source_ != usable->address) {
        source_ = usable->address;
        accepted_ = {};
        input(vrrp::SourceChanged{source_}, now);
    }
    return {};
}

bool VirtualRouter::fits_as_source(const InterfaceAddress &a) const {
    if (a.address.family() != config().family) {
        return false;
    }
    if (config().source) {
        return a.address == *config().source;
    }
    const bool right_scope =
        config().family == Family::ipv4 || a.address.is_link_local();
    return right_scope && !a.ours && !is_virtual(a.address);
}

// At boot nginx may start before the kernel has verified that no other host has
// the link-local address: this takes a second or two, and is not a fault.
std::string VirtualRouter::wait_for_source(const Interface &interface,
                                           bool was_pending) {
    const InterfaceAddress *tentative = find_first(
        interface.addresses, [&](const auto &a) { return fits_as_source(a); });
    if (tentative && tentative->duplicate) {
        return format(
            "another host has %s, the source address of interface %s "
            "(duplicate address detection)",
            tentative->address.to_string().c_str(), interface.name.c_str());
    }
    if (tentative && interface.up && phase_ != Phase::joined) {
        source_pending_ = true;
        if (!was_pending) {
            log_(LogLevel::notice,
                 "waiting for duplicate address detection of %s",
                 tentative->address.to_string().c_str());
        }
        return {};
    }
    return config().source
               ? (config().is_unicast() ? "unicast_src_ip " : "mcast_src_ip ") +
                     config().source->to_string() +
                     " is not configured on interface " + interface.name
               : format("interface %s has no IPv%d address to send from",
                        interface.name.c_str(), to_number(config().family));
}

// The owner's real address is the virtual one.
bool VirtualRouter::is_virtual(const IpAddress &address) const {
    return config().priority != kPriorityOwner &&
           std::ranges::any_of(addresses_, [&](const AddressState &state) {
               return state.address.address == address;
           });
}

[[gnu::hot]] const Interface *VirtualRouter::own_interface() const {
    return interfaces_ ? interfaces_->find(config().interface) : nullptr;
}

[[gnu::hot]] const Interface *VirtualRouter::interface_of(
    const vrrp::VirtualAddress &address) const {
    return interfaces_ ? interfaces_->find(address.interface) : nullptr;
}

}  // namespace ngx_vrrp::engine
