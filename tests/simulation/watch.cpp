#include "tests/simulation/watch.hpp"

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <utility>

#include "core/base/log.hpp"
#include "core/vrrp/timing.hpp"

namespace ngx_vrrp::simulation {

namespace {

// Delays and jitter of the simulation, several times.
constexpr Duration kNoise = Milliseconds{5};

// Greetings of a link, a question and its answer.
constexpr Duration kAnswered = Milliseconds{10};

// A process looks for routers to connect to once a second.
constexpr Duration kFollowed = Milliseconds{1100};

// A cause of a BFD session's end was not longer ago than its detection time,
// and this: the peer may notice it first.
constexpr Duration kBfdSlack = Seconds{1};

bool is_active(const engine::VirtualRouter &router) {
    return router.instance().state() == vrrp::StateName::active &&
           !router.is_leaving();
}

}  // namespace

Watch::Watch(Lan &lan, const Wires &wires, const Plan &plan,
             const Machines &machines)
    : lan_(lan),
      wires_(wires),
      plan_(plan),
      machines_(machines),
      active_(machines.size() * plan.routers.size()),
      runs_(machines.size()),
      in_charge_(machines.size()),
      ranks_(machines.size() * plan.routers.size()),
      followed_(machines.size() * plan.routers.size()),
      links_(plan.network_count * machines.size() * machines.size(),
             Link{Hearing::well, lan.now()}),
      sessions_(machines.size()),
      disturbed_at_(machines.size() + 1, lan.now()),
      unheld_since_(plan.routers.size()) {}

void Watch::fail(std::string text) {
    if (!failure_) {
        failure_ = std::move(text);
        lan_.trace("FAILED: " + *failure_);
    }
}

void Watch::look(NodeNumber node) {
    const Process *process = machines_[node]->process();
    const auto set = [&](Activity &activity, bool is) {
        const bool changes = std::exchange(activity.is, is) != is;
        if (changes) {
            activity.since = lan_.now();
        }
        return changes;
    };
    set(runs_[node], process != nullptr);
    look_at_run(node, process);
    for (std::size_t i = 0; i < plan_.routers.size(); ++i) {
        const bool changes =
            set(activity(node, i), process && is_active(process->router(i)));
        if (process && plan_.takeover_check) {
            look_at_followed(node, i, *process);
            if (changes && in_charge_[node].since != lan_.now()) {
                look_at_change(node, i, *process);
            }
        }
        look_at_pairs(node, i);
    }
    if (process != nullptr) {
        look_at_group(node, *process);
        look_at_addresses(node, *process);
    }
    if (plan_.has_bfd) {
        look_at_bfd(node);
    }
    if (plan_.has_drains) {
        look_at_lo(node);
    }
}

void Watch::look_at_run(NodeNumber node, const Process *process) {
    const int pid = process ? process->pid() : 0;
    if (std::exchange(in_charge_[node].pid, pid) == pid) {
        return;
    }
    in_charge_[node].since = lan_.now();
    trusted_[node].clear();
    for (std::size_t i = 0; i < plan_.routers.size(); ++i) {
        followed_[node * plan_.routers.size() + i] = {};
    }
}

void Watch::look_at_followed(NodeNumber node, std::size_t router,
                             const Process &process) {
    const vrrp::Instance &instance = process.router(router).instance();
    Rank &own = rank(node, router);
    if (own.priority != instance.effective_priority()) {
        own = {instance.effective_priority(), lan_.now()};
    }
    const bool follows =
        instance.state() == vrrp::StateName::backup && instance.active_router();
    const IpAddress address =
        follows ? instance.active_router()->address : IpAddress{};
    Followed &followed = followed_[node * plan_.routers.size() + router];
    if (followed.address != address) {
        followed = {address, lan_.now()};
    }
    if (follows && !followed.long_enough &&
        lan_.now() - followed.since > kFollowed) {
        followed.long_enough = true;
        trusted_[node].push_back(address);
    }
}

void Watch::look_at_change(NodeNumber node, std::size_t router,
                           const Process &process) {
    const engine::VirtualRouter &one = process.router(router);
    if (one.last_transition().at != lan_.now()) {
        return;  // its release was withdrawn
    }
    const std::string &reason = one.last_transition().reason;
    if (is_active(one) && reason.starts_with("no advertisement for")) {
        look_at_takeover(node, router);
        if (plan_.has_witness) {
            look_at_witness(node, router, reason);
        }
    }
    if (one.instance().state() == vrrp::StateName::backup &&
        reason.find("is MASTER, too") != std::string::npos) {
        look_at_yield(node, router);
    }
}

void Watch::look_at_takeover(NodeNumber node, std::size_t router) {
    const Rank &own = rank(node, router);
    for (NodeNumber other = 0; other < machines_.size(); ++other) {
        const Rank &theirs = rank(other, router);
        const auto linked = linked_since(router, node, other);
        if (other == node || !activity(other, router).is || !linked ||
            (plan_.preempts() && theirs.priority < own.priority)) {
            continue;
        }
        // a change of priorities is known with the next answer
        const Instant ranked =
            std::max(own.since, theirs.since) +
            vrrp::question_period(plan_.routers[router].advert_interval);
        const Duration time =
            lan_.now() -
            std::max({activity(other, router).since, *linked, ranked});
        if (time > kAnswered) {
            fail(format(
                "node %zu takes over router %zu, although node %zu is "
                "MASTER and has answered for %lld ms",
                node, router, other, static_cast<long long>(to_ms(time))));
        }
    }
}

// A member of a group becomes active with one that already is.
void Watch::look_at_witness(NodeNumber node, std::size_t router,
                            const std::string &reason) {
    for (std::size_t i = 0; i < plan_.routers.size(); ++i) {
        const Activity &active = activity(node, i);
        if (plan_.are_together(i, router) && active.is &&
            active.since != lan_.now()) {
            return;
        }
    }
    const vrrp::Config &config = plan_.routers[router];
    const std::size_t digits = std::strlen("no advertisement for ");
    const Duration silence =
        Milliseconds{std::strtoll(reason.c_str() + digits, nullptr, 10) + 1};
    const Instant overdue =
        lan_.now() - silence +
        vrrp::overdue_time(config.version, Priority{254},
                           config.advert_interval, config.down_adverts);
    if (machines_[node]->witness_passed_at < overdue) {
        fail(format(
            "node %zu takes over router %zu, although the witness has "
            "not answered for %lld ms",
            node, router,
            static_cast<long long>(
                to_ms(lan_.now() - machines_[node]->witness_passed_at))));
    }
}

// An answer counts for the time after its question, and is late if segments are
// lost.
void Watch::look_at_yield(NodeNumber node, std::size_t router) {
    const Duration late =
        vrrp::answer_lifetime(plan_.routers[router].advert_interval) +
        kAnswered;
    const auto is_better = [&](NodeNumber other) {
        const Activity &active = activity(other, router);
        const Rank &theirs = rank(other, router);
        return other != node &&
               (active.is || lan_.now() - active.since < late) &&
               (theirs.priority >= rank(node, router).priority ||
                lan_.now() - theirs.since < late);
    };
    for (NodeNumber other = 0; other < machines_.size(); ++other) {
        if (is_better(other)) {
            return;
        }
    }
    fail(format("node %zu yields router %zu, but no other node is better", node,
                router));
}

// With equal priorities, the first member of a group compares the addresses.
void Watch::look_at_rivals(NodeNumber node, NodeNumber other,
                           std::size_t router) {
    if (!plan_.takeover_check || node == other || !activity(other, router).is) {
        return;
    }
    const auto one = linked_since(router, node, other);
    const auto two = linked_since(router, other, node);
    const Rank &own = rank(node, router);
    const Rank &theirs = rank(other, router);
    bool is_first = true;
    for (std::size_t i = 0; i < plan_.routers.size(); ++i) {
        is_first = is_first && !plan_.is_earlier(i, router);
    }
    if (!one || !two || (own.priority == theirs.priority && !is_first)) {
        return;
    }
    const Duration time =
        lan_.now() -
        std::max({*one, *two, activity(node, router).since,
                  activity(other, router).since, own.since, theirs.since});
    if (time > vrrp::question_period(plan_.routers[router].advert_interval) +
                   kAnswered) {
        fail(
            format("nodes %zu and %zu are both MASTER of router %zu for %lld "
                   "ms, although they are linked",
                   node, other, router, static_cast<long long>(to_ms(time))));
    }
}

bool Watch::is_trusted(NodeNumber node, NodeNumber other,
                       std::size_t link) const {
    const auto it = trusted_.find(node);
    return plan_.names_peers ||
           (it != trusted_.end() &&
            std::ranges::count(it->second, plan_.source_of(link, other)) != 0);
}

std::optional<Instant> Watch::linked_since(std::size_t router, NodeNumber node,
                                           NodeNumber other) const {
    const Process *one = machines_[node]->process();
    const Process *two = machines_[other]->process();
    std::optional<Instant> since;
    for (std::size_t i = 0; one && two && i < plan_.links.size(); ++i) {
        if (plan_.links[i].network == plan_.networks[router] &&
            is_trusted(node, other, i)) {
            if (const auto flows =
                    wires_.flows_since(i, one->sockets(), two->sockets())) {
                take_earlier(since, std::max({*flows, in_charge_[node].since,
                                              in_charge_[other].since}));
            }
        }
    }
    return since;
}

void Watch::look_at_pairs(NodeNumber node, std::size_t router) {
    for (NodeNumber other = 0;
         activity(node, router).is && other < machines_.size(); ++other) {
        const auto since = hear_each_other_since(router, node, other);
        look_at_rivals(node, other, router);
        if (since &&
            lan_.now() - std::max(*since, decided_until(router, node, other)) >
                bound(router)) {
            fail(
                format("nodes %zu and %zu are both MASTER of router %zu for "
                       "%lld ms, although they hear each other",
                       node, other, router,
                       static_cast<long long>(to_ms(lan_.now() - *since))));
        }
    }
}

// Nothing: they do not, or one of them is not MASTER. If they hear each other
// only in one direction on the network of another member, they may disagree.
std::optional<Instant> Watch::hear_each_other_since(std::size_t router,
                                                    NodeNumber a,
                                                    NodeNumber b) const {
    const std::size_t network = plan_.networks[router];
    if (a == b || !activity(b, router).is || !runs_[a].is || !runs_[b].is ||
        link(network, a, b).hearing != Hearing::well) {
        return std::nullopt;
    }
    Instant since =
        std::max({activity(a, router).since, activity(b, router).since,
                  runs_[a].since, runs_[b].since});
    for (std::size_t i = 0; i < plan_.routers.size(); ++i) {
        if (plan_.are_together(i, router)) {
            const Link &path = link(plan_.networks[i], a, b);
            if (path.hearing == Hearing::partly) {
                return std::nullopt;
            }
            since = std::max(since, path.since);
        }
    }
    return since;
}

// An earlier member of the group decides between two nodes of equal priority
// for one takeover time after it has heard the other node as a rival: so long a
// rival may stay that has lost some adverts. If its network is cut then, this
// member waits all the same: the last such advert was not later than the cut.
// If that network is not cut, the earlier member decides at once, and with
// another priority each member does.
Instant Watch::decided_until(std::size_t router, NodeNumber a,
                             NodeNumber b) const {
    Instant until{};
    for (std::size_t i = 0; i < plan_.routers.size(); ++i) {
        const vrrp::Config &earlier = plan_.routers[i];
        const Link &path = link(plan_.networks[i], a, b);
        const Priority priority = priority_of(a, i);
        if (plan_.is_earlier(i, router) && path.hearing == Hearing::no &&
            priority == priority_of(b, i)) {
            until = std::max(until, path.since + vrrp::active_down_interval(
                                                     earlier.version, priority,
                                                     earlier.advert_interval,
                                                     earlier.down_adverts));
        }
    }
    return until;
}

Priority Watch::priority_of(NodeNumber node, std::size_t router) const {
    return machines_[node]
        ->process()
        ->router(router)
        .instance()
        .effective_priority();
}

// While the first member has heard a third node, the others do not compare
// their addresses with those of the second one.
Duration Watch::bound(std::size_t router) const {
    if (!plan_.routers[router].is_grouped()) {
        return plan_.routers[router].advert_interval + kNoise;
    }
    return plan_.slowest_interval() + plan_.longest_skew() + kNoise +
           (machines_.size() > 2 ? plan_.takeover() : Duration::zero());
}

void Watch::look_at_group(NodeNumber node, const Process &process) {
    for (std::size_t i = 1; i < plan_.routers.size(); ++i) {
        if (plan_.are_together(i, i - 1) &&
            is_active(process.router(i)) != is_active(process.router(i - 1))) {
            fail(format("node %zu: routers %zu and %zu of one group differ",
                        node, i - 1, i));
        }
    }
}

void Watch::look_at_addresses(NodeNumber node, const Process &process) {
    const Machine &machine = *machines_[node];
    for (std::size_t i = 0; i < plan_.routers.size(); ++i) {
        const engine::VirtualRouter &router = process.router(i);
        if (machine.expects_report() || !router.has_joined()) {
            continue;
        }
        for (const vrrp::VirtualAddress &address : plan_.routers[i].addresses) {
            if (machine.holds(address) != router.holds_addresses()) {
                fail(format(
                    "node %zu %s %s of router %zu and is %s", node,
                    machine.holds(address) ? "has" : "has not",
                    address.address.to_string().c_str(), i,
                    vrrp::public_name(router.instance().state()).data()));
            }
        }
    }
}

void Watch::look_at_lo(NodeNumber node) {
    const Machine &machine = *machines_[node];
    for (const vrrp::Config &config : plan_.routers) {
        for (const vrrp::VirtualAddress &virtual_address : config.addresses) {
            const IpAddress &address = virtual_address.address;
            if (address.family() == Family::ipv4 &&
                machine.holds_at_lo(address) && !machine.is_hidden(address)) {
                fail(format("node %zu answers ARP requests for %s", node,
                            address.to_string().c_str()));
            }
        }
    }
}

void Watch::look_at_bfd(NodeNumber node) {
    for (const auto &process : machines_[node]->processes()) {
        if (!process->bfd() || !process->bfd()->is_ours()) {
            continue;
        }
        const bfd::Session &session = process->bfd()->session();
        const bfd::Variables &v = session.variables();
        const Session before =
            std::exchange(sessions_[node], {v.downs, v.local_discriminator});
        if (before.discriminator != v.local_discriminator ||
            before.downs >= v.downs || v.state == bfd::State::admin_down) {
            continue;
        }
        const Instant cause = std::max(
            {disturbed_at_[node], disturbed_at_.back(), lan_.disturbed_at(0)});
        const Duration patience =
            plan_.session.multiplier * plan_.session.min_tx + kBfdSlack;
        if (lan_.hearing(0, node, machines_.size()) == Hearing::well &&
            lan_.now() - cause > patience) {
            fail(
                format("node %zu: the BFD session went down without cause "
                       "(%s)",
                       node, bfd::to_string(v.diagnostic).data()));
        }
    }
}

void Watch::links_changed() {
    for (std::size_t network = 0; network < plan_.network_count; ++network) {
        for (NodeNumber a = 0; a < machines_.size(); ++a) {
            for (NodeNumber b = a + 1; b < machines_.size(); ++b) {
                Link &path = link(network, a, b);
                const Hearing hearing = lan_.hearing(network, a, b);
                if (std::exchange(path.hearing, hearing) != hearing) {
                    path.since = lan_.now();
                }
            }
        }
    }
}

std::vector<NodeNumber> Watch::active(std::size_t router) const {
    std::vector<NodeNumber> list;
    for (NodeNumber node = 0; node < machines_.size(); ++node) {
        const Process *process = machines_[node]->process();
        if (process && is_active(process->router(router))) {
            list.push_back(node);
        }
    }
    return list;
}

void Watch::announced(NodeNumber node, std::size_t network,
                      const IpAddress &address) {
    if (lan_.reaches_clients(network, node)) {
        believed_[{network, address}] = node;
    }
}

std::optional<NodeNumber> Watch::believed(std::size_t network,
                                          const IpAddress &address) const {
    const auto it = believed_.find({network, address});
    return it == believed_.end() ? std::nullopt : std::optional{it->second};
}

void Watch::addresses_changed() {
    for (std::size_t i = 0; i < plan_.routers.size(); ++i) {
        const bool held = std::ranges::any_of(
            machines_, [&](const auto &one) { return one->holds_all(i); });
        if (!held) {
            unheld_since_[i] = unheld_since_[i].value_or(lan_.now());
        } else if (const auto since =
                       std::exchange(unheld_since_[i], std::nullopt)) {
            longest_unheld_ = std::max(longest_unheld_, lan_.now() - *since);
        }
    }
}

void Watch::measure() {
    longest_unheld_ = Duration{0};
    std::ranges::fill(unheld_since_, std::nullopt);
    addresses_changed();
}

Duration Watch::longest_unheld() const {
    Duration longest = longest_unheld_;
    for (const auto &since : unheld_since_) {
        longest =
            std::max(longest, since ? lan_.now() - *since : Duration::zero());
    }
    return longest;
}

}  // namespace ngx_vrrp::simulation
