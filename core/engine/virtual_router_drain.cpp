// A planned move that cuts no connection: see drain.hpp.
//
// The node that leaves asks its successor first, while it is still MASTER. If
// that one forwards packets, the addresses go to "lo" when it has taken over,
// before they leave the interface: without any local address, the kernel would
// drop what a client sends, and reset what a process sends. Routes stay, too.
#include <algorithm>

#include "core/base/find.hpp"
#include "core/base/system_error.hpp"
#include "core/engine/virtual_router.hpp"

namespace ngx_vrrp::engine {

namespace {

constexpr const char *kLoopback = "lo";

// The time before a preemption at which the other node learns of it.
constexpr Duration kPreemptAhead = Seconds{1};

// Of connections that are closed in one pass, which advertisements wait for.
constexpr unsigned kMostSlices = 20;

// ARP of this node must not begin to answer before the addresses are gone.
constexpr Duration kHiddenFor = kDrainLease + Seconds{1};

// The node reaches the subnet of the address without it, too.
bool has_other_route(const Interface &interface,
                     const std::vector<AddressState> &addresses,
                     const vrrp::VirtualAddress &address) {
    return address.prefix_length ==
               host_prefix_length(address.address.family()) ||
           address.no_prefix_route ||
           std::ranges::any_of(interface.addresses, [&](const auto &a) {
               const auto is_virtual = [&](const AddressState &state) {
                   return state.address.address == a.address;
               };
               return a.prefix_length <= address.prefix_length &&
                      same_prefix(address.address, a.address,
                                  a.prefix_length) &&
                      std::ranges::none_of(addresses, is_virtual);
           });
}

// Routers that count at about the same time do so together.
constexpr Duration kCountedTogether = Milliseconds{200};

// Broadcast, too.
bool is_group_address(const MacAddress &mac) {
    return (mac[0] & 1) != 0;
}

const char *plural(unsigned count) {
    return count == 1 ? "" : "s";
}

}  // namespace

// Link-local addresses belong to one interface. An IPv6 prefix route on lo
// would stay when the address is removed.
std::vector<vrrp::VirtualAddress> VirtualRouter::drained() const {
    std::vector<vrrp::VirtualAddress> list;
    for (const AddressState &state : addresses_) {
        const IpAddress &address = state.address.address;
        if (!address.is_link_local()) {
            vrrp::VirtualAddress &there = list.emplace_back();
            there.address = address;
            there.prefix_length = host_prefix_length(address.family());
            there.interface = kLoopback;
            there.no_prefix_route = true;
        }
    }
    return list;
}

std::vector<IpAddress> VirtualRouter::drained_addresses() const {
    std::vector<IpAddress> list;
    for (const vrrp::VirtualAddress &address : drained()) {
        list.push_back(address.address);
    }
    return list;
}

bool VirtualRouter::has_drained(Family family) const {
    return std::ranges::any_of(addresses_, [&](const AddressState &state) {
        const IpAddress &address = state.address.address;
        return address.family() == family && !address.is_link_local();
    });
}

bool VirtualRouter::drains_ipv4() const {
    return config().peer_link && config().drain_timeout > Duration::zero() &&
           has_drained(Family::ipv4);
}

// IPv4 addresses need a program at egress.
std::string VirtualRouter::why_not_hidden() const {
    const Interface *interface = own_interface();
    return interface ? ports_.drains.why_not_hidden(*interface) : "";
}

// Empty: it can, if the successor does.
std::string VirtualRouter::why_no_drain() const {
    if (!config().peer_link) {
        return "there is no peer link";
    }
    if (config().drain_timeout <= Duration::zero()) {
        return "drain_timeout is 0";
    }
    if (std::string why = ports_.drains.why_unavailable(); !why.empty()) {
        return why;
    }
    if (config().has_vmac()) {
        return "use_vmac";
    }
    const Interface *interface = own_interface();
    if (!interface || drained().empty()) {
        return "there is no address that can move to lo";
    }
    const std::string not_hidden =
        has_drained(Family::ipv4) ? why_not_hidden() : "";
    if (!not_hidden.empty() && !has_drained(Family::ipv6)) {
        return not_hidden;
    }
    for (const AddressState &state : addresses_) {
        const vrrp::VirtualAddress &address = state.address;
        if (!not_hidden.empty() && address.address.family() == Family::ipv4) {
            continue;
        }
        if (address.interface != config().interface) {
            return address.address.to_string() + " is on another interface";
        }
        if (is_used_as_it_is(state) || has_other_on_lo(address.address)) {
            return "another program added " + address.address.to_string();
        }
        if (!has_other_route(*interface, addresses_, address)) {
            return "no other address of " + address.interface +
                   " is in the subnet of " + address.address.to_string();
        }
    }
    return {};
}

// Or why it did not at the last move.
std::string VirtualRouter::why_undrained() const {
    std::string why = why_no_drain();
    if (why.empty() && refusal_.empty() && drains_ipv4()) {
        why = why_not_hidden();
        return why.empty() ? why : "not for IPv4: " + why;
    }
    return why.empty() ? refusal_ : why;
}

// For good, for example behind a load balancer that leaves the address as it
// is.
bool VirtualRouter::has_other_on_lo(const IpAddress &address) const {
    const Interface *lo = interfaces_ ? interfaces_->find(kLoopback) : nullptr;
    return lo && std::ranges::any_of(lo->addresses, [&](const auto &a) {
               return a.address == address && !a.ours;
           });
}

MacAddress VirtualRouter::own_mac() const {
    const Interface *interface = own_interface();
    return interface ? interface->mac : MacAddress{};
}

// The node that leaves

// A fault does not wait: this node cannot serve. A group leaves together.
void VirtualRouter::leave_by(const vrrp::Input &leave, bool serving,
                             Instant now) {
    const bool asks = serving && !postponed_ && ask_to_forward(now);
    if (serving && (postponed_ || asks || leaves_with_group())) {
        postponed_ = leave;
        gives_way_ = false;
    } else {
        input(leave, now);
    }
}

bool VirtualRouter::leaves_with_group() const {
    return config().is_grouped() && may_leave();
}

bool VirtualRouter::may_leave() const {
    return instance_.state() == vrrp::StateName::active &&
           !instance_.is_leaving() && !deleted_ && may_act() &&
           config().election;
}

bool VirtualRouter::ask_to_forward(Instant now) {
    if (!may_leave() || drain_.is_asking() || drain_.has_addresses()) {
        return false;
    }
    look_again();
    if (!why_no_drain().empty()) {
        return false;
    }
    refusal_.clear();
    drain_.ask(count_connections(now).value_or(0), now);
    mark_changed();
    return true;
}

// Since the last look, another program may have added a qdisc.
void VirtualRouter::look_again() {
    const Interface *interface = own_interface();
    if (interface && drains_ipv4() && ports_.drains.look_at(*interface) &&
        !why_not_hidden().empty()) {
        log_(LogLevel::warn,
             "IPv4 connections to its addresses end when they move: %s",
             why_not_hidden().c_str());
    }
}

std::optional<unsigned> VirtualRouter::count_connections(Instant now) {
    return count_connections(now - kCountedTogether, now);
}

std::optional<unsigned> VirtualRouter::count_connections(Instant after,
                                                         Instant now) {
    const auto count = counts_->count(drained_addresses(), after, now);
    if (!count) {
        drain_line_.write(log_, LogLevel::warn, count.error().to_string(), now);
        return std::nullopt;
    }
    return *count;
}

// The connections of the node from which this one has taken over: its segments
// come through this node.
unsigned VirtualRouter::passed_on() const {
    return forwarding_.is_on() ? forwarding_.connections() : 0;
}

void VirtualRouter::leave_as_asked(Instant now) {
    if (const auto leave = std::exchange(postponed_, std::nullopt)) {
        input(*leave, now);
        if (const auto *release = std::get_if<vrrp::Release>(&*leave)) {
            report_priority(now, release->reason);
        }
    }
}

void VirtualRouter::hear_forwards(const ForwardsReport &report, Instant now) {
    mark_changed();
    if (drain_.is_asking()) {
        if (report.is_in_place) {
            drain_.agree(report, now);
        } else {
            refuse_drain(LogLevel::notice, report.why_not);
            drain_.end();
        }
        if (!config().is_grouped()) {
            leave_together(report.is_in_place, now);
        }
    } else if (drain_.step() == Drain::Step::drains) {
        if (report.is_in_place) {
            hear_successor(report, now);
        } else {
            drain_.refuse(report.why_not, now);
        }
    }
    give_up_if_ended();
}

// What it forwards is counted from now on: a process that continues a drain
// does not know the MAC address before.
void VirtualRouter::hear_successor(const ForwardsReport &report, Instant now) {
    const bool is_another = drain_.successor() != report.mac;
    drain_.hear(report, now);
    const Interface *interface = own_interface();
    if (is_another && interface && may_act()) {
        warn_if_failed(hide(*interface), now);
    }
}

void VirtualRouter::refuse_drain(LogLevel level, std::string why) {
    log_(level, "connections to its addresses end when they move: %s",
         why.c_str());
    refusal_ = std::move(why);
}

// One that would give way, in vain, is preempted.
void VirtualRouter::leave_together(bool has_agreed, Instant now) {
    if (is_giving_way() && !has_agreed) {
        postponed_.reset();
    }
    leave_as_asked(now);
}

void VirtualRouter::want_way(Instant now) {
    wanted_until_ = now + Drain::kRequestTime;
}

bool VirtualRouter::may_give_way(Instant now) const {
    return now < wanted_until_ && !postponed_ && may_leave();
}

void VirtualRouter::give_way(const std::string &successor, Instant now) {
    wanted_until_ = {};
    if (ask_to_forward(now) || leaves_with_group()) {
        postponed_ =
            vrrp::Release{successor + " preempts", successor_grace(), true};
        gives_way_ = true;
    }
}

bool VirtualRouter::can_ask_to_leave() const {
    return config().peer_link && phase_ == Phase::joined && may_act() &&
           !stopped_ && ports_.drains.why_unavailable().empty() &&
           instance_.state() == vrrp::StateName::backup &&
           instance_.active_router();
}

// The other node needs a moment for it.
std::optional<IpAddress> VirtualRouter::preempts_soon(Instant now) const {
    if (!can_ask_to_leave()) {
        return std::nullopt;
    }
    return preempts_at_ ? instance_.active_router()->address
                        : instance_.preempts_within(kPreemptAhead, now);
}

// By a command: at once, if the other node is not asked to leave before.
void VirtualRouter::preempt(const vrrp::Input &preempt, bool may_ask,
                            Instant now) {
    if (may_ask) {
        preempts_at_ = now + Drain::kRequestTime;
    } else {
        input(preempt, now);
    }
}

void VirtualRouter::preempt_as_asked(Instant now) {
    if (preempts_at_ && now >= *preempts_at_) {
        preempts_at_.reset();
        input(vrrp::Preempt{kFailback}, now);
    }
}

void VirtualRouter::let_leave(Instant now) {
    const Instant until = now + Drain::kAnswerTime;
    if (preempts_at_) {
        preempts_at_ = until;
    }
    input(vrrp::ActiveLeavesBy{until}, now);
}

// It has left in another way. What it was to do is done then: a release holds
// for a backup, too.
[[gnu::hot]] void VirtualRouter::settle_drain(Instant now) {
    if (instance_.state() != vrrp::StateName::backup) {
        preempts_at_.reset();
    }
    const bool is_active = instance_.state() == vrrp::StateName::active;
    const bool has_agreed = drain_.step() == Drain::Step::agreed;
    if ((postponed_ && (!is_active || instance_.is_leaving())) ||
        (has_agreed && !is_active)) {
        mark_changed();
        if (!drain_.has_addresses()) {
            drain_.end();
        }
        leave_together(false, now);
    } else if (has_agreed && !instance_.is_leaving()) {
        drain_.expect_late_successor(now);
    }
}

void VirtualRouter::cancel_drain() {
    postponed_.reset();
    if (drain_.is_asking() || drain_.step() == Drain::Step::agreed) {
        drain_.end();
        mark_changed();
    }
}

// In place of the removal of the addresses. False: they are to be removed.
bool VirtualRouter::begin_drain(bool is_taken, Instant now) {
    const Interface *interface = own_interface();
    if (drain_.step() != Drain::Step::agreed || !interface || !may_act()) {
        return false;
    }
    hides_ipv4_ = why_not_hidden().empty();
    const bool has_closed = is_taken && close_unhidden(now);
    const unsigned count =
        count_connections(has_closed ? now : drain_.since(), now).value_or(0) +
        passed_on();
    if (count == 0) {
        return false;
    }
    const Status held = hold_on_lo();
    const Status ready = held ? hide(*interface) : held;
    if (!ready) {
        refuse_drain(LogLevel::warn, ready.error().to_string());
        remove_from_lo(now);
        return false;
    }
    drain_.begin(count, is_taken, drain_limit_, now);
    drop_addresses(now);
    log_(LogLevel::notice, "finishing %u connection%s to its addresses, %s",
         count, plural(count),
         is_taken ? "which the new MASTER forwards to this node"
                  : "its successor has agreed to forward, but is late");
    return true;
}

// The address leaves at once: most of its connections can be closed before.
bool VirtualRouter::close_unhidden(Instant now) {
    std::vector<IpAddress> list = drained_addresses();
    std::erase_if(list,
                  [&](const auto &address) { return is_hidden(address); });
    if (list.empty() || !config().close_connections || config().ports.empty()) {
        return false;
    }
    unsigned count = 0;
    bool all = false;
    for (unsigned i = 0; i < kMostSlices && !all; ++i) {
        const auto closed =
            ports_.connections.close_connections(list, config().ports);
        if (!closed) {
            warn_if_failed(Unexpected(closed.error()), now);
            break;
        }
        count += closed->connections;
        all = closed->all;
    }
    log_(LogLevel::notice, "closed %u connection%s to its addresses, %s", count,
         plural(count), why_not_hidden().c_str());
    return true;
}

bool VirtualRouter::is_hidden(const IpAddress &address) const {
    return hides_ipv4_ || address.family() == Family::ipv6;
}

Status VirtualRouter::hold_on_lo() {
    const Interface *lo = interfaces_ ? interfaces_->find(kLoopback) : nullptr;
    if (!lo) {
        return failure("finding the interface lo", ENODEV);
    }
    const std::vector<vrrp::VirtualAddress> addresses = drained();
    std::vector<LeaseRequest> requests;
    for (const vrrp::VirtualAddress &address : addresses) {
        if (is_hidden(address.address)) {
            requests.push_back({lo, &address, kDrainLease});
        }
    }
    std::vector<Status> answers;
    ports_.addresses.add(requests, answers);
    const auto failed = std::ranges::find_if(
        answers, [](const Status &status) { return !status; });
    return failed == answers.end() ? success() : *failed;
}

Status VirtualRouter::hide(const Interface &interface) {
    std::vector<IpAddress> list = drained_addresses();
    std::erase_if(list,
                  [&](const auto &address) { return !is_hidden(address); });
    return ports_.drains.hide(interface, list, drain_.successor(), kHiddenFor);
}

void VirtualRouter::warn_if_failed(const Status &status, Instant now) {
    if (!status) {
        drain_line_.write(log_, LogLevel::warn, status.error().to_string(),
                          now);
    }
}

void VirtualRouter::remove_from_lo(Instant now) {
    const Interface *lo = interfaces_ ? interfaces_->find(kLoopback) : nullptr;
    for (const vrrp::VirtualAddress &address : drained()) {
        if (lo && may_act()) {
            const Status status = ports_.addresses.remove(*lo, address);
            if (!status) {
                remove_line_.write(log_, LogLevel::alert,
                                   status.error().to_string() +
                                       ", the kernel removes it within " +
                                       std::to_string(kDrainLease.count()) +
                                       " s",
                                   now);
            }
        }
    }
    if (const Interface *interface = own_interface()) {
        warn_if_failed(ports_.drains.show(*interface, drained_addresses()),
                       now);
    }
}

[[gnu::hot]] void VirtualRouter::continue_drain(Instant now) {
    preempt_as_asked(now);
    if (forwarding_.has_ended(now)) {
        stop_forwarding("it has not been asked for any more");
    }
    if (!drain_.is_due(now)) {
        return;
    }
    mark_changed();
    switch (drain_.step()) {
        case Drain::Step::asks:
            hear_forwards({false,
                           "the successor has not answered on the peer link",
                           0,
                           {}},
                          now);
            break;
        case Drain::Step::drains:
            report_drain(now);
            break;
        case Drain::Step::closes:
            if (cut(now) || drain_.has_closed_long_enough(now)) {
                finish_drain(drain_.why(), now);
            } else {
                drain_.close_again(now);
            }
            break;
        case Drain::Step::agreed:
            drain_.end();
            break;
        case Drain::Step::none:
            break;
    }
}

void VirtualRouter::report_drain(Instant now) {
    const Interface *interface = own_interface();
    if (may_act()) {
        warn_if_failed(hold_on_lo(), now);
    }
    if (interface) {
        warn_if_failed(hide(*interface), now);
    }
    prolong_routes(now);
    const auto count = count_connections(now);
    drain_.report(count ? *count + passed_on() : drain_.connections(),
                  drain_counts().received, now);
    if (const std::string why = drain_.end_reason(now); !why.empty()) {
        end_drain(why, now);
    } else {
        stand_in(now);
    }
}

// Connections that are left get a reset, while the addresses can send it. If no
// node has these, they wait for a MASTER, as after a fault.
void VirtualRouter::end_drain(const std::string &why, Instant now) {
    if (!drain_.is_taken()) {
        cut_.wait_for_successor();
        finish_drain(why, now);
    } else if (drain_.connections() != 0 && !cut(now)) {
        drain_.close(why, now);
    } else {
        finish_drain(why, now);
    }
}

void VirtualRouter::finish_drain(const std::string &why, Instant now) {
    remove_from_lo(now);
    if (instance_.state() != vrrp::StateName::active) {
        remove_routes();
    }
    log_(LogLevel::notice,
         "has finished connections for %lld ms after the move: %s",
         static_cast<long long>(to_ms(now - drain_.since())), why.c_str());
    drain_.end();
    mark_changed();
}

// nginx does not serve any more.
void VirtualRouter::abort_drain(const std::string &why, Instant now) {
    if (drain_.has_addresses()) {
        cut(now);
        finish_drain(why, now);
    }
    stop_forwarding(why);
}

// The connections continue.
void VirtualRouter::take_back_drained(Instant now) {
    refusal_.clear();
    if (drain_.has_addresses()) {
        finish_drain("this node is MASTER again", now);
    }
}

void VirtualRouter::limit_drain(Duration most, Instant now) {
    drain_limit_ = std::min(drain_limit_, most);
    stands_in_until_ = std::min(stands_in_until_, now + most);
    drain_.end_by(now + most);
}

// A previous process has left it. Without an election they may be there by
// configuration.
void VirtualRouter::resume_drain(const std::optional<Handover> &handover,
                                 Instant now) {
    if (handover && handover->forwards_to) {
        resume_forwarding(*handover->forwards_to, now);
    }
    if (is_taken() || !may_act() || !finds_drain()) {
        return;
    }
    if (instance_.state() == vrrp::StateName::active || stopped_ ||
        !why_no_drain().empty()) {
        if (instance_.state() != vrrp::StateName::active) {
            cut(now);
        }
        remove_from_lo(now);
        return;
    }
    hides_ipv4_ = why_not_hidden().empty();
    log_(LogLevel::notice, "continues to finish connections to its addresses");
    drain_.begin(count_connections(now).value_or(1), true, drain_limit_, now);
    if (handover && handover->drain_ends_at) {
        drain_.end_by(*handover->drain_ends_at);
    }
    report_drain(now);
}

// The node that left reports within a second. Until then all continues, because
// what the previous process asked of the kernel ends with it.
void VirtualRouter::resume_forwarding(const MacAddress &to, Instant now) {
    const Interface *interface = own_interface();
    const bool is_on =
        interface && may_act() &&
        ports_.drains.forward(*interface, drained_addresses(), to, kDrainLease);
    if (is_on) {
        forwarding_.renew({.step = DrainRequest::Step::drains,
                           .connections = 0,
                           .most = kDrainSilence,
                           .mac = to,
                           .from = "the node that left"},
                          now);
    }
}

bool VirtualRouter::finds_drain() const {
    const Interface *lo = interfaces_ ? interfaces_->find(kLoopback) : nullptr;
    const std::vector<vrrp::VirtualAddress> addresses = drained();
    return lo && config().election && config().interface != kLoopback &&
           std::ranges::any_of(addresses, [&](const auto &address) {
               return lo->has_marked(address);
           });
}

// The successor

std::string VirtualRouter::why_no_forwarding(
    const DrainRequest &request) const {
    if (std::string why = ports_.drains.why_unavailable(); !why.empty()) {
        return why;
    }
    if (config().has_vmac()) {
        return "use_vmac";
    }
    if (phase_ != Phase::joined || !may_act() || !own_interface() ||
        drained().empty()) {
        return "it is not ready";
    }
    if (is_group_address(request.mac) || request.mac == MacAddress{}) {
        return "the MAC address is that of no node";
    }
    if (forwarding_.is_on() && !forwarding_.is_for(request.mac) &&
        forwarding_.from() != request.from) {
        return "it forwards to " + forwarding_.from();
    }
    const bool is_active = instance_.state() == vrrp::StateName::active;
    if (request.step == DrainRequest::Step::drains) {
        return is_active || drain_.has_addresses() ? "" : "it is not MASTER";
    }
    return is_active || instance_.state() == vrrp::StateName::backup
               ? ""
               : "it cannot take over";
}

ForwardsReport VirtualRouter::forward(const DrainRequest &request,
                                      Instant now) {
    if (request.step == DrainRequest::Step::ended) {
        if (forwarding_.is_for(request.mac)) {
            stop_forwarding("all is finished there");
        }
        return {};
    }
    if (std::string why = why_no_forwarding(request); !why.empty()) {
        return {false, std::move(why), 0, {}};
    }
    const Interface &interface = *own_interface();
    const std::vector<IpAddress> addresses = drained_addresses();
    const Status status =
        ports_.drains.forward(interface, addresses, request.mac, kDrainLease);
    if (!status) {
        warn_if_failed(status, now);
        return {false, status.error().to_string(), 0, {}};
    }
    mark_changed();
    if (!forwarding_.is_for(request.mac)) {
        log_(LogLevel::notice,
             "forwarding to %s what arrives for connections that it finishes "
             "(%u now)",
             request.from.c_str(), request.connections);
    }
    forwarding_.renew(request, now);
    return {true,
            {},
            ports_.drains.counts(interface, addresses).forwarded,
            interface.mac};
}

void VirtualRouter::stop_forwarding(const std::string &why) {
    if (!forwarding_.is_on()) {
        return;
    }
    const std::vector<IpAddress> addresses = drained_addresses();
    unsigned long long segments = 0;
    if (const Interface *interface = own_interface()) {
        segments = ports_.drains.counts(*interface, addresses).forwarded;
        const Status status =
            ports_.drains.stop_forwarding(*interface, addresses);
        if (!status) {
            log_(LogLevel::warn, "%s", status.error().to_string().c_str());
        }
    }
    log_(LogLevel::notice, "forwarding to %s has ended: %s (%llu segments)",
         forwarding_.from().c_str(), why.c_str(), segments);
    forwarding_.end();
    mark_changed();
}

bool VirtualRouter::has_agreed_with(const NodeWatches::Node &node) const {
    return config().interface == node.interface &&
           (forwarding_.is_for(node.mac) ||
            (drain_.has_addresses() && drain_.successor() == node.mac));
}

// What the clients of a node that has left send is answered by the kernel of
// this one. If the successor is dead, another node may be MASTER soon.
void VirtualRouter::lose(const NodeWatches::Node &node, Instant now) {
    if (forwarding_.is_for(node.mac)) {
        stop_forwarding("its node is dead, the kernel does not answer");
    }
    if (drain_.step() == Drain::Step::drains &&
        drain_.successor() == node.mac && !drain_.has_lost_successor()) {
        log_(LogLevel::notice,
             "the node that forwards is dead: its kernel does not answer");
        drain_.lose_successor(now);
        mark_changed();
    }
}

DrainCounts VirtualRouter::drain_counts() const {
    const Interface *interface = own_interface();
    return interface && (forwarding_.is_on() || drain_.has_addresses())
               ? ports_.drains.counts(*interface, drained_addresses())
               : DrainCounts{};
}

}  // namespace ngx_vrrp::engine
