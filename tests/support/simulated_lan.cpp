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

void SimulatedLan::start_all() {
    for (Node node = 0; node < size(); ++node) {
        put(node, Startup{});
    }
}

void SimulatedLan::put(Node node, const Input &input) {
    if (nodes_[node].frozen) {
        return;
    }
    for (const Action &action : nodes_[node].instance.handle(input, now_)) {
        perform(node, action);
    }
    plan_wake(node);
}

void SimulatedLan::thaw(Node node) {
    nodes_[node].frozen = false;
    put(node, TimeReached{});
}

void SimulatedLan::cut_power(Node node) {
    freeze(node);
    nodes_[node].lease_until.reset();
}

void SimulatedLan::heal() {
    island_.clear();
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
        if (from != to && island_.count(from) == island_.count(to)) {
            in_flight_.emplace(now_ + dice_.up_to(longest_delay_),
                               Packet{to, AddressClaimed{}});
        }
    }
}

bool SimulatedLan::reaches(Node from, Node to) const {
    if (from == to || island_.count(from) != island_.count(to)) {
        return false;
    }
    const auto &peers = nodes_[from].instance.config().unicast_peers;
    const IpAddress &address = *nodes_[to].instance.config().source;
    return peers.empty() ||
           std::find(peers.begin(), peers.end(), address) != peers.end();
}

void SimulatedLan::plan_wake(Node node) {
    const auto deadline = nodes_[node].instance.deadline();
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
    now_ = to;
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
