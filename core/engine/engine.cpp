#include "core/engine/engine.hpp"

#include <algorithm>
#include <iterator>
#include <set>
#include <utility>

#include "core/base/find.hpp"

namespace ngx_vrrp::engine {

namespace {

// How often to check for workers that have never been seen: nginx starts them
// within milliseconds of us, and the first check decides how soon we join.
constexpr Duration kStartupCheck = Milliseconds{10};

bool has_come_back(const Interface &link, const Interfaces &before) {
    const Interface *known = before.find(link.name);
    return link.up && known && !known->up;
}

}  // namespace

Engine::Engine(std::vector<RouterConfig> configs, Ports ports, LogSink &sink)
    : ports_(ports),
      log_(sink),
      touched_(configs.size()),
      deadlines_(configs.size()),
      calm_(configs.size()),
      known_(configs.size()) {
    routers_.reserve(configs.size());
    for (RouterConfig &config : configs) {
        routers_.emplace_back(std::move(config), ports, announcer_, counts_,
                              sink);
        const VirtualRouter &router = routers_.back();
        const vrrp::WorkerPolicy &policy = router.config().workers;
        if (policy.required != 0) {
            worker_timeout_ = std::min(worker_timeout_.value_or(policy.timeout),
                                       policy.timeout);
        }
        if (std::ranges::find(watched_workers_, policy,
                              &WatchedWorkers::policy) ==
            watched_workers_.end()) {
            watched_workers_.push_back({policy, {}});
        }
        listen_for(router.key(), routers_.size() - 1);
        if (router.config().has_vmac()) {
            RouterKey on_vmac = router.key();
            on_vmac.interface = router.config().vmac;
            listen_for(on_vmac, routers_.size() - 1);
        }
        for (const AddressState &state : router.addresses()) {
            if (router.config().election) {
                by_address_.emplace(state.address.address, routers_.size() - 1);
            }
        }
        all_.push_back(routers_.size() - 1);
        needs_time_of_day_ =
            needs_time_of_day_ || !router.config().preempt_windows.empty();
    }
    make_groups();
}

template <class Call>
void Engine::with(std::span<const std::size_t> routers, Instant now,
                  const Call &call) {
    for (const std::size_t index : routers) {
        routers_[index].mark_changed();
        call(routers_[index]);
    }
    finish(routers, now);
    lag_watch_.next(deadline(), now);
}

template <class Call>
void Engine::with_each(Instant now, const Call &call) {
    with(all_, now, call);
}

template <class Call>
void Engine::with(std::size_t index, Instant now, const Call &call) {
    with(std::span(&index, 1), now, call);
}

// After each call that can change a router: performs the remaining work of
// these routers for all of them together.
[[gnu::hot]] void Engine::end_pass(std::span<const std::size_t> routers,
                                   Instant now) {
    const auto waits = [&](std::size_t i) {
        return routers_[i].has_requests();
    };
    if (std::ranges::any_of(routers, waits)) {
        send_adverts(routers, now);
        prolong_leases(routers, now);
    }
    announcer_.drain(now, [&](const Announcer::Turn &turn) {
        return turn.router->announce_in_turn(turn.address, now);
    });
    for (const std::size_t index : routers) {
        if (const auto distrust = routers_[index].take_distrust()) {
            deaths_.disprove(
                {routers_[index].config().interface, distrust->address},
                distrust->until);
        }
        note(index);
    }
}

[[gnu::hot]] void Engine::send_adverts(std::span<const std::size_t> routers,
                                       Instant now) {
    packets_.clear();
    answers_.clear();
    for (const std::size_t index : routers) {
        routers_[index].ask_to_send(packets_);
    }
    if (!packets_.empty()) {
        ports_.transmit.send(packets_, answers_);
    }
    std::span<const Status> answers = answers_;
    for (const std::size_t index : routers) {
        routers_[index].take_sent(answers, now);
    }
}

[[gnu::hot]] void Engine::prolong_leases(std::span<const std::size_t> routers,
                                         Instant now) {
    requests_.clear();
    answers_.clear();
    for (const std::size_t index : routers) {
        routers_[index].ask_to_prolong(requests_, now);
    }
    if (!requests_.empty()) {
        ports_.addresses.add(requests_, answers_);
    }
    std::span<const Status> answers = answers_;
    for (const std::size_t index : routers) {
        routers_[index].take_prolonged(answers, now);
    }
}

[[gnu::hot]] void Engine::note(std::size_t index) {
    VirtualRouter &router = routers_[index];
    const Known next{.is_ours = router.is_ours(),
                     .is_owner = router.is_owner(),
                     .is_active = router.holds_addresses(),
                     .is_draining = router.drain().has_addresses(),
                     .is_finished = router.finished(),
                     .has_claimed = router.has_claimed(),
                     .transitions = router.counters().transitions};
    const Known before = std::exchange(known_[index], next);

    ours_ += next.is_ours;
    ours_ -= before.is_ours;
    owned_ += next.is_owner;
    owned_ -= before.is_owner;
    active_ += next.is_active;
    active_ -= before.is_active;
    draining_ += next.is_draining;
    draining_ -= before.is_draining;
    finished_ += next.is_finished;
    finished_ -= before.is_finished;
    claimed_ += next.has_claimed;
    claimed_ -= before.has_claimed;
    transitions_ += next.transitions - before.transitions;
    if (router.take_left() && std::ranges::find(left_, index) == left_.end()) {
        left_.push_back(index);
    }
    if (router.take_drain_news() &&
        std::ranges::find(drain_news_, index) == drain_news_.end()) {
        drain_news_.push_back(index);
    }
    if (router.take_question()) {
        questions_.push_back(index);
    }
    const auto deadline = deadline_of(index);
    deadlines_.set(index, deadline);
    calm_[index] = {};
    if (group_of_[index] == kNoGroup && router.is_calm()) {
        calm_[index] = {router.calm_until(deadline.value_or(Instant::max())),
                        router.other_deadline().value_or(Instant::max())};
    }
    touched_.mark(index, router.take_changed() ? Touch::all : Touch::numbers);
}

// The timer of a calm router has started again.
[[gnu::hot]] void Engine::put_off(std::size_t index) {
    const VirtualRouter &router = routers_[index];
    Calm &calm = calm_[index];
    const Instant timer = router.instance().deadline().value_or(Instant::max());
    const Instant deadline = std::min(timer, calm.others);
    deadlines_.set(index, deadline);
    calm.until = router.calm_until(deadline);
}

void Engine::start(Interfaces interfaces, Instant now) {
    interfaces_ = std::move(interfaces);
    with_each(now, [&](VirtualRouter &r) { r.start(interfaces_, now); });
    watch_neighbours();
    watch_workers(now);
    lag_watch_.next(deadline(), now);
}

void Engine::stay_out(FaultCause cause, const Faults::Entry &entry,
                      Instant now) {
    with_each(now, [&](VirtualRouter &r) { r.stay_out(cause, entry, now); });
}

void Engine::disable(const std::string &reason, Instant now) {
    with_each(now, [&](VirtualRouter &r) { r.disable(reason, now); });
}

void Engine::stop(const std::string &reason, bool serving, Instant now,
                  bool deleted) {
    stopping_ = true;
    with_each(now,
              [&](VirtualRouter &r) { r.stop(reason, serving, now, deleted); });
}

[[gnu::hot]] void Engine::handle_packet(const ReceivedPacket &packet,
                                        Instant now) {
    const bool has_checked = check_workers(now);
    const auto found = find(packet);
    if (found && calm_[*found].is_calm() &&
        routers_[*found].hear_again(packet, now)) {
        touched_.mark(*found, Touch::numbers);
        const bool is_due = now >= calm_[*found].until;
        if (is_due) {
            put_off(*found);
        }
        if (is_due || has_checked) {
            lag_watch_.next(deadline(), now);
        }
    } else if (found) {
        routers_[*found].handle_packet(packet, now);
        finish({&*found, 1}, now);
        lag_watch_.next(deadline(), now);
    } else {
        unknown_routers_.handle_packet(packet, now);
        report_unknown(packet, now);
    }
}

// Other virtual routers are normal, but a wrong id has the same effect.
void Engine::report_unknown(const ReceivedPacket &packet, Instant now) {
    constexpr std::size_t kVrid = 1;
    const unsigned vrid =
        packet.payload.size() > kVrid ? packet.payload[kVrid] : 0;
    unknown_line_.write(
        log_, LogLevel::info,
        format("ignored a VRRP packet from %s on %s: no vrrp_instance on this "
               "interface has virtual_router_id %u and this address family",
               packet.info.endpoints.source.to_string().c_str(),
               std::string(packet.interface).c_str(), vrid),
        now);
}

void Engine::handle_interfaces(Interfaces interfaces, Instant now) {
    const Interfaces before = std::exchange(interfaces_, std::move(interfaces));
    with_each(now, [&](VirtualRouter &r) { r.set_interfaces(now); });
    announce_new_macs(before, now);
    forget_unanswered(before);
}

// After a bond changed its port, or an operator the MAC address, neighbours
// have the old one in their tables, and would keep it until it times out.
void Engine::announce_new_macs(const Interfaces &before, Instant now) {
    for (const Interface &link : interfaces_.list) {
        const Interface *known = before.find(link.name);
        if (!known || known->index != link.index || known->mac == link.mac) {
            continue;
        }
        with_each(now,
                  [&](VirtualRouter &r) { r.announce_again(link.name, now); });
    }
}

// While the link was down, the kernel sent its ARP requests without an answer.
// It sends three, one a second, and until it has given up, more traffic does
// not trigger another request: a router that becomes active sooner could not
// answer any client.
void Engine::forget_unanswered(const Interfaces &before) {
    for (const Interface &link : interfaces_.list) {
        const bool matters =
            has_come_back(link, before) &&
            std::ranges::any_of(routers_, [&](const VirtualRouter &router) {
                return router.depends_on_link(link.name);
            });
        if (matters) {
            ports_.transmit.forget_unanswered(link);
        }
    }
}

void Engine::handle_ownership(Instant now) {
    with_each(now, [&](VirtualRouter &r) { r.check_ownership(now); });
}

void Engine::handle_name_holder(std::size_t index,
                                const std::optional<NameHolder> &holder,
                                Instant now) {
    with(index, now, [&](VirtualRouter &r) { r.set_name_holder(holder, now); });
}

// Announcements of an interface of this node are not a sign of another node.
// The other nodes have the same virtual MAC address: what comes from it to the
// address of its base is the answer of another node to a probe. A broadcast
// from it reaches only its device, and may be ours that came back.
void Engine::handle_neighbour(const NeighbourClaim &claim, Instant now) {
    const auto &all = interfaces_.list;
    const Interface *at = find_first(all, claim.index, &Interface::index);
    const Interface *own =
        find_first(all, claim.neighbour.mac, &Interface::mac);
    if (!at || (own && own->base != at->index)) {
        return;
    }
    watches_.answer(at->name, claim.neighbour, now);
    const auto [first, last] = by_address_.equal_range(claim.neighbour.address);
    for (auto it = first; it != last; ++it) {
        with(it->second, now, [&](VirtualRouter &r) {
            r.handle_neighbour(*at, claim.neighbour, now);
        });
    }
}

void Engine::handle_workers(Instant now) {
    if (workers_check_at_) {
        watch_workers(now);
    }
    lag_watch_.next(deadline(), now);
}

void Engine::handle_checks(Instant now) {
    with_each(now, [&](VirtualRouter &r) { r.evaluate_trackers(now); });
}

[[gnu::hot]] void Engine::handle_time(Instant now) {
    check_workers(now);
    deadlines_.find_due(now, due_);
    for (const std::size_t index : due_) {
        routers_[index].handle_time(now);
    }
    finish(due_, now);
    if (const auto at = watches_.deadline(); at && now >= *at) {
        watch_nodes(now);
    }
    lag_watch_.next(deadline(), now);
}

void Engine::handle_peers(std::span<const PeerInput> inputs, Instant now) {
    std::vector<std::size_t> routers;
    for (const PeerInput &in : inputs) {
        routers_[in.router].mark_changed();
        routers_[in.router].obey(in.input, now);
        routers.push_back(in.router);
    }
    finish(routers, now);
    lag_watch_.next(deadline(), now);
}

void Engine::set_linked_peers(std::size_t router, LinkedPeers links,
                              Instant now) {
    with(router, now,
         [&](VirtualRouter &r) { r.set_linked_peers(links, now); });
}

void Engine::hear_forwards(std::size_t router, const ForwardsReport &report,
                           Instant now) {
    with(router, now, [&](VirtualRouter &r) { r.hear_forwards(report, now); });
    const VirtualRouter &left = routers_[router];
    if (report.is_in_place && left.drain().has_addresses()) {
        watch_node({left.config().interface, report.at, report.mac}, now);
    }
}

ForwardsReport Engine::forward(std::size_t router, const DrainRequest &request,
                               Instant now) {
    ForwardsReport report;
    with(router, now,
         [&](VirtualRouter &r) { report = r.forward(request, now); });
    if (!report.is_in_place) {
        return report;
    }
    if (request.step == DrainRequest::Step::asks) {
        with(members_with(router), now,
             [&](VirtualRouter &r) { r.let_leave(now); });
    }
    watch_node({routers_[router].config().interface, request.at, request.mac},
               now);
    return report;
}

// If not all members of a group can leave, they are preempted.
void Engine::give_way(std::size_t router, const std::string &successor,
                      Instant now) {
    const std::span<const std::size_t> members = members_with(router);
    routers_[router].want_way(now);
    if (std::ranges::all_of(members, [&](std::size_t i) {
            return routers_[i].may_give_way(now);
        })) {
        with(members, now,
             [&](VirtualRouter &r) { r.give_way(successor, now); });
    }
}

std::vector<std::pair<std::string, std::string>> Engine::look_at_drains() {
    std::vector<std::pair<std::string, std::string>> news;
    std::set<std::string> seen;
    for (VirtualRouter &router : routers_) {
        const std::string &name = router.config().interface;
        const Interface *interface = interfaces_.find(name);
        if (interface && router.drains_ipv4() && seen.insert(name).second &&
            ports_.drains.look_at(*interface)) {
            news.emplace_back(name, ports_.drains.why_not_hidden(*interface));
        }
    }
    for (std::size_t i = 0; !news.empty() && i < routers_.size(); ++i) {
        routers_[i].mark_changed();
        note(i);
    }
    return news;
}

void Engine::watch_node(const NodeWatches::Node &node, Instant now) {
    if (watches_.hear(node, now)) {
        watch_neighbours();
    }
}

void Engine::watch_nodes(Instant now) {
    const bool changed = watches_.keep([&](const NodeWatches::Node &node) {
        return std::ranges::any_of(routers_, [&](const VirtualRouter &router) {
            return router.has_agreed_with(node);
        });
    });
    if (changed) {
        watch_neighbours();
    }
    for (const NodeWatches::Node &node :
         watches_.handle_time(interfaces_, ports_.transmit, now)) {
        std::vector<std::size_t> told;
        for (std::size_t i = 0; i < routers_.size(); ++i) {
            if (routers_[i].has_agreed_with(node)) {
                routers_[i].lose(node, now);
                told.push_back(i);
            }
        }
        finish(told, now);
    }
}

void Engine::limit_drains(Duration most, Instant now) {
    with_each(now, [&](VirtualRouter &r) { r.limit_drain(most, now); });
}

// The members of a group that follow this node become active together.
void Engine::handle_death(const NodeDeath &death, Instant now) {
    if (!deaths_.believe(death, now)) {
        death_line_.write(log_, LogLevel::warn,
                          death.text +
                              ", which is not believed, because it advertised "
                              "after that less than 10 minutes ago",
                          now);
        return;
    }
    std::vector<PeerInput> told;
    for (std::size_t i = 0; i < routers_.size(); ++i) {
        const VirtualRouter &router = routers_[i];
        const auto followed = router.instance().followed();
        if (router.config().peer_link && followed &&
            death.is_at({router.config().interface, *followed})) {
            told.push_back({i, vrrp::ActiveDied{*followed, death.text}});
        }
    }
    handle_peers(told, now);
}

void Engine::handle_time_of_day(vrrp::TimeOfDay time, Instant now) {
    with_each(now, [&](VirtualRouter &r) { r.set_time_of_day(time, now); });
}

void Engine::hold_preemption(bool held, Instant now) {
    with_each(now, [&](VirtualRouter &r) { r.hold_preemption(held, now); });
}

[[gnu::hot]] std::optional<Instant> Engine::deadline() const {
    std::optional<Instant> earliest = workers_check_at_;
    take_earlier(earliest, deadlines_.first());
    take_earlier(earliest, announcer_.deadline());
    take_earlier(earliest, watches_.deadline());
    return earliest;
}

void Engine::watch_neighbours() {
    std::vector<IpAddress> addresses;
    for (const auto &[address, router] : by_address_) {
        addresses.push_back(address);
    }
    std::ranges::copy(watches_.addresses(), std::back_inserter(addresses));
    const Status watched = ports_.neighbours.watch_neighbours(addresses);
    if (!watched) {
        log_(LogLevel::error, "%s, duplicate addresses cannot be detected",
             watched.error().to_string().c_str());
    }
}

// The time that this process lost is given back to workers: a machine that
// stood still has stopped them, too, and they do not beat again before we
// check.
[[gnu::hot]] std::span<const Heartbeat> Engine::read_heartbeats(Instant now) {
    heartbeats_.clear();
    for (Heartbeat heartbeat : ports_.workers.heartbeats()) {
        heartbeat.beat += lag_watch_.lost_since(heartbeat.beat, now);
        heartbeats_.push_back(heartbeat);
    }
    return heartbeats_;
}

// While all routers are claimed and all workers beat, no router has to hear of
// it: its fault was cleared before.
[[gnu::hot]] void Engine::watch_workers(Instant now) {
    const std::span<const Heartbeat> heartbeats = read_heartbeats(now);
    const bool same = are_same_workers(heartbeats);
    bool healthy = true;

    workers_check_at_.reset();
    may_check_workers_at_.reset();
    for (WatchedWorkers &watched : watched_workers_) {
        watched.verdict = judge_workers(heartbeats, watched.policy.required,
                                        watched.policy.timeout, now, ends_);
        healthy = healthy && watched.verdict.healthy;
        fresh_workers_ = watched.verdict.fresh;
        plan_workers_check(watched, same, now);
    }
    if (!healthy || !had_workers_ || claimed_ != routers_.size()) {
        report_workers(now);
    }
    had_workers_ = healthy;
    if (claimed_ != routers_.size()) {
        take_earlier(workers_check_at_, {now + kStartupCheck});
    }
}

// A healthy verdict holds until enough heartbeats could have become old; then
// fresher ones have come, or it is over. Before that we look as often as
// workers beat, to know the new ones by name; but while they are those that we
// know, we do not wake up for it until one of the last beats may be missing.
[[gnu::hot]] void Engine::plan_workers_check(const WatchedWorkers &watched,
                                             bool same, Instant now) {
    const auto &[policy, verdict] = watched;
    if (policy.required == 0) {
        return;
    }
    const Duration beat = heartbeat_interval(policy.timeout);
    const Instant next =
        verdict.healthy ? std::min(now + beat, verdict.good_until) : now + beat;
    take_earlier(may_check_workers_at_, {next});
    take_earlier(workers_check_at_,
                 verdict.healthy && same
                     ? std::max(next, verdict.good_until - beat)
                     : next);
}

void Engine::report_workers(Instant now) {
    std::vector<std::size_t> told;
    for (std::size_t i = 0; i < routers_.size(); ++i) {
        VirtualRouter &router = routers_[i];
        const auto watched = std::ranges::find(
            watched_workers_, router.config().workers, &WatchedWorkers::policy);
        if (router.is_news(watched->verdict)) {
            router.mark_changed();
            router.set_workers(watched->verdict, now);
            told.push_back(i);
        }
    }
    finish(told, now);
}

// As at the last look, and none of them has ended.
[[gnu::hot]] bool Engine::are_same_workers(
    std::span<const Heartbeat> heartbeats) {
    const bool one_ended = std::ranges::any_of(
        heartbeats,
        [](const Heartbeat &h) { return h.gone_at != Instant::max(); });
    const bool same = are_of(heartbeats, workers_);
    if (!same) {
        workers_ = pids_of(heartbeats);
    }
    return same && !one_ended;
}

// Also before it is due, as we are awake anyway. True: it has been done.
[[gnu::hot]] bool Engine::check_workers(Instant now) {
    std::optional<Instant> at = workers_check_at_;
    take_earlier(at, may_check_workers_at_);
    if (!at || now < *at) {
        return false;
    }
    if (!do_workers_beat(now)) {
        watch_workers(now);
    }
    return true;
}

// The usual case: all of them had recent beats at the last look, and have now.
[[gnu::hot]] bool Engine::do_workers_beat(Instant now) {
    if (!had_workers_ || claimed_ != routers_.size() ||
        fresh_workers_ != workers_.size()) {
        return false;
    }
    const auto oldest = ports_.workers.oldest_beat();
    const auto is_old = [&](const WatchedWorkers &watched) {
        const Duration timeout = watched.policy.timeout;
        return now - *oldest >= 2 * heartbeat_interval(timeout);
    };
    if (!oldest || std::ranges::any_of(watched_workers_, is_old)) {
        return false;
    }
    workers_check_at_.reset();
    may_check_workers_at_.reset();
    for (WatchedWorkers &watched : watched_workers_) {
        watched.verdict.good_until = *oldest + watched.policy.timeout;
        plan_workers_check(watched, true, now);
    }
    return true;
}

// A router without an election, which has a name, hears no packets.
void Engine::listen_for(const RouterKey &key, std::size_t index) {
    if (!key.name.empty()) {
        return;
    }
    ByVrid none;
    none.fill(kNoRouter);
    const auto [it, is_new] =
        by_vrid_.try_emplace({key.interface, key.family}, none);
    std::size_t &place = it->second[to_number(key.vrid)];
    place = place == kNoRouter ? index : place;
}

[[gnu::hot]] std::optional<std::size_t> Engine::find(
    const ReceivedPacket &packet) {
    constexpr std::size_t kVridOffset = 1;
    if (packet.payload.size() <= kVridOffset) {
        return std::nullopt;
    }
    const Family family = packet.info.endpoints.source.family();
    if (heard_on_ == by_vrid_.end() ||
        heard_on_->first.first != packet.interface ||
        heard_on_->first.second != family) {
        heard_on_ = by_vrid_.find({std::string{packet.interface}, family});
    }
    const std::size_t found =
        heard_on_ == by_vrid_.end()
            ? kNoRouter
            : heard_on_->second[packet.payload[kVridOffset]];
    return found == kNoRouter ? std::nullopt : std::optional{found};
}

}  // namespace ngx_vrrp::engine
