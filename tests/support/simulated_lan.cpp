#include "tests/support/simulated_lan.hpp"

#include <algorithm>
#include <utility>

#include "core/vrrp/timing.hpp"
#include "tests/support/routers.hpp"

namespace ngx_vrrp::test {

using namespace vrrp;

SimulatedLan::Node SimulatedLan::add(Config config) {
    config.source = ip("192.168.64." + std::to_string(nodes_.size() + 1));
    nodes_.emplace_back(std::move(config));
    return nodes_.size() - 1;
}

SimulatedLan::Node SimulatedLan::add(Config config, std::size_t wire,
                                     IpAddress source) {
    config.source = source;
    nodes_.emplace_back(std::move(config));
    nodes_.back().wire = wire;
    return nodes_.size() - 1;
}

std::vector<SimulatedLan::Node> SimulatedLan::add_group(
    const Config &config,
    const std::vector<std::pair<std::size_t, IpAddress>> &members) {
    std::vector<Node> list;
    for (const auto &[wire, source] : members) {
        Config one = config;
        one.name += "_" + std::to_string(wire);
        one.sync = {"G", list.empty()};
        list.push_back(add(std::move(one), wire, source));
        nodes_.back().group = groups_.size();
    }
    groups_.push_back({SyncGroup{"G", list.size()}, list, now_});
    return list;
}

// Those of the same machine, with the router itself.
std::vector<SimulatedLan::Node> SimulatedLan::companions(Node node) const {
    const std::size_t group = nodes_[node].group;
    return group == kNoGroup ? std::vector{node} : groups_[group].members;
}

std::vector<const Instance *> SimulatedLan::instances_of(
    const Group &group) const {
    std::vector<const Instance *> list;
    for (const Node node : group.members) {
        list.push_back(&nodes_[node].instance);
    }
    return list;
}

void SimulatedLan::start_all() {
    for (Node node = 0; node < size(); ++node) {
        put(node, Startup{});
    }
}

void SimulatedLan::put(Node node, const Input &input) {
    Machine &machine = nodes_[node];
    if (machine.frozen) {
        return;
    }
    const auto *fault = std::get_if<FaultChanged>(&input);
    if (fault && machine.group != kNoGroup) {
        machine.fault = fault->reason;
        handle(node, machine.fault.empty() ? FaultChanged{machine.others_fault}
                                           : *fault);
    } else {
        handle(node, input);
    }
    if (machine.group != kNoGroup) {
        settle(groups_[machine.group]);
    }
    for (const Node one : companions(node)) {
        plan_wake(one);
    }
}

void SimulatedLan::handle(Node node, const Input &input) {
    for (const Action &action : nodes_[node].instance.handle(input, now_)) {
        perform(node, action);
    }
}

void SimulatedLan::settle(Group &group) {
    for (bool more = true; more;) {
        more = share_faults(group);
        for (const auto &[member, order] :
             group.rules.settle(instances_of(group), now_)) {
            handle(group.members[member], order);
            more = true;
        }
    }
    group.rules.take_hold(instances_of(group), now_);
}

bool SimulatedLan::share_faults(Group &group) {
    std::vector<const std::string *> own;
    for (const Node node : group.members) {
        own.push_back(&nodes_[node].fault);
    }
    bool changed = false;
    for (std::size_t i = 0; i < own.size(); ++i) {
        Machine &machine = nodes_[group.members[i]];
        std::string fault = group.rules.fault_of(i, own, instances_of(group));
        if (fault != machine.others_fault) {
            machine.others_fault = std::move(fault);
            changed = true;
            if (machine.fault.empty()) {
                handle(group.members[i], FaultChanged{machine.others_fault});
            }
        }
    }
    return changed;
}

void SimulatedLan::freeze(Node node) {
    for (const Node one : companions(node)) {
        nodes_[one].frozen = true;
    }
}

void SimulatedLan::thaw(Node node) {
    for (const Node one : companions(node)) {
        nodes_[one].frozen = false;
    }
    for (const Node one : companions(node)) {
        put(one, TimeReached{});
    }
}

void SimulatedLan::cut_power(Node node) {
    freeze(node);
    for (const Node one : companions(node)) {
        nodes_[one].lease_until.reset();
    }
}

void SimulatedLan::heal() {
    island_.clear();
    silent_.clear();
    loss_percent_ = 0;
    for (Node node = 0; node < size(); ++node) {
        if (nodes_[node].frozen) {
            thaw(node);
        }
    }
}

void SimulatedLan::perform(Node node, const Action &action) {
    Machine &machine = nodes_[node];
    const Config &config = machine.instance.config();

    if (const auto *advert = std::get_if<SendAdvert>(&action)) {
        transmit(node, advert->priority);
    } else if (std::holds_alternative<AddAddresses>(action) ||
               std::holds_alternative<RenewAddresses>(action)) {
        machine.lease_until =
            now_ +
            lease(config.version, config.advert_interval, config.down_adverts);
    } else if (std::holds_alternative<RemoveAddresses>(action)) {
        machine.lease_until.reset();
    } else if (std::holds_alternative<AnnounceAddresses>(action)) {
        announce(node);
    }
}

void SimulatedLan::transmit(Node from, Priority priority) {
    const Config &config = nodes_[from].instance.config();
    const AdvertReceived advert{advert_of(config, priority), *config.source};

    for (Node to = 0; to < size(); ++to) {
        if (reaches(from, to) && !dice_.percent(loss_percent_)) {
            in_flight_.emplace(now_ + dice_.up_to(longest_delay_),
                               Packet{to, advert});
        }
    }
}

void SimulatedLan::announce(Node from) {
    announcer_ = from;
    for (Node to = 0; to < size(); ++to) {
        if (from != to && nodes_[from].wire == nodes_[to].wire &&
            island_.count(from) == island_.count(to)) {
            in_flight_.emplace(now_ + dice_.up_to(longest_delay_),
                               Packet{to, AddressClaimed{}});
        }
    }
}

bool SimulatedLan::reaches(Node from, Node to) const {
    if (from == to || nodes_[from].wire != nodes_[to].wire ||
        island_.count(from) != island_.count(to) ||
        silent_.contains({from, to})) {
        return false;
    }
    const auto &peers = nodes_[from].instance.config().unicast_peers;
    const IpAddress &address = *nodes_[to].instance.config().source;
    return peers.empty() ||
           std::find(peers.begin(), peers.end(), address) != peers.end();
}

void SimulatedLan::plan_wake(Node node) {
    auto deadline = nodes_[node].instance.deadline();
    if (nodes_[node].group != kNoGroup) {
        const Group &group = groups_[nodes_[node].group];
        if (group.members.front() == node) {
            take_earlier(deadline, group.rules.deadline(instances_of(group)));
        }
    }
    nodes_[node].wake_at = deadline
                               ? std::optional{std::max(*deadline, now_) +
                                               dice_.up_to(longest_jitter_)}
                               : std::nullopt;
}

void SimulatedLan::run_for(Duration duration) {
    const Instant end = now_ + duration;
    while (step(end)) {
    }
    advance(end);
}

// The next thing that happens until then, if any.
bool SimulatedLan::step(Instant end) {
    const auto sleeper = next_to_wake();
    const Instant wake = sleeper ? *nodes_[*sleeper].wake_at : Instant::max();
    const Instant arrival =
        in_flight_.empty() ? Instant::max() : in_flight_.begin()->first;
    const Instant lapse = next_lease_end().value_or(Instant::max());

    const Instant next = std::min({wake, arrival, lapse});
    if (next > end) {
        return false;
    }
    advance(next);
    if (next == lapse) {
        for (Machine &machine : nodes_) {
            if (machine.lease_until == lapse) {
                machine.lease_until.reset();
            }
        }
    } else if (next == arrival) {
        deliver();
    } else {
        put(*sleeper, TimeReached{});
    }
    return true;
}

void SimulatedLan::advance(Instant to) {
    const std::vector<Node> list = holders();
    const std::size_t count = list.size();
    unheld_ += count == 0 ? to - now_ : Duration{0};
    shared_ += count > 1 ? to - now_ : Duration{0};
    if (count == 1 && announcer_ != list.front()) {
        longest_stale_ = std::max(longest_stale_, to - stale_since_);
    } else {
        stale_since_ = to;
    }
    for (Group &group : groups_) {
        if (is_apart(group)) {
            longest_apart_ =
                std::max(longest_apart_, to - group.together_until);
        } else {
            group.together_until = to;
        }
    }
    now_ = to;
}

bool SimulatedLan::is_apart(const Group &group) const {
    const auto is_active = [&](Node node) {
        return nodes_[node].instance.state() == StateName::active;
    };
    return !nodes_[group.members.front()].frozen &&
           std::any_of(group.members.begin(), group.members.end(), is_active) &&
           !std::all_of(group.members.begin(), group.members.end(), is_active);
}

std::vector<SimulatedLan::Node> SimulatedLan::holders_on(
    std::size_t wire) const {
    std::vector<Node> list;
    for (Node node = 0; node < size(); ++node) {
        if (holds(node) && nodes_[node].wire == wire) {
            list.push_back(node);
        }
    }
    return list;
}

void SimulatedLan::deliver() {
    const Packet packet = in_flight_.begin()->second;
    in_flight_.erase(in_flight_.begin());
    put(packet.to, packet.input);
}

std::optional<SimulatedLan::Node> SimulatedLan::next_to_wake() const {
    std::optional<Node> first;
    for (Node node = 0; node < size(); ++node) {
        const Machine &machine = nodes_[node];
        if (!machine.frozen && machine.wake_at &&
            (!first || *machine.wake_at < *nodes_[*first].wake_at)) {
            first = node;
        }
    }
    return first;
}

std::optional<Instant> SimulatedLan::next_lease_end() const {
    std::optional<Instant> first;
    for (const Machine &machine : nodes_) {
        if (machine.lease_until && (!first || machine.lease_until < first)) {
            first = machine.lease_until;
        }
    }
    return first;
}

bool SimulatedLan::holds(Node node) const {
    return nodes_[node].lease_until.has_value();
}

std::vector<SimulatedLan::Node> SimulatedLan::holders() const {
    std::vector<Node> list;
    for (Node node = 0; node < size(); ++node) {
        if (holds(node)) {
            list.push_back(node);
        }
    }
    return list;
}

std::vector<SimulatedLan::Node> SimulatedLan::active() const {
    std::vector<Node> list;
    for (Node node = 0; node < size(); ++node) {
        if (nodes_[node].instance.state() == StateName::active) {
            list.push_back(node);
        }
    }
    return list;
}

}  // namespace ngx_vrrp::test
